"""``gateway audit``: what was administered or deleted, and by whom."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from gateway.cli.console import AsJson, print_json, print_table, timestamp
from gateway.cli.store_connection import run
from gateway.context import CallerKind
from gateway.store.audit import Actor, Audit, Entry
from gateway.store.client import Database
from gateway.store.tenancy import Tenancy

_MOST = 10_000


def audit(
    organization: Annotated[str | None, typer.Option(help="Only this organization's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many entries to list at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what was administered or deleted, the newest first; an entry doesn't tell whether it succeeded."""
    listed = run(lambda database: _list(database, organization, limit))
    if as_json:
        print_json(listed)
    else:
        print_table(
            ("at", "action", "by", "organization", "namespace", "object"),
            [
                (
                    row["at"],
                    row["action"],
                    _by(row),
                    row["organization"],
                    row["namespaceId"],
                    row["objectId"],
                )
                for row in listed
            ],
        )


async def _list(database: Database, organization: str | None, limit: int) -> list[Mapping[str, Any]]:
    owners = await Tenancy(database).organizations(organization)
    names = {owner.id: owner.name for owner in owners}
    entries = await Audit(database).latest(limit, None if organization is None else owners[0].id)
    return [_listed(entry, names.get(entry.organization_id)) for entry in entries]


def _listed(entry: Entry, organization: str | None) -> Mapping[str, Any]:
    actor = entry.actor
    return {
        "at": timestamp(entry.at),
        "action": entry.action,
        # Both null where somebody was at the command line.
        "key": _named(actor, CallerKind.KEY, "keyId"),
        "token": _named(actor, CallerKind.TOKEN, "tokenId"),
        "organization": organization,
        "namespaceId": entry.namespace_id,
        "objectId": entry.object_id,
    }


def _named(actor: Actor | None, kind: CallerKind, id_name: str) -> Mapping[str, str] | None:
    return {id_name: actor.id, "name": actor.name} if actor is not None and actor.kind is kind else None


def _by(row: Mapping[str, Any]) -> str:
    actor = row["key"] or row["token"]
    return " ".join(actor.values()) if actor else "command line"
