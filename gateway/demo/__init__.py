"""The demo: an embedded mongod and generated data."""
