"""The original REST endpoints, each asked as an operation of the graph: parameters, bodies, replies, OpenAPI."""
