"""Requests as read, operation texts parsed, validated, planned once and known; persisted documents."""
