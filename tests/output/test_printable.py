import json

import pytest

from gateway.output.printable import printable


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain, Größe, 検索, ', \", \\ and 🙂", "plain, Größe, 検索, ', \", \\ and 🙂"),
        ("\x1b[2J", "\\u001b[2J"),
        ("a\r\nb\tc\0", "a\\u000d\\u000ab\\u0009c\\u0000"),
        ("\x7f\x9b", "\\u007f\\u009b"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("z\u200bw\u200d\ufeff\u2060", "z\\u200bw\\u200d\\ufeff\\u2060"),
        ("\u3164\u115f\ufe0f\u2800", "\\u3164\\u115f\\ufe0f\\u2800"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\udb40\\udc41"),
    ],
)
def test_what_does_not_show_is_escaped(text: str, printed: str) -> None:
    assert printable(text) == printed


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x202E, 0xD800, 0xE0041])
def test_json_of_any_character_stays_json_of_the_same_value(code: int) -> None:
    written = printable(json.dumps({chr(code): [chr(code)]}, ensure_ascii=False))
    assert written.isprintable()
    assert json.loads(written) == {chr(code): [chr(code)]}
