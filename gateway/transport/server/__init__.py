"""The server below the application: one adapter to uvicorn, for framing, long heads, room and the drain; known hosts."""
