"""Keys, as who may administer an organization sees them."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from gateway import context
from gateway.model.page_origins import MAX_ORIGINS
from gateway.model.secret_keys import MAX_KEYS
from gateway.plan.sources.key_listings import KeyListing
from gateway.plan.sources.key_writes import KeyCreation, KeyLimiting, KeyRevocation
from gateway.plan.sources.source import Source
from gateway.schema.connections import After, Before, First, Last, PageInfo, edge_cursor
from gateway.schema.enums import Permission
from gateway.schema.readings import Attribute, embedded, fetched, field, stored
from gateway.schema.scalars import DateTime
from gateway.schema.stored_readings import ListOrEmpty, ValueOr


@strawberry.type(description="A rate limit of a key's own.")
class KeyRateLimit:
    limit: int = stored("limit", description="How many points there are when none are spent.")
    restore_rate: int = stored("restore_rate", description="How many come back each second.")


@strawberry.type(description="A key of the organization. Its secret is told once, when it is made.")
class Key:
    key_id: strawberry.ID = stored("key_id", description="The key's id, which is no secret.")
    name: str = stored("name", description="The label that the key was given when it was made.")
    permissions: list[Permission] = stored("permissions", description="What the key may do.")
    default_namespace_id: strawberry.ID | None = stored(
        "default_namespace_id", description="The namespace of requests that name none; null where there is no such."
    )
    created_at: DateTime = stored("created_at", description="When it was made.")
    expires_at: DateTime | None = stored("expires_at", description="When it expires; null where it doesn't.")
    revoked_at: DateTime | None = stored("revoked_at", description="When it was ended; null where it wasn't.")
    last_used_at: DateTime | None = stored(
        "last_used_at", description="When it was last used, by a minute; null where it never was."
    )
    replaced_by: strawberry.ID | None = stored(
        "replaced_by", description="The id of the key that it was rotated to; null where it wasn't."
    )
    points_spent: float = stored(
        ValueOr("points_spent", 0),
        description="""How many points it has spent so far, by some seconds; 0 where the gateway has no rate limit, and
counts none.""",
    )
    rate_limit: KeyRateLimit | None = embedded(
        "rate", description="The rate limit of its own; null where it has the one that all keys have."
    )
    confined: bool = stored(
        ValueOr("confined", False), description="Whether it may name no namespace but its default one."
    )
    origins: list[str] = stored(
        ListOrEmpty("origins"),
        description="The origins of the pages that alone may use it; empty where whoever has it may.",
    )


@strawberry.type(description="A key and its place in the connection.")
class KeyEdge:
    cursor: str = edge_cursor()
    node: Key = field(Attribute("document"), "The key.")


@strawberry.type(description="A page of keys.")
class KeyConnection:
    edges: list[KeyEdge] = field(Attribute("edges"), "The page's keys with their cursors.")
    nodes: list[Key] = field(Attribute("documents"), "The page's keys.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")


def _keys(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> None: ...


def organization_keys() -> Any:
    """The field that lists the keys of the caller's organization."""
    return fetched(
        KeyListing(),
        """The keys of the organization, the latest first; expired and revoked ones too. The caller must have the ADMIN
permission.""",
        signature=_keys,
        permission=context.Permission.ADMIN,
        in_subgraph=False,
    )


@strawberry.input(description="A rate limit of a key's own, within the one that all keys have.")
class KeyRateLimitInput:
    limit: int = strawberry.field(description="How many points there are when none are spent: 1 or more.")
    restore_rate: int = strawberry.field(description="How many come back each second: 1 or more.")


_RATE_LIMIT = "A rate limit of its own; without, or null, it has the one that all keys have."
_KEY_ID = "The key's id, one of the organization's."


@strawberry.input(description="A key to make.")
class CreateKeyInput:
    name: str = strawberry.field(
        description="""A label that tells what the key is for: 1 to 128 printable characters, with no space at either
end."""
    )
    permissions: list[Permission] = strawberry.field(description="What the key may do: at least one.")
    default_namespace: strawberry.ID | None = strawberry.field(
        description="The namespace of requests that name none, by its name or id.", default=strawberry.UNSET
    )
    expires_at: DateTime | None = strawberry.field(
        description="When it expires; without, or null, it doesn't.", default=strawberry.UNSET
    )
    rate_limit: KeyRateLimitInput | None = strawberry.field(description=_RATE_LIMIT, default=strawberry.UNSET)
    confined: bool | None = strawberry.field(
        description="Whether it may name no namespace but its default one; without, it may name all of them.",
        default=strawberry.UNSET,
    )
    origins: list[str] | None = strawberry.field(
        description=f"""The origins of the pages that alone may use it, such as `https://shop.example`: 1 to
{MAX_ORIGINS}. A request is refused unless its header `Origin` names one of them; without, or null, whoever has the key
may use it.""",
        default=strawberry.UNSET,
    )


@strawberry.input(description="Which key to end.")
class RevokeKeyInput:
    key_id: strawberry.ID = strawberry.field(description=_KEY_ID)


@strawberry.input(description="Which key to limit, and how.")
class LimitKeyInput:
    key_id: strawberry.ID = strawberry.field(description=_KEY_ID)
    rate_limit: KeyRateLimitInput | None = strawberry.field(description=_RATE_LIMIT, default=strawberry.UNSET)


@strawberry.type(description="The key that was made.")
class CreateKeyPayload:
    key: Key = embedded("key", description="The key as it is stored.")
    secret: str = stored(
        "secret",
        description="What `Authorization: Bearer` takes. It is told this once: only a hash of it is stored.",
    )


@strawberry.type(description="The key that was ended.")
class RevokeKeyPayload:
    key: Key = embedded("key", description="The key as it is stored.")


@strawberry.type(description="The key that was limited.")
class LimitKeyPayload:
    key: Key = embedded("key", description="The key as it is stored.")


def _create_key(
    input: Annotated[CreateKeyInput, strawberry.argument(description="The key to make.")],
) -> None: ...


def _revoke_key(
    input: Annotated[RevokeKeyInput, strawberry.argument(description="Which key.")],
) -> None: ...


def _limit_key(
    input: Annotated[LimitKeyInput, strawberry.argument(description="Which key, and its limit.")],
) -> None: ...


def _administered(source: Source, description: str, signature: Callable[..., None]) -> Any:
    return fetched(
        source,
        f"{description} The caller must have the ADMIN permission.",
        signature=signature,
        permission=context.Permission.ADMIN,
        in_subgraph=False,
    )


def key_creation() -> Any:
    return _administered(
        KeyCreation(), f"Makes a key of the organization, which may have up to {MAX_KEYS:,}.", _create_key
    )


def key_revocation() -> Any:
    return _administered(
        KeyRevocation(),
        """Ends a key of the organization: requests are refused within seconds. One that was ended before keeps its
time.""",
        _revoke_key,
    )


def key_limiting() -> Any:
    return _administered(
        KeyLimiting(), "Gives a key of the organization a rate limit of its own, or takes it away.", _limit_key
    )
