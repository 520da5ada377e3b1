import base64

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import BadUserInput
from gateway.plan import global_ids
from gateway.plan.global_ids import GlobalId

# What JSON can hold: no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"]))


def sealed(parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


@given(texts, texts, texts)
def test_an_id_gives_back_what_it_was_made_of(type_name: str, scope: str, key: str) -> None:
    assert global_ids.decode(global_ids.encode(type_name, scope, key)) == GlobalId(type_name, scope, key)


@given(texts, texts, texts)
def test_an_id_is_safe_in_a_url_and_says_nothing_in_clear(type_name: str, scope: str, key: str) -> None:
    assert set(global_ids.encode(type_name, scope, key)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(st.text())
@example("")
@example("é")
@example("=")
@example("\ud800")
@example("W" * 100_000)
@example(base64.urlsafe_b64encode(b"[" * 50_000).decode())
def test_any_other_text_is_bad_input_at_its_place(text: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        global_ids.decode(text, "ids", 3)
    assert caught.value.path == ("ids", "3")


@pytest.mark.parametrize(
    "parts",
    [
        None,
        {},
        [],
        [1, "Interaction", "ns_1"],
        [1, "Interaction", "ns_1", "i", "more"],
        [2, "Interaction", "ns_1", "i"],
        [True, "Interaction", "ns_1", "i"],
        [1, None, "ns_1", "i"],
        [1, "Interaction", 1, "i"],
        [1, "Interaction", "ns_1", {"$ne": None}],
    ],
)
def test_other_content_is_bad_input(parts: object) -> None:
    with pytest.raises(BadUserInput):
        global_ids.decode(sealed(parts))


def test_one_object_has_one_id() -> None:
    """A client's cache is keyed by it, so another spelling of the same is none."""
    id = global_ids.encode("Interaction", "ns_1", "i")
    spaced = base64.urlsafe_b64encode(b'[1, "Interaction", "ns_1", "i"]').rstrip(b"=").decode()
    for other in (spaced, id + "=", id + "\n", f" {id}"):
        with pytest.raises(BadUserInput):
            global_ids.decode(other)
