"""The gateway measured against graphql-core and against a handler written by hand: ``python -m bench``."""
