import re
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import GatewayError, hierarchy

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


def kinds(root: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


def test_every_code_is_documented_once_with_its_status() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([^|]+) \| ([^|]+) \|$", DOCUMENTED, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\|", DOCUMENTED, re.MULTILINE)) - 2
    assert [code for code, *_ in rows] == list(dict.fromkeys(code for code, *_ in rows))
    assert {(code, int(status)) for code, status, *_ in rows} == {
        (kind.code, kind.status) for kind in kinds(GatewayError)
    }


def test_the_hierarchy_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"^\W*(\w+) +(\d{3})  (\w+)$", hierarchy.__doc__ or "", re.MULTILINE)
    assert drawn == [(kind.__name__, str(kind.status), kind.code) for kind in kinds(GatewayError)]
