"""How objects of each type are found by their own ids: declared beside the types of the graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.model.document_ids import id_spellings, id_text
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind
from gateway.plan.commands import Document, Find, NamespaceScan, ReadCommand, Scan
from gateway.plan.cost import SPANNED
from gateway.plan.first_documents import FirstOfEach
from gateway.plan.joins import Span, Spans
from gateway.plan.predicate import Lookup
from gateway.plan.projection import projection
from gateway.plan.sources.source import KeyLookup
from gateway.plan.viewer_documents import organization_document

# That are listed at once; more are read as a connection.
MAX_NAMESPACES = 1_000
# As the readings of the type expect it.
NAMESPACE_PROJECTION = {"_id": 0, "namespace_id": "$_id", "name": 1, "created_at": 1, "retention_days": 1}
SESSION_PATHS = ((INTERACTION, "effective_session_id"), (SEARCH_REQUEST, "effective_session_id"))
USER_PATHS = ((INTERACTION, "user_id"), (SEARCH_REQUEST, "search_request.user_id"))


@dataclass(frozen=True, slots=True)
class DocumentLookup(KeyLookup):
    """The stored documents of a kind."""

    kind: Kind

    @property
    def as_stored(self) -> bool:
        return True

    @property
    def keeps_to_user(self) -> bool:
        return bool(self.kind.user_path)

    def command(self, context: Context, keys: Sequence[str], paths: frozenset[str]) -> ReadCommand:
        path = self.kind.id_path
        scan = Scan(context.reach, self.kind, Lookup(path, tuple(id_spellings(keys))))
        projected = projection(paths, path)
        if len(keys) > 1 and self.kind in (INTERACTION, SEARCH_REQUEST):
            # Other programs may have stored one id twice: of several, none may take the place of another.
            return FirstOfEach(scan, path, projected, collection=scan.collection, hint="id")
        return Find(scan, projected, (), len(keys), "id", key=path)

    def objects(self, result: Any, keys: Sequence[str], context: Context) -> Mapping[str, Document]:
        path = self.kind.id_path
        objects: dict[str, Document] = {}
        for document in result:
            # Of a list of ids, which others may have stored, any one was looked for. By the index the latest of several
            # with one id comes first, as it does where it is looked for alone.
            if (key := id_text(document[path])) is not None:
                objects.setdefault(key, document)
        return objects


@dataclass(frozen=True, slots=True)
class SessionLookup(KeyLookup):
    """Sessions, which are known by what was recorded in them."""

    @property
    def as_stored(self) -> bool:
        return True

    @property
    def price(self) -> int:
        return SPANNED

    @property
    def keeps_to_user(self) -> bool:
        return True

    def command(self, context: Context, keys: Sequence[str], paths: frozenset[str]) -> ReadCommand:
        return Spans(context.reach, keys, SESSION_PATHS)

    def objects(self, result: Any, keys: Sequence[str], context: Context) -> Mapping[str, Document]:
        spans: Mapping[str, Span] = result
        return {key: session_document(span, context) for key, span in spans.items()}


def session_document(span: Span, context: Context) -> Document:
    return {
        "namespace_id": context.namespace.id,
        "session_id": span.id,
        "started_at": span.first,
        "ended_at": span.last,
    }


@dataclass(frozen=True, slots=True)
class UserLookup(KeyLookup):
    """Users, which are owned elsewhere: any id is answered, with the times of what was recorded of it, if anything."""

    @property
    def as_stored(self) -> bool:
        return True

    @property
    def price(self) -> int:
        return SPANNED

    @property
    def keeps_to_user(self) -> bool:
        return True

    def command(self, context: Context, keys: Sequence[str], paths: frozenset[str]) -> ReadCommand:
        return Spans(context.reach, keys, USER_PATHS)

    def known(self, document: Document | None) -> Document | None:
        return document if document and document["first_seen_at"] is not None else None

    def objects(self, result: Any, keys: Sequence[str], context: Context) -> Mapping[str, Document]:
        spans: Mapping[str, Span] = result
        users = (spans.get(key, Span(key, None, None)) for key in keys)
        return {
            user.id: {
                "namespace_id": context.namespace.id,
                "user_id": user.id,
                "first_seen_at": user.first,
                "last_seen_at": user.last,
            }
            for user in users
        }


@dataclass(frozen=True, slots=True)
class UnreadLookup(KeyLookup):
    """Objects that are owned elsewhere, by an id at ``path``: never looked for, so that any id is answered."""

    path: str

    @property
    def as_stored(self) -> bool:
        return True

    @property
    def reads(self) -> bool:
        return False

    @property
    def keeps_to_user(self) -> bool:
        return True

    def objects(self, result: Any, keys: Sequence[str], context: Context) -> Mapping[str, Document]:
        return {key: {self.path: key} for key in keys}


@dataclass(frozen=True, slots=True)
class NamespaceLookup(KeyLookup):
    """The namespaces of the caller's organization, each of which is its own scope."""

    @property
    def as_stored(self) -> bool:
        return True

    @property
    def keeps_to_user(self) -> bool:
        return True

    def scope(self, context: Context, key: str) -> str:
        return key

    def command(self, context: Context, keys: Sequence[str], paths: frozenset[str]) -> ReadCommand:
        caller = context.caller
        scan = NamespaceScan(caller.organization.id, {"_id": {"$in": list(keys)}}, caller.namespaces)
        return Find(scan, NAMESPACE_PROJECTION, (), len(keys), "_id_", key="namespace_id")

    def objects(self, result: Any, keys: Sequence[str], context: Context) -> Mapping[str, Document]:
        return {namespace["namespace_id"]: namespace for namespace in result}


@dataclass(frozen=True, slots=True)
class OrganizationLookup(KeyLookup):
    """The caller's organization, which is its own scope."""

    @property
    def as_stored(self) -> bool:
        return True

    @property
    def reads(self) -> bool:
        return False

    @property
    def keeps_to_user(self) -> bool:
        return True

    def scope(self, context: Context, key: str) -> str:
        return key

    def objects(self, result: Any, keys: Sequence[str], context: Context) -> Mapping[str, Document]:
        organization = context.caller.organization
        return {organization.id: organization_document(organization)}


def find_namespaces(context: Context) -> Find:
    """The first namespaces of the caller's organization that it may enter, by name."""
    caller = context.caller
    scan = NamespaceScan(caller.organization.id, named=caller.namespaces)
    return Find(scan, NAMESPACE_PROJECTION, (("name", 1),), MAX_NAMESPACES, "name")
