"""The application: its parts made once and wired, routes, CORS, workers served, signals, logging, start and end."""
