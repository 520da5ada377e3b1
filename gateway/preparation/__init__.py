"""Requests as read; operation texts parsed within limits, validated, planned, kept, weighed; persisted documents."""
