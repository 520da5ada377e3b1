"""Subscriptions: the broker of one change stream, its topics, what waits for a subscriber, what events cost a key."""
