"""The server below the application: one adapter to uvicorn, for framing, heads, connections, drain; hosts, proxies."""
