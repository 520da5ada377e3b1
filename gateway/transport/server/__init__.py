"""The server below the application: an adapter to uvicorn."""
