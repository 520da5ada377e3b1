"""Who asks: callers authenticated by their keys, permissions, and connections that end when a key does."""
