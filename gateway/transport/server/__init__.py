"""The server below the application, an adapter to uvicorn: framing of requests, processes, shutdown."""
