"""Headers that may be sent only once."""

from collections.abc import Sequence

from gateway.errors import BadRequest, Unauthenticated


def single(name: str, values: Sequence[str]) -> str | None:
    """The value of a header of this name, in lower case; None where there is none.

    Raises `BadRequest` where it was sent more than once, `Unauthenticated` for credentials.
    """
    if len(values) > 1:
        refusal = Unauthenticated if name == "authorization" else BadRequest
        raise refusal(f"The header {name.title()} may be sent only once.")
    return values[0] if values else None
