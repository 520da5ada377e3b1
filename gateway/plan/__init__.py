"""What is asked: operation plans, commands, predicates, pages, the paging of cursors, global ids."""
