"""Each operation as the bytes of an HTTP request to each variant."""

from collections.abc import Mapping
from itertools import count, cycle

import orjson

from bench.dataset import Dataset
from bench.load import NextRequest, http_request
from bench.operations import Operation
from bench.servers import VARIANTS

_ENDPOINT = "/graphql"


def known(dataset: Dataset, operation: Operation, variant: str) -> NextRequest:
    """One request after the other; most operations ask the same each time."""
    requests = []
    for variables in operation.asked:
        if VARIANTS[variant].by_hand:
            requests.append(http_request(dataset, f"/{operation.name}", orjson.dumps(variables)))
        else:
            requests.append(http_request(dataset, _ENDPOINT, _graphql(operation.query, variables)))
    return cycle(requests).__next__


def first_seen(dataset: Dataset, operation: Operation) -> tuple[NextRequest, Mapping[int, str]]:
    """Requests whose documents differ, in the operation's name and in an alias, and those documents by number."""
    documents: dict[int, str] = {}
    numbers = count(1)

    def next_request() -> bytes:
        number = next(numbers)
        documents[number] = query = unlike(operation, number)
        return http_request(dataset, _ENDPOINT, _graphql(query, operation.asked[0]))

    return next_request, documents


def unlike(operation: Operation, number: int) -> str:
    """The operation's document with a name and an alias that only this number has."""
    name = operation.query.split("(", 1)[0].split()[-1]
    renamed = operation.query.replace(f"query {name}", f"query {name}{number}", 1)
    return renamed.replace("interactionId", f"id{number}: interactionId", 1)


def _graphql(query: str, variables: Mapping[str, object]) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})
