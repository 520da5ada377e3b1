"""Where the objects of a plan's fields come from: each source with its arguments, commands, cost and values."""
