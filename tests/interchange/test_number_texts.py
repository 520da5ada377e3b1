"""A number is the text that JavaScript spells it by, whatever else it could be spelled by."""

import json
import shutil
import struct
import subprocess
from math import isfinite
from random import Random

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
        (-1e21, "-1e+21"),
        (1.5e300, "1.5e+300"),
        (123456789012345680000.0, "123456789012345680000"),
        (999999999999999900000.0, "999999999999999900000"),
        (1234567890123456789.0, "1234567890123456800"),
        (1e15 + 0.5, "1000000000000000.5"),
        (0.5, "0.5"),
        (-12.25, "-12.25"),
        (0.00001, "0.00001"),
        (1.5e-5, "0.000015"),
        (0.000001, "0.000001"),
        (-1.25e-6, "-0.00000125"),
        (1e-7, "1e-7"),
        (-1.25e-7, "-1.25e-7"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        # A number of JavaScript's can't have so many digits, an integer of JSON's can.
        (10**30, "1" + "0" * 30),
        (12345678901234567890, "12345678901234567890"),
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


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_numbers_are_spelled_as_javascript_does() -> None:
    chance = Random(21)
    numbers = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(5_000)]
    for power in range(-12, 25):
        numbers += [float(f"{chance.randint(-(10**digits), 10**digits)}e{power}") for digits in range(1, 17)]
    numbers = list(filter(isfinite, numbers))
    program = "console.log(JSON.parse(require('fs').readFileSync(0)).join(' '))"
    text = subprocess.run(
        ["node", "-e", program], input=json.dumps(numbers).encode(), stdout=subprocess.PIPE, check=True
    )
    assert list(map(number_text, numbers)) == text.stdout.decode().split()
