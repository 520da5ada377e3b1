"""One request: admitted and paid for, its commands run, what it records, and its response."""
