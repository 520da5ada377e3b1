"""Errors that are kept, without the frames that they came through: those would be kept with all that they held."""

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def untraced(error: E) -> E:
    """The same error without its traceback, and without those of what it came from.

    A frame that it came through holds what was read there and, by way of its operation, the error itself: a cycle,
    which stays until a collection. Those are rare: operations that read more than they may left 1.8 GB in seconds.
    """
    origin: BaseException | None = error
    while origin is not None:
        origin.__traceback__ = None
        # What graphql-core locates in a document, it has beside.
        origin = getattr(origin, "original_error", None) or origin.__cause__ or origin.__context__
    return error
