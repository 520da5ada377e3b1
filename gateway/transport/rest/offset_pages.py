"""Pages by number: which interactions the parameters of an address ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from gateway.errors import BadUserInput
from gateway.plan.paging import DEFAULT_PAGE_SIZE

MAX_SKIPPED = 10_000
"""How many interactions may stand ahead of a page: each page is reached through all before it."""

_MAX_PARAMETERS = 100
_MAX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class ListParameters:
    """The page of ``size`` interactions behind the first ``skipped``, of those that match ``where``."""

    where: Mapping[str, Any]
    skipped: int
    size: int


def list_parameters(query_string: bytes, *, types: Mapping[str, str], page_limit: int) -> ListParameters:
    """What an address asks for; parameters that nobody declared are passed over. ``types``: the names of types of
    interactions in the graph.

    Raises `BadUserInput` for what is no such parameter, a page beyond `MAX_SKIPPED`, and one above ``page_limit``.
    """
    given = _parameters(query_string)
    size = _number(given, "page_size", DEFAULT_PAGE_SIZE)
    if size > page_limit:
        raise BadUserInput(f"A page may have at most {page_limit:,} interactions.", path=("query", "page_size"))
    skipped = (_number(given, "page", 1) - 1) * size
    if skipped > MAX_SKIPPED:
        raise BadUserInput(
            f"At most {MAX_SKIPPED:,} interactions may stand ahead of a page; filter, or page by cursors of the graph.",
            path=("query", "page"),
        )
    where: dict[str, Any] = {
        field: {"eq": given[name]}
        for name, field in (("feature_id", "featureId"), ("session_id", "sessionId"))
        if name in given
    }
    if "interaction_type" in given:
        type_ = types.get(given["interaction_type"])
        if type_ is None:
            known = ", ".join(f"'{name}'" for name in types)
            raise BadUserInput(f"Input should be one of {known}.", path=("query", "interaction_type"))
        where["interactionType"] = {"eq": type_}
    return ListParameters(where, skipped, size)


def _parameters(query_string: bytes) -> Mapping[str, str]:
    try:
        address = query_string.decode("ascii")
        pairs = parse_qsl(address, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise BadUserInput(
            "The parameters of the address are not percent-encoded UTF-8, or too many.", path=("query",)
        ) from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise BadUserInput("A parameter of the address may be given only once.", path=("query", name))
        given[name] = value
    return given


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    digits = text.lstrip("0")
    if not (text.isascii() and text.isdecimal() and digits):
        raise BadUserInput("Input should be a whole number of 1 or more.", path=("query", name))
    # Whatever is longer is too large as well.
    return int(digits[:_MAX_DIGITS])
