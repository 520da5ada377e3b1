"""What is asked: operation plans, commands, filters, pages, cursors, global ids."""
