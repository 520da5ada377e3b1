"""Documents that a request may name instead of sending them.

Trusted ones are in a manifest, known and valid from the start. Automatically persisted ones (Apollo's protocol) are
known by the hash of a text that was sent before: only by somebody of the same organization, for whoever has a hash
could else find out what others ask.
"""

import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256

from cachetools import LRUCache
from graphql import GraphQLSyntaxError

from gateway.errors import (
    BadRequest,
    GatewayError,
    PersistenceDisabled,
    QueryNotPersisted,
    UntrustedDocument,
)
from gateway.preparation.known_operations import KnownDocument, KnownOperations
from gateway.preparation.manifest import ManifestError
from gateway.preparation.prepared_documents import PreparedDocument

# What makes an id a hash; an id without it is one of the manifest, or a hash all the same.
_HASH_PREFIX = "sha256:"
# SHA-256's, or what compilers give to a manifest's documents: Relay's takes MD5 where nothing else is said, or SHA-1.
_HASH = re.compile(r"(?:[0-9A-Fa-f]{32}){1,2}|[0-9A-Fa-f]{40}")

_MAX_ORGANIZATIONS = 100
_MAX_CHARACTERS = 1_000_000
_MAX_DOCUMENTS = 1_000


@dataclass(frozen=True, slots=True)
class PersistedDocumentsPolicy:
    """What may be named: ``trusted`` texts by id and, if ``automatic``, what was sent before; ``only_trusted``: and
    nothing else may be asked."""

    trusted: Mapping[str, str] = field(default_factory=dict)
    only_trusted: bool = False
    automatic: bool = True


class PersistedDocuments:
    """The documents that requests send or name, by a policy; raises `ManifestError` for a trusted one that isn't
    valid."""

    def __init__(self, known: KnownOperations, policy: PersistedDocumentsPolicy) -> None:
        self._known = known
        self._only_trusted = policy.only_trusted
        self._automatic = policy.automatic and not policy.only_trusted
        self._lock = threading.Lock()
        self._sent_before: LRUCache[str, LRUCache[str, str]] = LRUCache(_MAX_ORGANIZATIONS)
        self._trusted = {text: self._valid(id_, text) for id_, text in policy.trusted.items()}
        by_id = {_bare(id_): text for id_, text in policy.trusted.items()}
        self._trusted_texts = {_hash(text): text for text in self._trusted} | by_id

    def find(self, query: str | None, document_id: str | None, organization_id: str) -> KnownDocument:
        """The document that a request sends, names or, to have it remembered, both.

        Raises GraphQLSyntaxError for a text that can't be parsed, QueryNotPersisted or PersistenceDisabled for a name
        that is unknown, UntrustedDocument where only trusted ones may be asked, and BadRequest for a text that doesn't
        have the hash that it is named by.
        """
        if query is None:
            query = self._named(_bare(document_id or ""), organization_id)
            return self._known.document(query, organization_id, self._trusted.get(query))
        if document_id is not None and _bare(document_id) != _hash(query):
            raise BadRequest("provided sha does not match query", path=("extensions", "persistedQuery", "sha256Hash"))
        trusted = self._trusted.get(query)
        if trusted is None and self._only_trusted:
            raise UntrustedDocument("Only trusted documents may be asked, and this isn't one.")
        return self._known.document(query, organization_id, trusted)

    def knows(self, query: str | None, document_id: str | None, organization_id: str) -> bool:
        """Whether finding this document, or that there is none, takes no more than a look."""
        if query is None:
            id_ = _bare(document_id or "")
            query = self._trusted_texts.get(id_) or self._sent_by(organization_id, id_)
        return (
            query is None or self._only_trusted or query in self._trusted or self._known.knows(query, organization_id)
        )

    def remember(self, query: str | None, document_id: str | None, organization_id: str) -> None:
        """Lets the organization name a text that it sent with its hash, and that was found valid."""
        if query is not None and document_id is not None and self._automatic:
            with self._lock:
                own = self._sent_before.setdefault(organization_id, LRUCache(_MAX_CHARACTERS, getsizeof=_weight))
                with suppress(ValueError):  # It is longer than all that is kept.
                    own[_bare(document_id)] = query

    def _named(self, id_: str, organization_id: str) -> str:
        """The text of a name; raises what `find` does."""
        trusted = self._trusted_texts.get(id_)
        if trusted is not None:
            return trusted
        if self._only_trusted:
            raise UntrustedDocument("Only trusted documents may be asked, and none of them has this id.")
        if not self._automatic:
            # Also beside a manifest, though it has Apollo Client send its trusted documents too, until it is loaded
            # again. They are known by their text as well; told that one wasn't found, it would send every document that
            # isn't trusted twice, for ever.
            raise PersistenceDisabled("PersistedQueryNotSupported")
        query = self._sent_by(organization_id, id_)
        if query is None:
            raise QueryNotPersisted("PersistedQueryNotFound")
        return query

    def _sent_by(self, organization_id: str, id_: str) -> str | None:
        with self._lock:
            own = self._sent_before.get(organization_id)
            return None if own is None else own.get(id_)

    def _valid(self, id_: str, text: str) -> PreparedDocument:
        try:
            document = self._known.trusted(text)
            errors = document.errors
            fault = errors[0].message if errors else None
        except GraphQLSyntaxError as error:
            fault = error.message
        except GatewayError as error:
            fault = error.message
        if fault is not None:
            raise ManifestError(f"the document {id_[:100]!r} is not valid: {' '.join(fault.split())}")
        return document


def _bare(document_id: str) -> str:
    """The id without its prefix; a hash in lower case, as some clients send it in upper case."""
    length = len(_HASH_PREFIX)
    bare = document_id[length:] if document_id[:length].lower() == _HASH_PREFIX else document_id
    return bare.lower() if _HASH.fullmatch(bare) else bare


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _weight(text: str) -> int:
    """Of an organization's characters: a text's own length, and never less than its share."""
    return max(len(text), _MAX_CHARACTERS // _MAX_DOCUMENTS)
