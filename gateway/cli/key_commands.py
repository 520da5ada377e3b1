"""``gateway keys``: what callers authenticate with."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from gateway.cli.console import AsJson, note, print_json, print_line, print_table, timestamp, warn
from gateway.cli.store_connection import run
from gateway.context import KeyBounds, Permission, Rate
from gateway.model.page_origins import page_origins
from gateway.settings import Settings, load
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from gateway.store.keys import IssuedKey, Key, Keys
from gateway.store.tenancy import Tenancy

commands = typer.Typer(help="Keys: what callers authenticate with.", no_args_is_help=True)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)
_DEFAULT_GRACE = timedelta(hours=24)
_OF_PROGRAMS, _OF_PAGES = (Permission.READ, Permission.WRITE), (Permission.RECORD,)

Origins = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN",
        help="The origin of pages that alone may use the key, as in https://shop.example; give it several times for "
        "several. Default: whoever has the key.",
    ),
]
RateLimit = Annotated[
    int | None, typer.Option(min=1, metavar="POINTS", help="Points that the key has when it has spent none.")
]
RestoreRate = Annotated[
    int | None, typer.Option(min=1, metavar="POINTS", help="Points that come back each second; with --rate-limit.")
]

KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="As `gateway keys list` shows it: key_…")]


def _duration(text: str) -> timedelta:
    """``30d``, ``24h``, ``15m``, ``1s`` or ``2w``; typer.BadParameter for anything else or more than 100 years."""
    match = re.fullmatch(r"([0-9]{1,10})([smhdw])", text)
    duration = None if match is None else timedelta(**{_UNITS[match[2]]: int(match[1])})
    if duration is None or duration > _LONGEST:
        raise typer.BadParameter("expected a number and a unit, as in 1s, 15m, 24h, 30d or 2w; at most 36500d.")
    return duration


def _lifetime(text: str) -> timedelta:
    """A duration that isn't zero."""
    duration = _duration(text)
    if not duration:
        raise typer.BadParameter("expected at least 1s.")
    return duration


