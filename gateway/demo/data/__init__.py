"""Generated search interactions for the demo: realistic in shape, invented in content, the same every time.

Every interaction carries ``metadata.generated = true``, so that nobody takes it for a real one.
"""

from gateway.demo.data.sessions import UNTIL, NamespaceKind, interactions

__all__ = ["UNTIL", "NamespaceKind", "interactions"]
