"""The namespace into which a command records."""

from gateway.cli.console import note
from gateway.context import Namespace
from gateway.errors import BadUserInput
from gateway.interchange.rehearsal import Rehearsal
from gateway.store.tenancy import Tenancy


async def target_namespace(tenancy: Tenancy, organization: str, name: str, *, creates: bool, is_dry: bool) -> Namespace:
    """The organization's namespace of this name; ``creates``: both are made where there are none, unless ``is_dry``.

    Raises BadUserInput where there is none and none is to be made.
    """
    if creates and not is_dry:
        owner = await tenancy.create_organization(organization)
        target, created = await tenancy.create_namespace(owner, name)
        if created:
            note(f"Made the namespace {target.name} ({target.id}) of {owner.name}.")
        return target
    found = await tenancy.find_organization(organization)
    namespace = None if found is None else await tenancy.find_namespace(found.id, name)
    if namespace is not None:
        return namespace
    if creates:
        return Rehearsal.NAMESPACE
    missing = (
        f"There is no organization {organization!r}"
        if found is None
        else f"The organization {organization} has no namespace {name!r}"
    )
    raise BadUserInput(f"{missing}: look at its spelling, or give --create to make it.")
