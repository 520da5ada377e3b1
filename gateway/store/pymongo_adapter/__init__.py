"""PyMongo beyond its public API, which nothing else knows: mends of it, its messages, and its idle connections."""
