"""Fairness: operations, connections and points of each key, CPU-heavy work in turns, slots, bytes held, deadlines."""
