"""A search request's text has one spelling, and every way to ask for it a token of its own."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.model.query_texts import (
    LONGEST_START,
    MAX_FOLDED_VALUE,
    folded_value_token,
    normalised_text,
    query_text,
    start_token,
    text_as_typed,
    text_token,
    text_tokens,
    value_token,
)

spaced = st.text("aB +\tßİ", max_size=8)


def request(*values: Any, type: str = "text") -> dict[str, Any]:
    return {"queries": [{"vector_index": "text", "value": value, "type": type} for value in values], "collections": []}


def tokens_of(search_request: dict[str, Any]) -> list[str]:
    return text_tokens(search_request, query_text(search_request))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((), ""),
        (("  Running\t\n SHOES ",), "running shoes"),
        (("Red", "  boots"), "red + boots"),
        (("", "boots"), " + boots"),
        (("STRASSE",), "strasse"),
        # Simple folding takes each character for itself.
        (("STRAẞE",), "straße"),
        (("İstanbul",), "İstanbul"),
        (("ΣΊΣΥΦΟΣ",), "σίσυφοσ"),
        ((7, "seven"), "seven"),
    ],
)
def test_a_text_is_the_values_trimmed_folded_and_joined(values: tuple[Any, ...], text: str) -> None:
    assert query_text(request(*values)) == text


def test_encoded_content_counts_as_a_short_hash() -> None:
    assert query_text(request("aGVsbG8=", type="base64")) == "sha256:333d6b3a3c1f5db6"
    assert query_text({"queries": [*request("aGVsbG8=", type="base64")["queries"], *request("Red")["queries"]]}) == (
        "sha256:333d6b3a3c1f5db6 + red"
    )


@pytest.mark.parametrize("queries", [None, 3, "text", {}, [None, 3, {"value": None}, {}]])
def test_what_is_no_query_has_no_text(queries: Any) -> None:
    assert query_text({"queries": queries}) == query_text({}) == ""
    assert tokens_of({"queries": queries}) == [text_token("")]


def test_what_was_typed_is_joined_as_it_was() -> None:
    assert text_as_typed(request(" Red ", "Boots")["queries"]) == " Red  + Boots"
    assert text_as_typed(request("aGVsbG8=", type="base64")["queries"]) == "sha256:333d6b3a3c1f5db6"
    assert text_as_typed(None) == ""


@given(values=st.lists(spaced, max_size=3))
@example(values=["B +", ""])
@example(values=["", "+ b"])
@example(values=["", "+ b +", "", "", "+"])
def test_a_text_is_asked_for_as_it_was_typed_or_as_it_reads(values: list[str]) -> None:
    text = query_text(request(*values))
    assert normalised_text(text) == text
    if len(values) == 1 and " + " not in values[0]:
        assert normalised_text(values[0]) == text


def test_the_tokens_of_a_text() -> None:
    assert tokens_of(request("Red  boots")) == [
        "t=red boots",
        *("s=r", "s=re", "s=red", "s=red ", "s=red b", "s=red bo", "s=red boo", "s=red boot", "s=red boots"),
        "v=Red  boots",
        "f=red  boots",
    ]


@given(values=st.lists(spaced | st.text("x", min_size=90, max_size=300), max_size=3))
def test_every_way_to_ask_has_its_token(values: list[str]) -> None:
    text = query_text(request(*values))
    tokens = tokens_of(request(*values))
    assert len(set(tokens)) == len(tokens)
    assert {token for token in tokens if token[0] == "t"} == {text_token(text)}
    starts = {start_token(text[:length]) for length in range(1, LONGEST_START + 1) if text[:length]}
    assert {token for token in tokens if token[0] == "s"} == starts
    assert {token for token in tokens if token[0] == "v"} == set(map(value_token, values))
    short = [value for value in values if len(value) <= MAX_FOLDED_VALUE]
    assert {token for token in tokens if token[0] == "f"} == set(map(folded_value_token, short))


def test_a_long_text_is_found_as_a_whole_and_not_searched() -> None:
    tokens = tokens_of(request("a" * 10_001))
    assert [token[:2] for token in tokens] == ["t#", "v#"]
    assert sum(map(len, tokens)) == 68
