"""Zstandard by the standard library, and before Python 3.14 by what it was taken from."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]
