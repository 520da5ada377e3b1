"""The text of a search request, in the one spelling that its equals have, and the tokens it is found by.

The text is the values of its queries in their order, each normalised: without white space at its ends, with one space
for any within, in Unicode's simple case folding. Base64-encoded content counts as a hash. A token is one of

    t=running shoes     the whole text
    s=runn              a start of the text, of 1 to 20 characters
    v=Running  Shoes    a query's value as it was recorded
    f=running  shoes    the same, folded
    t#9a41…07           any of these but a start, where it is too long to spell, by its hash

The first letter says which, so no text can pose as another token.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from gateway.model.bson_comparison import MAX_SEARCHED, folded
from gateway.model.filter_trees import value_hash

LONGEST_START: Final = 20
"""Characters of the longest start of a text that has a token."""

MAX_FOLDED_VALUE: Final = 200
"""Characters of the longest query's value that is compared ignoring case."""

_LONGEST_SPELLED: Final = 100
_JOINT: Final = " + "


def query_text(search_request: Mapping[str, Any]) -> str:
    """The normalised text of a search request; "" without queries. What can't be read as a query is passed over."""
    return _JOINT.join(
        _content_hash(value) if is_encoded else _normalised(value)
        for value, is_encoded in _values(search_request.get("queries"))
    )


def text_as_typed(queries: Any) -> str:
    """The values of a search request's queries as they were recorded, joined as `query_text` joins them."""
    return _JOINT.join(_content_hash(value) if is_encoded else value for value, is_encoded in _values(queries))


def normalised_text(text: str) -> str:
    """A client's text as `query_text` spells it; of a normalised text the text itself."""
    return text if _is_normalised(text) else _JOINT.join(map(_normalised, text.split(_JOINT)))


def text_tokens(search_request: Mapping[str, Any], text: str) -> list[str]:
    """The distinct tokens of a search request whose `query_text` is ``text``."""
    tokens = [text_token(text)]
    if len(text) <= MAX_SEARCHED:
        tokens += [start_token(text[:length]) for length in range(1, min(len(text), LONGEST_START) + 1)]
    for value, _ in _values(search_request.get("queries")):
        tokens.append(value_token(value))
        if len(value) <= MAX_FOLDED_VALUE:
            tokens.append(folded_value_token(value))
    return list(dict.fromkeys(tokens))


def text_token(text: str) -> str:
    """The token of search requests with this normalised text."""
    return f"t{_spelled(text)}"


def start_token(start: str) -> str:
    """The token of search requests whose normalised text, of at most `MAX_SEARCHED` characters, starts with these, at
    most `LONGEST_START` characters."""
    return f"s={start}"


def value_token(value: str) -> str:
    """The token of search requests with a query of this value."""
    return f"v{_spelled(value)}"


def folded_value_token(value: str) -> str:
    """The token of search requests with a query of this value in any case, of at most `MAX_FOLDED_VALUE` characters."""
    return f"f{_spelled(folded(value))}"


def _values(queries: Any) -> Iterator[tuple[str, bool]]:
    """The value of each stored query, and whether it is base64-encoded content."""
    for query in queries if isinstance(queries, list) else ():
        if isinstance(query, Mapping) and isinstance(value := query.get("value"), str):
            yield value, query.get("type") == "base64"


def _content_hash(value: str) -> str:
    return f"sha256:{sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _normalised(value: str) -> str:
    return " ".join(folded(value).split())


def _is_normalised(text: str) -> bool:
    """Whether `query_text` makes this text of any values. Splitting it can't tell: what ends with a plus sign, joined
    with an empty value, is ``red + + ``."""
    words = text.split(" ")
    if folded(text) != text or any(word and word.split() != [word] for word in words):
        return False
    # Where two spaces meet, or one is at an end, there is an empty value: it needs a joint on each side.
    joints = {
        beside
        for index, word in enumerate(words)
        if not word
        for beside in (index - 1, index + 1)
        if 0 <= beside < len(words)
    }
    return all(words[joint] == "+" and 0 < joint < len(words) - 1 and joint + 1 not in joints for joint in joints)


def _spelled(text: str) -> str:
    return f"={text}" if len(text) <= _LONGEST_SPELLED else f"#{value_hash(text)}"
