"""The schema of the graph as it is without settings."""

from gateway.schema.graph import build

EXECUTABLE = build().executable
