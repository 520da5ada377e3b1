"""GraphQL over HTTP: heads, requests, batches, caching, replies, event streams, health."""
