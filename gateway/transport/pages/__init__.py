"""The GraphiQL page and its files."""
