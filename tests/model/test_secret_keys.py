import re

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.model import secret_keys

SECRET, STORED = secret_keys.generate()
BASE62 = st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def test_a_key_can_be_recognised_and_names_its_id() -> None:
    assert re.fullmatch(r"sk_[0-9A-Za-z]{40}", SECRET)
    assert STORED.key_id == f"key_{SECRET[3:15]}"


def test_a_key_is_read_back_and_proves_itself() -> None:
    presented = secret_keys.parse(SECRET)
    assert presented == STORED
    assert presented is not None
    assert presented.matches(STORED.digest)


def test_another_key_proves_nothing() -> None:
    _, other = secret_keys.generate()
    assert not other.matches(STORED.digest)


def test_what_is_kept_does_not_show_the_secret() -> None:
    assert SECRET not in repr(STORED)
    assert SECRET.encode() not in STORED.digest
    assert repr(STORED.digest) not in repr(STORED)


def test_no_key_is_made_twice() -> None:
    assert len({secret_keys.generate()[0] for _ in range(1000)}) == 1000


@given(st.integers(3, len(SECRET) - 1), BASE62)
def test_a_mistyped_character_is_refused(position: int, character: str) -> None:
    assume(SECRET[position] != character)
    assert secret_keys.parse(SECRET[:position] + character + SECRET[position + 1 :]) is None


@given(st.integers(3, len(SECRET) - 8))
def test_two_characters_in_the_wrong_order_are_refused(position: int) -> None:
    first, second = SECRET[position], SECRET[position + 1]
    assume(first != second)
    assert secret_keys.parse(SECRET[:position] + second + first + SECRET[position + 2 :]) is None


@given(st.integers(0, len(SECRET) - 1))
def test_a_truncated_key_is_refused(length: int) -> None:
    assert secret_keys.parse(SECRET[:length]) is None


@given(st.text(max_size=60) | st.from_regex(r"sk_\w{40}", fullmatch=True))
def test_any_other_text_is_refused(text: str) -> None:
    assert secret_keys.parse(text) is None


def test_what_surrounds_a_key_is_not_ignored() -> None:
    for padded in (f" {SECRET}", f"{SECRET} ", f"{SECRET}\n", SECRET.upper()):
        assert secret_keys.parse(padded) is None
