"""The GraphiQL page: its headers and example operations, and the assets that it loads."""
