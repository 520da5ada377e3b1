"""Subscriptions: change stream, topics, subscribers."""
