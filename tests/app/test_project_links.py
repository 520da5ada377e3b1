"""What the project's metadata link to."""

import pytest

from gateway.app.project_links import documentation_address, documentation_of


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([], None),
        (["Homepage, https://gateway.example/"], None),
        (["Homepage, https://gateway.example/", "Documentation, https://docs.example/"], "https://docs.example/"),
        (["DOCS,https://docs.example/a,b"], "https://docs.example/a,b"),
    ],
)
def test_the_documentation_is_found_by_its_label(lines: list[str], address: str | None) -> None:
    assert documentation_of(lines) == address


def test_this_project_has_an_address_to_follow_or_none() -> None:
    address = documentation_address()
    assert address is None or address.startswith("https://")
