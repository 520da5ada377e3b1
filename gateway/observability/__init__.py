"""Logs, metrics and traces: one Observer, told of each request at four places."""
