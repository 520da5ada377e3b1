"""The demo: an embedded mongod, and what its database holds for a visitor."""
