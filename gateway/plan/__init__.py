"""What is asked: operation plans, commands, access paths, comparisons as filters, paging by cursors, global ids."""
