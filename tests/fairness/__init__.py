"""The dearest requests that the limits allow, and what they do to another organization: ``make fairness``."""
