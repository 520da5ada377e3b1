"""One request: admitted and paid for, its commands run, its response built and made bytes."""
