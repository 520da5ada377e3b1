"""The HTTP status of each code: of an error in an answer no more is known than that."""

from collections.abc import Iterator, Mapping

from gateway.errors.hierarchy import GatewayError


def _kinds(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)


STATUSES: Mapping[str, int] = {kind.code: kind.status for kind in _kinds(GatewayError)}
