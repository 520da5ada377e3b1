"""The last word of every filter on stored documents: the namespace, and the user where a caller may reach but one.

Here alone is decided which documents a reach has; whatever makes a filter ends it with these.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.context import Reach
from gateway.errors import Forbidden
from gateway.model.document_ids import id_spellings, id_text
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind
from gateway.plan.predicate import Conjunct, Lookup, Predicate

Document = Mapping[str, Any]

# A list, which other programs may have stored, names more than one.
_ONE: Final = {"$not": {"$type": "array"}}


def last_words(reach: Reach, kind: Kind) -> Document:
    """What a filter on documents of the kind ends with, for nothing ahead of it to replace.

    Raises `Forbidden` for a kind of which nothing is a user's, where the reach is one user's.
    """
    namespace = {"namespace_id": reach.namespace.id}
    if reach.user_id is None:
        return namespace
    # In a conjunction of its own: a client may compare the same field.
    return {"$and": _of_user(reach.user_id, kind), **namespace}


def _of_user(user_id: str, kind: Kind) -> list[Document]:
    if not kind.user_path:
        raise beyond_user()
    spellings = list(id_spellings([user_id]))
    own = {"$eq": user_id} if len(spellings) == 1 else {"$in": spellings}
    conditions: list[Document] = [{kind.user_path: {**own, **_ONE}}]
    if kind is INTERACTION:
        # It holds a copy of its search request, which may be somebody else's; or nobody's, and then led to this.
        conditions.append({SEARCH_REQUEST.user_path: {"$in": [*spellings, None], **_ONE}})
    return conditions


def within_reach(predicate: Predicate, reach: Reach, kind: Kind) -> Predicate:
    """The predicate that demands the user of the reach as well, by which it can be found."""
    if reach.user_id is None or not kind.user_path:
        return predicate
    spellings = tuple(id_spellings([reach.user_id]))
    demanded = Conjunct({kind.user_path: {"$in": list(spellings)}}, "userId", Lookup(kind.user_path, spellings))
    return replace(predicate, conjuncts=(*predicate.conjuncts, demanded))


def is_of(document: Mapping[str, Any], kind: Kind, user_id: str | None) -> bool:
    """Whether a document is the user's; None: whosever it is."""
    value: Any = document
    for step in kind.user_path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return user_id is None or id_text(value) == user_id


def beyond_user() -> Forbidden:
    """The error for what isn't one user's, where a caller may reach no more."""
    return Forbidden("This token may read and write what its own user did, and this is more than that.")
