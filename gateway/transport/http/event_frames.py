"""Answers as the events of a stream. Lines end in LF: clients split frames at two of them."""

COMMENT = b":\n\n"

_COMPLETE = b"event: complete\ndata: \n\n"


def event(body: bytes) -> bytes:
    """One answer as an event; JSON as it is encoded has no line breaks."""
    return b"event: next\ndata: " + body + b"\n\n"


def alone(body: bytes) -> bytes:
    """One answer as a whole stream: for clients that take nothing else."""
    return event(body) + _COMPLETE
