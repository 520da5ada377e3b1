"""From an operation to its plan, cost and program; from variables to commands; from pages to response bytes."""
