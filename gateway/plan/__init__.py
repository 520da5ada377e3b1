"""What is asked: plans, commands, filters, access paths, cursors, and what an operation costs in points."""
