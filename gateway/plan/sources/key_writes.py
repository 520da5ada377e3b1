"""The mutations of keys: each with its command and its payload, in which a secret stands once."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.context import Context, KeyBounds, Permission, Rate
from gateway.errors import BadUserInput
from gateway.model.page_origins import page_origins
from gateway.plan.commands import Document
from gateway.plan.cost import KEY_CHANGED
from gateway.plan.sources.input_values import InputValue
from gateway.plan.sources.source import Source, SourceArguments
from gateway.plan.sources.writes import BoundWrite, require_done
from gateway.plan.write_commands import CreateKey, LimitKey, RevokeKey, WriteCommand

_NAMES = {"key_id": "keyId", "default_namespace": "defaultNamespace", "rate": "rateLimit"}


@dataclass(frozen=True, slots=True)
class KeyCreation(Source):
    """A key to make."""

    def bind(self, arguments: SourceArguments) -> "BoundKeyCreation":
        return BoundKeyCreation(arguments.input())


@dataclass(frozen=True, slots=True)
class KeyRevocation(Source):
    """A key to end."""

    def bind(self, arguments: SourceArguments) -> "BoundKeyRevocation":
        return BoundKeyRevocation(arguments.input())


@dataclass(frozen=True, slots=True)
class KeyLimiting(Source):
    """A rate limit to give to a key."""

    def bind(self, arguments: SourceArguments) -> "BoundKeyLimiting":
        return BoundKeyLimiting(arguments.input())


@dataclass(frozen=True, slots=True)
class _BoundKeyWrite(BoundWrite):
    input: InputValue

    @property
    def in_namespace(self) -> bool:
        return False

    @property
    def surcharge(self) -> int:
        return KEY_CHANGED

    @abstractmethod
    def command(self, context: Context) -> WriteCommand: ...

    def payload(self, result: Any, context: Context) -> Document:
        require_done(result, _NAMES)
        return {"key": _document(result)}


@dataclass(frozen=True, slots=True)
class BoundKeyCreation(_BoundKeyWrite):
    """The making of one key."""

    def command(self, context: Context) -> CreateKey:
        values, lifetime = self.input.value, None
        if not values["permissions"]:
            raise BadUserInput("A key needs a permission.", path=("input", "permissions"))
        if (expires_at := values.get("expiresAt")) is not None:
            lifetime = expires_at - datetime.now(UTC)
            if lifetime.total_seconds() <= 0:
                raise BadUserInput("A key must expire later than now.", path=("input", "expiresAt"))
        return CreateKey(
            name=values["name"],
            permissions=frozenset(Permission(permission.value) for permission in values["permissions"]),
            namespace=values.get("defaultNamespace"),
            lifetime=lifetime,
            bounds=_bounds(values),
            caller=context.caller,
        )

    def payload(self, result: Any, context: Context) -> Document:
        require_done(result, _NAMES)
        return {"key": _document(result.key), "secret": result.secret}


@dataclass(frozen=True, slots=True)
class BoundKeyRevocation(_BoundKeyWrite):
    """The end of one key."""

    def command(self, context: Context) -> RevokeKey:
        return RevokeKey(self.input.value["keyId"], context.caller)


@dataclass(frozen=True, slots=True)
class BoundKeyLimiting(_BoundKeyWrite):
    """The rate limit of one key."""

    def command(self, context: Context) -> LimitKey:
        values = self.input.value
        return LimitKey(values["keyId"], _rate(values.get("rateLimit")), context.caller)


def _bounds(values: Mapping[str, Any]) -> KeyBounds:
    """How far a key reaches, as its input says; raises `BadUserInput` with a path from ``input`` down."""
    try:
        origins = None if values.get("origins") is None else page_origins(values["origins"])
    except BadUserInput as error:
        raise BadUserInput(error.message, path=("input", *error.path)) from None
    return KeyBounds(origins, bool(values.get("confined")), _rate(values.get("rateLimit")))


def _rate(given: Any) -> Rate | None:
    return None if given is None else Rate(given["limit"], given["restoreRate"])


def _document(key: Any) -> Document:
    """A key as the readings of its type expect it."""
    caller = key.caller
    rate = caller.rate
    return {
        "key_id": caller.id,
        "name": caller.name,
        "permissions": [permission for permission in Permission if permission in caller.permissions],
        "default_namespace_id": caller.default_namespace_id,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "replaced_by": key.replaced_by,
        "points_spent": key.points_spent,
        "rate": None if rate is None else {"limit": rate.burst, "restore_rate": rate.restore},
        "confined": caller.namespaces is not None,
        "origins": sorted(caller.origins or ()),
    }
