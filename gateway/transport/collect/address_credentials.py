"""Who sends events, where an address says it: pages that send beacons can set no headers."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from gateway.errors import BadRequest
from gateway.transport.exchange.exchange import Exchange

_MAX_PARAMETERS = 100
_APPLICATION, _KEY = "x-algolia-application-id", "x-algolia-api-key"


class AddressCredentials(NamedTuple):
    """What stands for the headers X-Namespace and Authorization; None: those do."""

    namespace: str | None
    authorization: str | None


def algolia_credentials(exchange: Exchange) -> AddressCredentials:
    """Those of Algolia's clients: an application, which is a namespace, and its key; in the address or in headers.

    Raises `BadRequest` where they are given more than once, or can't be read.
    """
    try:
        address = exchange.query_string.decode("ascii")
        pairs = parse_qsl(address, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise BadRequest("The parameters of the address are not percent-encoded UTF-8.") from None
    given = {name: [value for other, value in pairs if other.lower() == name] for name in (_APPLICATION, _KEY)}
    if any(len(values) > 1 for values in given.values()):
        raise BadRequest("A parameter of the address may be given only once.")
    namespace, key = (given[name][0] if given[name] else exchange.header(name) for name in (_APPLICATION, _KEY))
    return AddressCredentials(namespace, _bearer(key))


def path_credentials(parameters: Mapping[str, Any]) -> AddressCredentials:
    """Those that stand in the path ahead of a collector's own, where they do."""
    return AddressCredentials(parameters.get("namespace"), _bearer(parameters.get("key")))


def _bearer(key: str | None) -> str | None:
    return None if key is None else f"Bearer {key}"
