"""Fairness: each key's concurrency limit, the gate of CPU-heavy work, rate limits, deadlines."""
