"""The one declaration of each recorded field: name, type, bounds, description; how what is sent is checked."""

from gateway.model.wire.instants import format_instant, in_milliseconds, parse_instant
from gateway.model.wire.json_values import check_json
from gateway.model.wire.recording_validation import (
    AwaitedSearchRequest,
    RecordedInteraction,
    RecordedSearchRequest,
    validate_interaction,
    validate_search_request,
)
from gateway.model.wire.trees import filter_trees

__all__ = [
    "AwaitedSearchRequest",
    "RecordedInteraction",
    "RecordedSearchRequest",
    "check_json",
    "filter_trees",
    "format_instant",
    "in_milliseconds",
    "parse_instant",
    "validate_interaction",
    "validate_search_request",
]
