"""The keys of an organization, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Context, Permission
from gateway.model.kinds import Order
from gateway.plan.access_path import filter_of
from gateway.plan.commands import Document, Find, ReadCommand
from gateway.plan.cost import reading_points
from gateway.plan.paging import Page, Window, page
from gateway.plan.sources.organization_listings import BoundOrganizationListing
from gateway.plan.sources.source import Source, SourceArguments

_LATEST_FIRST = Order("keys.created_at.desc", "created_at", descending=True)
_FIELDS = (
    *("name", "default_namespace_id", "created_at", "expires_at", "revoked_at", "last_used_at", "replaced_by"),
    *("permissions", "points_spent", "rate", "confined", "origins"),
)
# Each by its name: the hash of the secret is never read.
_PROJECTION = {"_id": 1, **dict.fromkeys(_FIELDS, 1)}


@dataclass(frozen=True, slots=True)
class KeyScan:
    """The keys of one organization that match ``condition``."""

    organization_id: str
    condition: Document

    @property
    def collection(self) -> str:
        return "keys"

    @property
    def filters(self) -> list[Document]:
        # The last key: nothing in the condition can replace it.
        return [{**self.condition, "organization_id": self.organization_id}]


@dataclass(frozen=True, slots=True)
class KeyListing(Source):
    """The keys of the caller's organization, the latest first."""

    @property
    def page_type(self) -> str:
        return "Key"

    def bind(self, arguments: SourceArguments) -> "BoundKeyListing":
        return BoundKeyListing(Window.of(arguments.values, _LATEST_FIRST, arguments.page_size), arguments.variables)


@dataclass(frozen=True, slots=True)
class BoundKeyListing(BoundOrganizationListing):
    """A page of keys."""

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        window = self.window
        direction = -1 if window.descending else 1
        scan = KeyScan(context.caller.organization.id, filter_of(window))
        sort = (("created_at", direction), ("_id", direction))
        return (Find(scan, _PROJECTION, sort, window.limit, "organization"),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Page, int]:
        elements = page(self.window, [key_document(stored) for stored in results[0]])
        return elements, reading_points(len(elements.documents))


def key_document(stored: Mapping[str, Any]) -> Document:
    """A stored key as the readings of its type expect it."""
    # What is no list, or no object, others stored: it spoils no page.
    rate, permissions = stored.get("rate"), stored.get("permissions")
    known = permissions if isinstance(permissions, list) else []
    return {
        **stored,
        "key_id": stored["_id"],
        "permissions": [permission for permission in Permission if permission.value in known],
        "rate": {"limit": rate.get("burst"), "restore_rate": rate.get("restore")} if isinstance(rate, dict) else None,
    }
