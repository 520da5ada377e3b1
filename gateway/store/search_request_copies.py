"""The copies that interactions have of search requests, made anew as those are completed or replaced."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.model.documents import Document, copied_fields, effective_session_id

# As `gateway.model.document_ids.first_session_id` reads it.
_HAS_OWN_SESSION: Final = {
    "$or": [
        {"$and": [{"$eq": [{"$type": "$session_id"}, "string"]}, {"$ne": ["$session_id", ""]}]},
        {"$isNumber": "$session_id"},
    ]
}


def copy_stage(request: Mapping[str, Any]) -> Document:
    """The stage that gives an interaction the copy that it would have, had it come later."""
    copy = {**copied_fields(request), "search_request": request["search_request"]}
    # Whatever was recorded may look like an expression.
    fields: Document = {name: {"$literal": value} for name, value in copy.items()}
    session = effective_session_id({"search_request": request["search_request"]})
    of_request: Any = "$$REMOVE" if session is None else {"$literal": session}
    fields["effective_session_id"] = {"$cond": [_HAS_OWN_SESSION, "$effective_session_id", of_request]}
    return {"$set": fields}
