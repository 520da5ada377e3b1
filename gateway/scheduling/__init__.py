"""Fairness: each key's concurrency limit and rate limit, the gate of CPU-heavy work, deadlines."""