@commands.command()
def create(
    organization: Annotated[str, typer.Option(help="The organization's name; made where there is none.")],
    name: Annotated[str, typer.Option(help="A label that tells what the key is for.")],
    permission: Annotated[
        list[Permission] | None,
        typer.Option(
            help="What the key may do; give it several times for several. Default: read and write; with --origin, "
            "record."
        ),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(help="The namespace of requests that don't name one; made where there is none."),
    ] = None,
    expires_in: Annotated[
        timedelta | None,
        typer.Option(parser=_lifetime, metavar="DURATION", help="As in 30d, 24h or 1s. Default: never."),
    ] = None,
    confined: Annotated[
        bool, typer.Option("--confined", help="The key may name no other namespace than that of --namespace.")
    ] = False,
    origin: Origins = None,
    rate_limit: RateLimit = None,
    restore_rate: RestoreRate = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show its secret, this once."""
    bounds = KeyBounds(page_origins(origin) if origin else None, confined, _rate(rate_limit, restore_rate))
    if confined and namespace is None:
        raise typer.BadParameter("a key that is confined to a namespace needs one: --namespace.")

    async def work(database: Database) -> IssuedKey:
        tenancy = Tenancy(database)
        await create_indexes(database)
        owner = await tenancy.create_organization(organization)
        default_namespace_id = None
        if namespace is not None:
            default, created = await tenancy.create_namespace(owner, namespace)
            default_namespace_id = default.id
            if created:
                note(f"Made the namespace {default.name} ({default.id}).")
        return await Keys(database).create(
            owner,
            name=name,
            permissions=frozenset(permission or (_OF_PAGES if origin else _OF_PROGRAMS)),
            default_namespace_id=default_namespace_id,
            lifetime=expires_in,
            bounds=bounds,
        )

    issued = run(work)
    if as_json:
        print_json(_issued(issued))
    else:
        _print_issued(issued)


def _rate(limit: int | None, restore_rate: int | None) -> Rate | None:
    """The rate limit of these options; typer.BadParameter where one of them is missing."""
    if limit is None and restore_rate is None:
        return None
    if limit is None or restore_rate is None:
        raise typer.BadParameter("--rate-limit and --restore-rate are given together.")
    rate, all_keys = Rate(limit, restore_rate), load(Settings).point_limits
    if not all_keys.restore:
        warn("GATEWAY_RATE_LIMIT_RESTORE is 0: a gateway with this setting limits no key.")
    elif rate.within(Rate(all_keys.burst, all_keys.restore)) != rate:
        warn(f"Every key is limited to {all_keys.burst:,} points, of which {all_keys.restore:,} come back each second.")
    return rate


@commands.command("list")
def list_keys(
    organization: Annotated[str | None, typer.Option(help="Only this organization's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List keys, the oldest first; expired and revoked ones too."""

    async def work(database: Database) -> list[Key]:
        owner = None if organization is None else await Tenancy(database).organization(organization)
        return await Keys(database).oldest_first(owner)

    listed = [_listed(key, datetime.now(UTC)) for key in run(work)]
    if as_json:
        print_json(listed)
    else:
        _print_keys(listed)


def _print_keys(listed: Sequence[Mapping[str, Any]]) -> None:
    # A terminal has no room for a column that is empty.
    are_bound = any(row["origins"] for row in listed)
    of_pages = ("origins",) if are_bound else ()
    columns = ("key id", "name", "organization", "permissions", *of_pages, "state", "created", "expires", "last used")
    print_table(
        columns,
        [
            (
                row["keyId"],
                row["name"],
                row["organization"],
                ", ".join(row["permissions"]),
                *((", ".join(row["origins"]),) if are_bound else ()),
                row["state"],
                row["createdAt"],
                row["expiresAt"],
                row["lastUsedAt"],
            )
            for row in listed
        ],
    )


@commands.command()
def limit(
    key_id: KeyId,
    rate_limit: RateLimit = None,
    restore_rate: RestoreRate = None,
    as_json: AsJson = False,
) -> None:
    """Give a key a rate limit of its own, within the gateway's; without options take it away."""
    rate = _rate(rate_limit, restore_rate)
    run(lambda database: Keys(database).limit(key_id, rate))
    if as_json:
        print_json({"keyId": key_id, "rateLimit": _shown(rate)})
    elif rate is None:
        print_line(f"{key_id} has no rate limit of its own.")
    else:
        print_line(f"{key_id} has up to {rate.burst:,} points, of which {rate.restore:,} come back each second.")


@commands.command()
def revoke(key_id: KeyId, as_json: AsJson = False) -> None:
    """End a key; no worker accepts it 5 seconds later."""
    key = run(lambda database: Keys(database).revoke(key_id))
    revoked_at = timestamp(key.revoked_at)
    if as_json:
        print_json({"keyId": key_id, "revokedAt": revoked_at})
    else:
        print_line(f"Revoked {key_id} at {revoked_at}.")


@commands.command()
def rotate(
    key_id: KeyId,
    grace: Annotated[
        timedelta | None,
        typer.Option(
            parser=_duration, metavar="DURATION", help="For how long the old key goes on working. Default: 24h."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replace a key by one with the same name, rights, namespace, origins, limit and lifetime; show its secret, this
    once."""
    overlap = _DEFAULT_GRACE if grace is None else grace
    issued, old = run(lambda database: Keys(database).rotate(key_id, grace=overlap))
    old_expires_at = timestamp(old.expires_at)
    if as_json:
        print_json({**_issued(issued), "replaces": {"keyId": key_id, "expiresAt": old_expires_at}})
    else:
        _print_issued(issued)
        print_line(f"It replaces {key_id}, which works until {old_expires_at}.")


def _issued(issued: IssuedKey) -> Mapping[str, Any]:
    caller = issued.key.caller
    return {
        "key": issued.secret,
        "keyId": caller.id,
        "organization": caller.organization.name,
        "permissions": _permissions(issued.key),
        "expiresAt": timestamp(issued.key.expires_at),
    }


def _print_issued(issued: IssuedKey) -> None:
    caller = issued.key.caller
    print_line(issued.secret)
    print_line(
        f"{caller.id} of {caller.organization.name} may {', '.join(_permissions(issued.key))}; "
        f"expires: {timestamp(issued.key.expires_at) or 'never'}. The secret above is not shown again."
    )


def _listed(key: Key, now: datetime) -> Mapping[str, Any]:
    state = "active" if key.is_valid(now) else "expired" if key.revoked_at is None else "revoked"
    return {
        "keyId": key.caller.id,
        "name": key.caller.name,
        "organization": key.caller.organization.name,
        "defaultNamespaceId": key.caller.default_namespace_id,
        "permissions": _permissions(key),
        "state": state,
        "createdAt": timestamp(key.created_at),
        "expiresAt": timestamp(key.expires_at),
        "revokedAt": timestamp(key.revoked_at),
        "lastUsedAt": timestamp(key.last_used_at),
        "confined": key.bounds.confined,
        "origins": sorted(key.bounds.origins or ()),
        "rateLimit": _shown(key.bounds.rate),
    }


def _shown(rate: Rate | None) -> Mapping[str, int] | None:
    return None if rate is None else {"limit": rate.burst, "restoreRate": rate.restore}


def _permissions(key: Key) -> list[str]:
    return [permission.value for permission in Permission if permission in key.caller.permissions]
