"""The server below the application: one adapter to uvicorn, for ambiguous framing, long heads and the drain."""
