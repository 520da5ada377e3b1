"""Recorded interactions and search requests in the REST wire shape: what is accepted, and the values it gives."""

from gateway.wire.instants import in_milliseconds, parse_instant, spelled
from gateway.wire.recorded import (
    RecordedInteraction,
    RecordedSearchRequest,
    validate_interaction,
    validate_search_request,
)
from gateway.wire.trees import filter_trees
from gateway.wire.values import check_json

__all__ = [
    "RecordedInteraction",
    "RecordedSearchRequest",
    "check_json",
    "filter_trees",
    "in_milliseconds",
    "parse_instant",
    "spelled",
    "validate_interaction",
    "validate_search_request",
]
