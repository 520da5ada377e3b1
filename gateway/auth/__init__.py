"""Who asks, and for which namespace: callers authenticated by keys or tokens; connections that end when those do."""
