"""GraphQL over HTTP: headers, bodies, content codings, caching, batches, event streams, health, replies."""
