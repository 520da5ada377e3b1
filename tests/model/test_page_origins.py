import pytest

from gateway.errors import BadUserInput
from gateway.model.page_origins import MAX_ORIGINS, page_origins


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80/", "http://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_spelled_as_browsers_do(text: str, origin: str) -> None:
    assert page_origins([text]) == {origin}


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "*", "shop.example", "https://", "https:///", "ftp://shop.example", "https://*.shop.example"),
        *(
            "https://shop.example/path",
            "https://shop.example?query",
            "https://shop.example#part",
            "https://a b.example",
        ),
        *(
            "https://user@shop.example",
            "https://shop.example:port",
            "https://shop.example:99999",
            "https://bücher.example",
        ),
        *("https://shop.example,https://other.example", "https://[", "https://" + "a" * 300, "https://shop.example:"),
        *("https://shop.example\n", "javascript:alert(1)"),
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(BadUserInput) as refused:
        page_origins([text])
    assert refused.value.path == ("origins",)


def test_there_are_some_and_not_too_many() -> None:
    many = [f"https://{number}.example" for number in range(MAX_ORIGINS)]
    assert len(page_origins([*many, many[0]])) == MAX_ORIGINS
    for origins in ([], [*many, "https://one-more.example"]):
        with pytest.raises(BadUserInput):
            page_origins(origins)
