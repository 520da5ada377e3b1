"""The server below the application: one adapter to uvicorn, for framing, heads, room and the drain; known hosts."""
