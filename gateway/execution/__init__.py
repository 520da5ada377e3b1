"""One request: admitted, fetched, answered."""
