"""Generated search interactions, the same every time: catalogues, their search requests and sessions."""

from gateway.demo.data.sessions import UNTIL, NamespaceKind, interactions

__all__ = ["UNTIL", "NamespaceKind", "interactions"]
