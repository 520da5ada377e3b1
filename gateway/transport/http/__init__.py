"""GraphQL over HTTP: heads, requests, negotiation, compression, caching, batches, event streams, health."""
