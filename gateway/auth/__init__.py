"""Who asks, and for which namespace: callers authenticated by their keys; connections that end when a key does."""
