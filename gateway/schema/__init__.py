"""The graph's declarations with their descriptions: objects, inputs, enums, scalars, query, mutation, federation."""
