"""A GraphQL gateway for search interactions stored in MongoDB."""
