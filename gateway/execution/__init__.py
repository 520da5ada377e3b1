"""One request: admitted and paid for, its commands run, and its response."""
