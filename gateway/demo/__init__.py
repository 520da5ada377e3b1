"""The demo: an embedded MongoDB and generated data."""
