"""What a client prefers: the media type, and the content coding."""

import pytest

from gateway.transport.exchange.negotiation import GRAPHQL, HTML, JSON, preferred_coding, preferred_type


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", JSON),
        ("   ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        ("application/json;q=0.9,application/graphql-response+json;charset=utf-8", GRAPHQL),
        ("APPLICATION/GraphQL-Response+JSON ; Q=1, */*;q=0.1", GRAPHQL),
        ("application/json;q=0, application/*", GRAPHQL),
        ("application/json;q=often, */*;q=0.5", GRAPHQL),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/html", HTML),
        ("text/html;q=0", None),
        ("text/html;q=0.5, application/json", JSON),
        ("image/png", None),
        (";;,,", None),
    ],
)
def test_the_best_media_type_that_is_accepted(accept: str, best: str | None) -> None:
    assert preferred_type(accept, (JSON, GRAPHQL, HTML)) == best


@pytest.mark.parametrize(
    ("accept_encoding", "best"),
    [
        ("", None),
        ("identity", None),
        ("deflate", None),
        ("compress, x", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5, zstd;q=0.1", "gzip"),
        ("br;q=0.5, zstd;q=0.5, gzip;q=0.5", "zstd"),
        ("gzip;q=0", None),
        ("gzip;q=0, br", "br"),
        ("gzip;q=0.5, identity", None),
        ("gzip, identity;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0, *", None),
        ("gzip;q=often", None),
        (";;,,", None),
    ],
)
def test_the_best_coding_that_is_preferred_coding(accept_encoding: str, best: str | None) -> None:
    assert preferred_coding(accept_encoding) == best
