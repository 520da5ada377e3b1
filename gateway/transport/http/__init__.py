"""GraphQL over HTTP, event streams and health."""
