"""What a client prefers, as its Accept headers say: values with qualities (RFC 9110, section 12.4.2)."""

from collections.abc import Iterator


def qualities(header: str) -> Iterator[tuple[str, float]]:
    """Each value of an Accept header, in lower case without its parameters, and its quality; 0 is a refusal."""
    for part in header.split(","):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, given = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    quality = float(given)
                except ValueError:
                    quality = 0.0
        yield value.lower(), quality
