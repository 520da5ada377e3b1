"""GraphQL over websockets by graphql-transport-ws."""
