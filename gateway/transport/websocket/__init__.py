"""GraphQL over websockets by graphql-transport-ws: handshakes, origins, messages, close codes."""
