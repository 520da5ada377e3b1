"""From an operation to its plan, from a plan to commands, from pages to the response."""
