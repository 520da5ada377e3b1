"""From an operation to its plan, cost and permissions, to the commands of its variables, to response bytes."""
