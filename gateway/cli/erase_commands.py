"""``gateway erase``: what is erased of a namespace, by a job that this command does itself."""

from typing import Annotated

import orjson
import typer

from gateway.cli.console import AsJson
from gateway.cli.job_output import finish
from gateway.cli.namespace_option import NamespaceName, OrganizationName, named_namespace
from gateway.compiler.saved_where import interaction_predicate
from gateway.context import Reach
from gateway.errors import BadUserInput
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan import erasures
from gateway.plan.access_path import choose_access_path
from gateway.plan.erasures import Erasure
from gateway.store.client import Database, Document
from gateway.store.index_creation import create_indexes
from gateway.store.jobs.job_repository import Jobs

commands = typer.Typer(
    help="""Erase a user, a session, a search request or interactions. Where a command is interrupted, a running gateway
goes on with what it began.""",
    no_args_is_help=True,
)


@commands.command("user")
def erase_user(
    user_id: Annotated[str, typer.Argument(help="The user's id, as it was recorded.")],
    organization: OrganizationName,
    namespace: NamespaceName,
    as_json: AsJson = False,
) -> None:
    """Erase what was recorded of a user."""
    _erase(erasures.of_user(_given(user_id), alone=False), organization, namespace, as_json)


@commands.command("session")
def erase_session(
    session_id: Annotated[str, typer.Argument(help="The session's id.")],
    organization: OrganizationName,
    namespace: NamespaceName,
    as_json: AsJson = False,
) -> None:
    """Erase a session, whoever was in it."""
    _erase(erasures.of_session(_given(session_id)), organization, namespace, as_json)


@commands.command("search-request")
def erase_search_request(
    search_request_id: Annotated[str, typer.Argument(help="The search request's id.")],
    organization: OrganizationName,
    namespace: NamespaceName,
    with_interactions: Annotated[
        bool, typer.Option("--with-interactions", help="The interactions that it led to, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a search request; the interactions that it led to lose their copy of it."""
    erasure = erasures.of_search_request(_given(search_request_id), with_interactions=with_interactions)
    _erase(erasure, organization, namespace, as_json)


@commands.command("interactions")
def erase_interactions(
    where: Annotated[
        str, typer.Option(help='Which ones: an InteractionWhere as JSON, such as \'{"featureId": {"eq": "p1"}}\'.')
    ],
    organization: OrganizationName,
    namespace: NamespaceName,
    as_json: AsJson = False,
) -> None:
    """Delete the interactions that match a filter; their search requests are kept."""
    _erase(_of_interactions(where), organization, namespace, as_json)


def _given(id: str) -> str:
    if not id:
        raise typer.BadParameter("An id has at least one character.")
    return id


def _of_interactions(where: str) -> Erasure:
    try:
        demanded = orjson.loads(where)
        predicate = interaction_predicate(demanded)
    except orjson.JSONDecodeError as error:
        raise BadUserInput(f"--where is no JSON: {error}.") from None
    if predicate.nothing:
        raise BadUserInput("This filter matches nothing, whatever is recorded.")
    if predicate.outcome_at:
        raise BadUserInput("Interactions can't be deleted by `outcome`: that changes while they are.")
    if (empty := erasures.demands_nothing_at(demanded)) is not None:
        raise BadUserInput(erasures.DEMANDS_NOTHING, path=empty)
    path = choose_access_path(INTERACTION, time_order(INTERACTION, descending=True), predicate)
    return erasures.of_interactions(path, predicate.times)


def _erase(erasure: Erasure, organization: str, namespace: str, as_json: bool) -> None:
    async def start(database: Database) -> Document:
        reach = Reach(await named_namespace(database, organization, namespace))
        await create_indexes(database)
        return await Jobs(database).start(reach, erasure)

    finish(start, as_json, "Erasing")
