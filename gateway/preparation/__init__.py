"""Requests as read; operation texts parsed, validated, planned, kept, and weighed in bytes; persisted documents."""
