"""Whom proxies name as the client, and what of it is believed."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.server.forwarding import (
    Address,
    Hop,
    address_of,
    forwarded,
    forwarded_prefix,
    forwarding_headers,
)

TRUSTED = [ip_network(network) for network in ("10.0.0.0/8", "fd00::/8")]


def trusts(address: Address) -> bool:
    return any(address in network for network in TRUSTED)


def headers(sent: Mapping[str, str | list[str]]) -> Mapping[str, str]:
    values = {name: [value] if isinstance(value, str) else value for name, value in sent.items()}
    return forwarding_headers(
        (name.lower().encode(), value.encode()) for name, each in values.items() for value in each
    )


def told(sent: Mapping[str, str | list[str]]) -> tuple[str | None, int, str | None, str | None] | None:
    """The client's address and port, scheme and host."""
    hop = forwarded(headers(sent), trusts)
    if hop is None:
        return None
    address, port = hop.client or (None, 0)
    return (None if address is None else str(address), port, hop.scheme, hop.host)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("for=192.0.2.43", ("192.0.2.43", 0, None, None)),
        ('For="192.0.2.43:47011"; Proto=HTTPS ;host=shop.example', ("192.0.2.43", 47011, "https", "shop.example")),
        ('for="[2001:db8:cafe::17]:4711";proto=http', ("2001:db8:cafe::17", 4711, "http", None)),
        ('for="[2001:db8:cafe::17]"', ("2001:db8:cafe::17", 0, None, None)),
        (r'for="192.0.2.4\3"', ("192.0.2.43", 0, None, None)),
        ('for=192.0.2.43;host="shop.example:8443"', ("192.0.2.43", 0, None, "shop.example:8443")),
        # Of the trusted proxies' hops the outermost; what is farther, anybody may have written.
        ("for=6.6.6.6, for=192.0.2.43;proto=https, for=10.1.2.3;proto=http", ("192.0.2.43", 0, "https", None)),
        ("for=6.6.6.6;host=evil, for=192.0.2.43, for=10.1.2.3;host=inner", ("192.0.2.43", 0, None, "inner")),
        (["for=6.6.6.6", "for=192.0.2.43", 'for="[fd00::1]"'], ("192.0.2.43", 0, None, None)),
        ("for=10.0.0.1, for=10.0.0.2", ("10.0.0.1", 0, None, None)),
        # Names nobody who could be trusted.
        ("for=6.6.6.6, for=unknown;proto=https", (None, 0, "https", None)),
        ("for=6.6.6.6, for=_hidden, for=10.0.0.2", ("10.0.0.2", 0, None, None)),
        ("for=192.0.2.43;proto=ftp;host=a/b", ("192.0.2.43", 0, None, None)),
        (", for=192.0.2.43, ,", ("192.0.2.43", 0, None, None)),
        ("by=10.0.0.9;secret=x", (None, 0, None, None)),
        # Isn't what the standard has: of nobody.
        ("for=192.0.2.43;for=192.0.2.44", (None, 0, None, None)),
        ('for="192.0.2.43', (None, 0, None, None)),
        ("192.0.2.43", (None, 0, None, None)),
        ("for = 192.0.2.43", (None, 0, None, None)),
    ],
)
def test_forwarded(value: str | list[str], expected: tuple[str | None, int, str | None, str | None]) -> None:
    assert told({"Forwarded": value}) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"X-Forwarded-For": "192.0.2.43"}, ("192.0.2.43", 0, None, None)),
        ({"X-Forwarded-For": "192.0.2.43:1234"}, ("192.0.2.43", 1234, None, None)),
        ({"X-Forwarded-For": "2001:db8::1"}, ("2001:db8::1", 0, None, None)),
        ({"X-Forwarded-For": "[2001:db8::1]:80"}, ("2001:db8::1", 80, None, None)),
        ({"X-Forwarded-For": "::ffff:192.0.2.43"}, ("192.0.2.43", 0, None, None)),
        ({"X-Forwarded-For": "6.6.6.6, 192.0.2.43, 10.1.2.3"}, ("192.0.2.43", 0, None, None)),
        ({"X-Forwarded-For": ["6.6.6.6", "192.0.2.43", "::ffff:10.1.2.3"]}, ("192.0.2.43", 0, None, None)),
        ({"X-Forwarded-For": "evil"}, (None, 0, None, None)),
        ({"X-Forwarded-For": "1.2.3"}, (None, 0, None, None)),
        ({"X-Forwarded-For": "1.2.3.4:99999999"}, (None, 0, None, None)),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}, (None, 0, "https", "shop.example")),
        ({"X-Forwarded-Host": "evil, shop.example"}, (None, 0, None, "shop.example")),
        # Added to by each proxy.
        (
            {
                "X-Forwarded-For": "6.6.6.6, 192.0.2.43, 10.1.2.3",
                "X-Forwarded-Proto": "ftp, https, http",
                "X-Forwarded-Host": "evil, shop.example, inner",
            },
            ("192.0.2.43", 0, "https", "shop.example"),
        ),
        # Replaced by the nearest.
        (
            {"X-Forwarded-For": "192.0.2.43, 10.1.2.3", "X-Forwarded-Proto": "https"},
            ("192.0.2.43", 0, "https", None),
        ),
        ({"X-Forwarded-For": ""}, None),
        ({}, None),
    ],
)
def test_x_forwarded(sent: dict[str, str | list[str]], expected: object) -> None:
    assert told(sent) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("192.0.2.43", ("192.0.2.43", 0, None, None)), ("6.6.6.6", None), ("unknown", None), ('"', None)],
)
def test_two_kinds_of_headers_are_believed_where_they_name_one_client(value: str, expected: object) -> None:
    assert told({"X-Forwarded-For": "192.0.2.43", "Forwarded": f"for={value};proto=https;host=evil"}) == expected


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("/search", "/search"),
        ("/a/b.c/", "/a/b.c"),
        ("/evil, /search", "/search"),
        ("/", None),
        ("", None),
        ("search", None),
        ("/../x y", None),
        ("//evil.example", None),
    ],
)
def test_prefixes(prefix: str, expected: str | None) -> None:
    assert forwarded_prefix(headers({"X-Forwarded-Prefix": prefix})) == expected


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")), st.sampled_from(["for", "proto", "host"]))
def test_whatever_is_sent_something_is_told(text: str, name: str) -> None:
    for sent in ({"forwarded": text}, {f"x-forwarded-{name}": text}):
        raw = [(key.encode(), value.encode("latin-1")) for key, value in sent.items()]
        assert isinstance(forwarded(forwarding_headers(raw), trusts), Hop | None)


def test_an_address_of_ipv4_is_one_however_it_is_written() -> None:
    assert address_of("::ffff:10.0.0.1") == ip_address("10.0.0.1")
    assert address_of("testclient") is None
