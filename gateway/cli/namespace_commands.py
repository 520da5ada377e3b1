"""``gateway namespaces``: the partitions that an organization's data is kept in."""

from typing import Annotated

import typer

from gateway.cli.console import AsJson, print_json, print_line, print_table, timestamp
from gateway.cli.job_output import finish
from gateway.cli.namespace_option import OrganizationName, named_namespace
from gateway.cli.store_connection import run
from gateway.context import Namespace, Organization
from gateway.store.client import Database, Document
from gateway.store.index_creation import create_indexes
from gateway.store.jobs.job_repository import Jobs
from gateway.store.tenancy import MAX_RETENTION_DAYS, Tenancy

commands = typer.Typer(help="Namespaces: the partitions that an organization's data is kept in.", no_args_is_help=True)


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="1 to 64 letters, digits, '.', '_' or '-'; unique in its organization.")],
    organization: Annotated[str, typer.Option(help="The organization's name; made where there is none.")],
    as_json: AsJson = False,
) -> None:
    """Make a namespace; where there is one of this name, say which."""
    owner, namespace, created = run(lambda database: _create(database, organization, name))
    if as_json:
        print_json({"namespaceId": namespace.id, "name": namespace.name, "organization": owner.name})
    else:
        print_line(f"{namespace.id}  {namespace.name} of {owner.name}{'' if created else ', already there'}")


@commands.command("list")
def list_namespaces(
    organization: Annotated[str | None, typer.Option(help="Only this organization's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the namespaces of every organization, or of one."""
    listed = run(lambda database: _list(database, organization))
    if as_json:
        print_json(
            [
                {
                    "namespaceId": namespace.id,
                    "name": namespace.name,
                    "organization": owner.name,
                    "createdAt": timestamp(namespace.created_at),
                }
                for owner, namespace in listed
            ]
        )
    else:
        print_table(
            ("namespace id", "name", "organization", "created"),
            [
                (namespace.id, namespace.name, owner.name, timestamp(namespace.created_at))
                for owner, namespace in listed
            ],
        )


@commands.command()
def retain(
    name: Annotated[str, typer.Argument(help="The namespace's name or id.")],
    organization: OrganizationName,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_RETENTION_DAYS, help="After how many days what happened is erased.", show_default=False
        ),
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Nothing is erased for its age.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say how long a namespace keeps what is recorded; a running gateway erases what is older, each hour."""
    if (days is None) is not forever:
        raise typer.BadParameter("Give either --days or --forever.")

    async def work(database: Database) -> Namespace:
        namespace = await named_namespace(database, organization, name)
        await create_indexes(database)
        return await Tenancy(database).set_retention(namespace, days)

    namespace = run(work)
    if as_json:
        print_json({"namespaceId": namespace.id, "name": namespace.name, "retentionDays": namespace.retention_days})
    else:
        kept = "for good" if namespace.retention_days is None else f"for {namespace.retention_days:,} days"
        print_line(f"{namespace.id}  {namespace.name} keeps what is recorded {kept}")


@commands.command()
def delete(
    name: Annotated[str, typer.Argument(help="The namespace's name or id.")],
    organization: OrganizationName,
    confirm: Annotated[str, typer.Option(help="The namespace's name once more, which confirms that it is the one.")],
    as_json: AsJson = False,
) -> None:
    """Delete a namespace with all that it holds; where this is interrupted, a running gateway goes on with it."""

    async def start(database: Database) -> Document:
        namespace = await named_namespace(database, organization, name)
        await create_indexes(database)
        owner = await Tenancy(database).organization(organization)
        return await Jobs(database).start_removal(owner, namespace.id, confirm)

    finish(start, as_json, "Deleting")


async def _create(database: Database, organization: str, name: str) -> tuple[Organization, Namespace, bool]:
    tenancy = Tenancy(database)
    await create_indexes(database)
    owner = await tenancy.create_organization(organization)
    namespace, created = await tenancy.create_namespace(owner, name)
    return owner, namespace, created


async def _list(database: Database, organization: str | None) -> list[tuple[Organization, Namespace]]:
    tenancy = Tenancy(database)
    owners = await tenancy.organizations(organization)
    return [(owner, namespace) for owner in owners for namespace in await tenancy.namespaces(owner)]
