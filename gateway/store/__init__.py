"""The only code that talks to MongoDB: reads, writes, changes, keys; the driver's errors translated, or retried."""
