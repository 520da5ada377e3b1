"""Generated search interactions of sixty days, the same up to their times: vocabularies, what is found, sessions."""

from gateway.demo.data.sessions import UNTIL, NamespaceKind, interactions

__all__ = ["UNTIL", "NamespaceKind", "interactions"]
