"""The types of the graph; names and descriptions of recorded fields come from ``gateway/model/wire/fields.py``."""
