"""What proxies tell of the request that they pass on: by Forwarded (RFC 7239), or by the X-Forwarded headers."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import zip_longest
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_READ = {
    name.encode(): name
    for name in ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix")
}
# A name and its value, each of which may be left out with the other, and what stands behind them.
_PAIR = re.compile(r'\s*(?:([!#$%&\'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?\s*([,;]|$)', re.ASCII)
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True, slots=True)
class Hop:
    """One proxy's word for the request that it got: from which address and port, by which scheme and host; None for
    what it doesn't tell, or what is none."""

    client: tuple[Address, int] | None = None
    scheme: str | None = None
    host: str | None = None


def forwarding_headers(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Those that are read here, of a request's headers as ASGI has them: what is sent in several is one list."""
    told: dict[str, str] = {}
    for header, value in headers:
        name = _READ.get(header)
        if name is not None:
            text = value.decode("latin-1")
            told[name] = f"{told[name]},{text}" if name in told else text
    return told


def forwarded(headers: Mapping[str, str], trusts: Callable[[Address], bool]) -> Hop | None:
    """The request as the outermost of the trusted proxies got it, the nearest of which passed it on to the gateway.

    None where nothing is told; or two different things by the two kinds of headers, of which a client may have sent
    either: a proxy that writes the one may well pass on the other.
    """
    told = [
        _of_outermost(hops, trusts) for hops in (_by_forwarded(headers), _by_x_forwarded(headers)) if hops is not None
    ]
    match told:
        case [hop]:
            return hop
        case [by_forwarded, by_x_forwarded] if by_forwarded.client == by_x_forwarded.client:
            return by_x_forwarded
    return None


def forwarded_prefix(headers: Mapping[str, str]) -> str | None:
    """The path that a proxy has left out at the beginning, as the nearest one tells."""
    prefix = headers.get("x-forwarded-prefix", "").rpartition(",")[2].strip().rstrip("/")
    return prefix if _PREFIX.fullmatch(prefix) else None


def address_of(text: str) -> Address | None:
    """The address, of IPv4 also where it is written as one of IPv6."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _of_outermost(hops: Sequence[Hop], trusts: Callable[[Address], bool]) -> Hop:
    """``hops``: from the farthest to the nearest. Whatever is farther than the first that names nobody who is trusted,
    the client may have written itself."""
    trusted: list[Hop] = []
    for hop in reversed(hops):
        trusted.insert(0, hop)
        if hop.client is None or not trusts(hop.client[0]):
            break
    return Hop(
        next((hop.client for hop in trusted if hop.client), None),
        next((hop.scheme for hop in trusted if hop.scheme), None),
        next((hop.host for hop in trusted if hop.host), None),
    )


def _by_forwarded(headers: Mapping[str, str]) -> Sequence[Hop] | None:
    text = headers.get("forwarded")
    if text is None:
        return None
    try:
        return [_hop(pairs.get("for"), pairs.get("proto"), pairs.get("host")) for pairs in _elements(text)]
    except ValueError:
        # What can't be read may be of anybody.
        return [Hop()]


def _by_x_forwarded(headers: Mapping[str, str]) -> Sequence[Hop] | None:
    parts = [_values(headers, f"x-forwarded-{name}") for name in ("for", "proto", "host")]
    if not any(parts):
        return None
    # Each proxy adds its own behind those of the others, or replaces them by its own.
    hops = [_hop(*values) for values in zip_longest(*(reversed(part) for part in parts))]
    return hops[::-1][-max(len(parts[0]), 1) :]


def _values(headers: Mapping[str, str], name: str) -> Sequence[str]:
    return [entry.strip() for entry in headers.get(name, "").split(",") if entry.strip()]


def _elements(text: str) -> Iterator[dict[str, str]]:
    """Each proxy's names and values; raises ValueError."""
    position, pairs = 0, dict[str, str]()
    while position <= len(text):
        match = _PAIR.match(text, position)
        if match is None or (match[1] and match[1].lower() in pairs):
            raise ValueError
        if match[1]:
            quoted = match[2]
            pairs[match[1].lower()] = match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        position = match.end()
        if match[4] != ";":
            if pairs:
                yield pairs
            pairs = {}
            if not match[4]:
                return


def _hop(client: str | None, scheme: str | None, host: str | None) -> Hop:
    is_scheme, is_host = scheme and scheme.lower() in ("http", "https"), host and _HOST.fullmatch(host)
    return Hop(
        _client(client or ""), scheme.lower() if scheme and is_scheme else None, host if host and is_host else None
    )


def _client(text: str) -> tuple[Address, int] | None:
    """An address, in brackets where it is one of IPv6 with a port, or not; neither "unknown" nor a proxy's own name for
    somebody is one."""
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([\d.]+)(?::(\d{1,5}))?|([0-9A-Fa-f:.]+)", text, re.ASCII)
    if match is None:
        return None
    address = address_of(match[1] or match[3] or match[5])
    return None if address is None else (address, int(match[2] or match[4] or 0))
