"""The namespace that a command works in, named by its options."""

from typing import Annotated

import typer

from gateway.context import Namespace
from gateway.errors import BadUserInput
from gateway.store.client import Database
from gateway.store.tenancy import Tenancy

OrganizationName = Annotated[str, typer.Option("--organization", help="The organization's name.")]
NamespaceName = Annotated[str, typer.Option("--namespace", help="The namespace's name or id.")]


async def named_namespace(database: Database, organization: str, namespace: str) -> Namespace:
    """Raises BadUserInput where there is no such organization, or it has no such namespace."""
    tenancy = Tenancy(database)
    owner = await tenancy.organization(organization)
    found = await tenancy.find_namespace(owner.id, namespace)
    if found is None:
        raise BadUserInput(f"{organization} has no namespace {namespace!r}.")
    return found
