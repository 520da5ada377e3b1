"""Subscriptions: topics told by one change stream, what waits for each subscriber, and what events cost a key."""
