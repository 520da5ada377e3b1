"""Who asks: callers authenticated by their keys, and connections that end when a key does."""
