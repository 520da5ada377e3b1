"""A number is the text that JSON spells it by, whatever else it could be spelled by."""

import pytest

from gateway.interchange.number_texts import number_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (42, "42"),
        (42.0, "42"),
        (-0.0, "0"),
        (4.5, "4.5"),
        (1e20, "1" + "0" * 20),
        (1e21, "1e+21"),
        (10**30, "1" + "0" * 30),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("42", None),
        (None, None),
        ([42], None),
    ],
)
def test_a_number_is_a_text_and_nothing_else_is(number: object, text: str | None) -> None:
    assert number_text(number) == text
