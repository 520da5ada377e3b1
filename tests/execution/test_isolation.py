"""Every way to name what is another namespace's: it is answered like what isn't there, from the same commands."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
)

from gateway.context import Namespace
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.document_ids import document_id
from gateway.model.filter_trees.canonical import value_hash
from gateway.model.jobs import COUNTS, JOB
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.model.wire import validate_interaction
from gateway.plan import global_ids
from gateway.schema.federation_keys import composition_of
from gateway.store.tenancy import NAMESPACES
from tests.harness.command_log import Command, as_json, commands, modulo
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.jobs import jobs_done
from tests.harness.live_client import served, socket

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = "2024-05-01T12:00:00.000Z"
LATER = "2024-05-01T12:00:01.000Z"
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
# What the namespace that is attacked has and nobody else, and what nobody has: of one length and first letter, which
# patterns tell.
FOREIGN = {
    "interaction": "secret-i",
    "request": "secret-r",
    "session": "secret-s",
    "feature": "secret-f",
    "percolator": "secret-p",
    "job": "secret-j",
}
MISSING = {kind: name.replace("secret", "sought") for kind, name in FOREIGN.items()}


def recording(names: Mapping[str, str], owner: Namespace) -> Any:
    return validate_interaction(
        {
            "interaction_id": names["interaction"],
            "feature_id": names["feature"],
            "interaction_type": "view",
            "position": 2 if names["interaction"].startswith("own") else 1,
            "session_id": names["session"],
            # On one side of a cursor for what is foreign or missing.
            "occurred_at": LATER if names["interaction"].startswith("own") else AT,
            "user_id": names["session"],
            "metadata": {"owner": owner.id, "named": names["interaction"], names["interaction"]: "named"},
            "search_request": {
                "search_request_id": names["request"],
                "session_id": names["session"],
                "user_id": names["session"],
                "queries": [{"vector_index": "text", "type": "text", "value": names["request"]}],
                "collections": [owner.id, names["request"]],
                "filters": {
                    "AND": [
                        {"key": "owner", "value": owner.id},
                        {"key": names["request"], "value": "named"},
                        {"key": "owner", "value": names["request"]},
                    ]
                },
            },
        }
    )


def percolator(names: Mapping[str, str], owner: Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """A stored percolator, and a match of it."""
    id = names["percolator"]
    # On one side of a cursor for what is foreign or missing: they are listed the first first.
    at = NOON - timedelta(seconds=1) if id.startswith("own") else NOON
    saved = {
        "_id": document_id(owner.id, "percolator", id),
        "percolator_id": id,
        "name": id,
        "where": '{"featureId": {"eq": "f"}}',
        "enabled": True,
        "created_at": at,
    }
    match = {
        "_id": document_id(owner.id, "percolator_match", f"{id}:{names['interaction']}"),
        "percolator_id": id,
        "interaction_id": names["interaction"],
        "happened": 1 if id.startswith("own") else 2,
        "matched_at": at,
        "matched": [owner.id],
    }
    return {**saved, "namespace_id": owner.id}, {**match, "namespace_id": owner.id}


async def percolate(house: Gateway, names: Mapping[str, str], owner: Namespace) -> None:
    for kind, document in zip((PERCOLATOR, PERCOLATOR_MATCH), percolator(names, owner), strict=True):
        await house.database[kind.collection].insert_one(document)


async def begin_job(house: Gateway, names: Mapping[str, str], owner: Namespace) -> None:
    """A job that has ended, so that nobody works on it."""
    id = names["job"]
    job = {
        "_id": document_id(owner.id, "job", id),
        "job_id": id,
        "kind": "user",
        "state": "done",
        "done": 0,
        **dict.fromkeys(COUNTS, 0),
    }
    at = NOON + timedelta(seconds=1 if id.startswith("own") else 0)
    await house.database[JOB.collection].insert_one({**job, "created_at": at, "namespace_id": owner.id})


@dataclass(frozen=True)
class Attacker:
    """A client that has a namespace of its own and tries to reach into ``victim``."""

    gateway: Gateway
    namespace: Namespace
    key: str
    same_organization: bool
    victim: Namespace

    async def ask(self, document: str, variables: Mapping[str, Any]) -> tuple[Any, list[Command]]:
        with commands() as sent:
            answer = await self.gateway.execute(document, variables, key=self.key, namespace=self.namespace.id)
        return answer, as_json(sent)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module", params=["another organization", "another namespace"])
async def attacker(house: Gateway, request: pytest.FixtureRequest) -> Attacker:
    """Whose namespace has objects of its own under the ids "own-…"; the victim's has those of `FOREIGN`."""
    for kind in (INTERACTION, SEARCH_REQUEST, PERCOLATOR, PERCOLATOR_MATCH, JOB):
        await house.database[kind.collection].delete_many({})
    archive, _ = await house.tenancy.create_namespace(house.organization, "archive")
    same = request.param == "another namespace"
    namespace, key = (archive, house.key) if same else (house.other_namespace, house.other_key)
    own = {name: f"own-{name[0]}" for name in FOREIGN}
    await house.writer.record(house.namespace, [recording(FOREIGN, house.namespace)], NOON)
    await house.writer.record(namespace, [recording(own, namespace)], NOON)
    await percolate(house, FOREIGN, house.namespace)
    await percolate(house, own, namespace)
    await begin_job(house, FOREIGN, house.namespace)
    await begin_job(house, own, namespace)
    attacker = Attacker(house, namespace, key, same, house.namespace)
    # Who asks is known from now on: it is looked up by no command of a test.
    await attacker.ask("{ __typename }", {})
    return attacker


PAGE = "{ nodes { id } edges { node { id } } totalCount pageInfo { hasNextPage hasPreviousPage } }"
MATCHES = PAGE.replace("{ id }", "{ interaction { id } matched }")
USER = f"id firstSeenAt lastSeenAt interactions {PAGE} searchRequests {PAGE} sessions {PAGE}"
NESTED = "session { id startedAt } user { id firstSeenAt }"
READ = (
    f"{NESTED} id json feature {{ interactions {PAGE} }} "
    f"searchRequest {{ {NESTED} json outcome {{ views next {{ id }} }} interactions {PAGE} }}"
)

# Within the second that has them all, some of which came later.
SIGNALS = f'signals(asOf: "{AT}") {{ interactions score }}'

GROUPS = """{
  nodes { key { query } stats { searches users } series { from stats { users } } } totalCount totals { searches }
}"""

Case = tuple[str, Callable[[Mapping[str, str]], dict[str, Any]]]


def record_input(names: Mapping[str, str], **search_request: Any) -> dict[str, Any]:
    return {
        "interactionId": names["interaction"],
        "featureId": "f",
        "interactionType": "CLICK",
        "occurredAt": AT,
        **search_request,
    }


def request_input(names: Mapping[str, str]) -> dict[str, Any]:
    return {"searchRequestId": names["request"], "queries": [], "collections": ["other content"]}


def json_request(names: Mapping[str, str]) -> dict[str, Any]:
    return {"search_request_id": names["request"], "queries": [], "collections": ["other content"]}


def json_interaction(names: Mapping[str, str], **fields: Any) -> dict[str, Any]:
    own = {"interaction_id": names["interaction"], "feature_id": "f", "interaction_type": "click", "occurred_at": AT}
    return own | fields


def representation(type_name: str, key: str, name: str) -> dict[str, str]:
    return {"__typename": type_name, key: name}


RECORD = (
    "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created interaction { id } } }"
)


def interactions_in(mode: str) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    return lambda names: {
        "input": {
            "mode": mode,
            "interactions": [
                record_input(names),
                record_input({"interaction": "own-new"}, searchRequestId=names["request"]),
            ],
        }
    }


def searches_in(mode: str) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    search = {"occurredAt": AT}
    return lambda names: {
        "input": {"mode": mode, "searchRequests": [{**search, "searchRequest": request_input(names)}] * 2}
    }


# By root field: documents, and variables that name what isn't the attacker's.
CASES: dict[str, list[Case]] = {
    "node": [],  # test_node_ids_of_every_type
    "nodes": [],
    "_entities": [
        (
            f"""query ($representations: [_Any!]!) {{
              _entities(representations: $representations) {{
                ... on Interaction {{ {READ} }}
                ... on SearchRequest {{ id json interactions {PAGE} }}
                ... on Feature {{ featureId interactions {PAGE} }}
                ... on Session {{ id startedAt interactions {PAGE} searchRequests {PAGE} }}
                ... on User {{ {USER} }}
              }}
            }}""",
            variables,
        )
        for variables in (
            lambda names: {"representations": [representation("Interaction", "interactionId", names["interaction"])]},
            lambda names: {"representations": [representation("SearchRequest", "searchRequestId", names["request"])]},
            lambda names: {"representations": [representation("Feature", "featureId", names["feature"])]},
            lambda names: {"representations": [representation("Session", "sessionId", names["session"])]},
            lambda names: {"representations": [representation("User", "userId", names["session"])]},
            lambda names: {
                "representations": [
                    representation("SearchRequest", "searchRequestId", "own-r"),
                    representation("SearchRequest", "searchRequestId", names["request"]),
                    representation("Interaction", "interactionId", "own-i"),
                    representation("Session", "sessionId", names["session"]),
                ]
            },
        )
    ],
    "_service": [],  # names nothing
    "viewer": [],  # names nothing: test_the_viewer_sees_its_own_organization_alone
    "namespaces": [],  # likewise, but for its cursors: test_namespaces_are_listed_of_its_own_organization_alone
    "keys": [],  # names nothing: tests/execution/test_key_administration.py, as the mutations of keys
    "createKey": [],
    "revokeKey": [],
    "limitKey": [],
    "interaction": [
        (
            f"query ($id: ID!) {{ interaction(interactionId: $id) {{ {READ} }} }}",
            lambda names: {"id": names["interaction"]},
        )
    ],
    "interactionsByIds": [
        (
            f"query ($ids: [ID!]!) {{ interactionsByIds(interactionIds: $ids) {{ {READ} }} }}",
            lambda names: {"ids": ["own-i", names["interaction"]]},
        )
    ],
    "interactions": [
        (f"query ($where: InteractionWhere) {{ interactions(where: $where) {PAGE} }}", where)
        for where in (
            lambda names: {"where": {"interactionId": {"eq": names["interaction"]}}},
            lambda names: {"where": {"featureId": {"in": [names["feature"], "own-f"]}}},
            lambda names: {"where": {"sessionId": {"eq": names["session"]}}},
            lambda names: {"where": {"searchRequest": {"searchRequestId": {"eq": names["request"]}}}},
            lambda names: {"where": {"or": [{"interactionId": {"ne": names["interaction"]}}, {"nor": []}]}},
        )
    ],
    "searchRequest": [
        (
            f"query ($id: ID!) {{ searchRequest(searchRequestId: $id) {{ id json interactions {PAGE} }} }}",
            lambda names: {"id": names["request"]},
        )
    ],
    "searchRequests": [
        (f"query ($where: SearchRequestWhere) {{ searchRequests(where: $where) {PAGE} }}", where)
        for where in (
            lambda names: {"where": {"searchRequestId": {"eq": names["request"]}}},
            lambda names: {"where": {"sessionId": {"in": [names["session"]]}}},
            lambda names: {"where": {"nor": [{"searchRequestId": {"eq": names["request"]}}]}},
        )
    ],
    "feature": [
        (
            f"query ($id: ID!) {{ feature(featureId: $id) {{ interactions {PAGE} }} }}",
            lambda names: {"id": names["feature"]},
        )
    ],
    "features": [
        (
            f"query ($ids: [ID!]!) {{ features(featureIds: $ids) {{ interactions {PAGE} {SIGNALS} }} }}",
            lambda names: {"ids": [names["feature"], "own-f"]},
        )
    ],
    "rerank": [
        (
            f"""query ($ids: [ID!]!) {{
              rerank(lists: [$ids], asOf: "{LATER}") {{ score feature {{ interactions {PAGE} }} }}
            }}""",
            lambda names: {"ids": [names["feature"], "own-f"]},
        )
    ],
    "judgments": [
        (
            """query ($where: InteractionWhere) {
              judgments(where: $where, minViews: 0) { nodes { query rating feature { featureId } } totalCount }
            }""",
            where,
        )
        for where in (
            lambda names: {"where": {"featureId": {"in": [names["feature"], "own-f"]}}},
            lambda names: {"where": {"text": {"eq": names["request"]}}},
        )
    ],
    "searchStats": [
        (
            f"""query ($where: SearchRequestWhere) {{
              searchStats(where: $where, groupBy: [{by}], interval: DAY) {GROUPS}
            }}""",
            where,
        )
        for by in ("QUERY, COLLECTION", "SESSION, USER", "FILTER_KEY, VECTOR_INDEX", "")
        for where in (
            lambda names: {"where": {"searchRequestId": {"in": [names["request"], "own-r"]}}},
            lambda names: {"where": {"query": {"value": {"eq": names["request"]}}}},
        )
    ],
    "interactionStats": [
        (
            f"""query ($where: InteractionWhere) {{
              interactionStats(where: $where, groupBy: [{by}], interval: DAY) {GROUPS}
            }}""",
            lambda names: {"where": {"featureId": {"in": [names["feature"], "own-f"]}}},
        )
        for by in ("{ by: FEATURE }, { by: QUERY }", "{ by: SESSION }, { by: USER }", '{ metadata: "named" }', "")
    ],
    "filterUsage": [
        (
            """query ($where: SearchRequestWhere) {
              filterUsage(where: $where) {
                nodes {
                  key searches stats { users } operators { operator searches } values { value stats { searches } }
                  branches { branch searches } depths { depth searches }
                }
                totalCount
              }
            }""",
            where,
        )
        for where in (
            lambda names: {"where": {"searchRequestId": {"in": [names["request"], "own-r"]}}},
            lambda names: {"where": {"query": {"value": {"eq": names["request"]}}}},
        )
    ],
    "collections": [
        (
            "{ collections { nodes { name searches lastSearchedAt stats { users } } totalCount } }",
            lambda names: {},
        )
    ],
    "vectorIndexes": [
        ("{ vectorIndexes { vectorIndex searches stats { requests users } } }", lambda names: {}),
    ],
    "session": [
        (
            f"""query ($id: ID!) {{
              session(sessionId: $id) {{ id startedAt interactions {PAGE} searchRequests {PAGE} }}
            }}""",
            lambda names: {"id": names["session"]},
        )
    ],
    "sessions": [
        (f"query ($where: SessionWhere) {{ sessions(where: $where) {PAGE} }}", where)
        for where in (
            lambda names: {"where": {"userId": {"eq": names["session"]}}},
            lambda names: {"where": {"userId": {"in": [names["session"], "own-s"]}, "searches": {"gte": 0}}},
            lambda names: {"where": {"userId": {"nin": [names["session"]]}, "startedAt": {"gte": AT}}},
        )
    ],
    "user": [
        (f"query ($id: ID!) {{ user(userId: $id) {{ {USER} }} }}", lambda names: {"id": names["session"]}),
    ],
    "users": [
        (
            f"query ($ids: [ID!]!) {{ users(ids: $ids) {{ {USER} }} }}",
            lambda names: {"ids": [names["session"], "own-s"]},
        )
    ],
    "percolator": [
        (
            f"""query ($id: ID!) {{
              percolator(percolatorId: $id) {{ id where matchCount matches {MATCHES} }}
            }}""",
            lambda names: {"id": names["percolator"]},
        )
    ],
    "percolators": [],  # names nothing, but for its cursors
    "createPercolator": [],  # names nothing: tests/execution/test_percolators.py
    "updatePercolator": [
        (
            "mutation ($input: UpdatePercolatorInput!) { updatePercolator(input: $input) { percolator { id } } }",
            lambda names: {"input": {"percolatorId": names["percolator"], "name": "changed"}},
        )
    ],
    "deletePercolator": [
        (
            "mutation ($input: DeletePercolatorInput!) { deletePercolator(input: $input) { deletedId } }",
            lambda names: {"input": {"percolatorId": names["percolator"]}},
        )
    ],
    "job": [
        ("query ($id: ID!) { job(jobId: $id) { id kind state } }", lambda names: {"id": names["job"]}),
    ],
    "jobs": [],  # names nothing, but for its cursors
    "deleteUserData": [
        (
            "mutation ($input: DeleteUserDataInput!) { deleteUserData(input: $input) { job { state } } }",
            lambda names: {"input": {"userId": names["session"]}},
        )
    ],
    "deleteSession": [
        (
            "mutation ($input: DeleteSessionInput!) { deleteSession(input: $input) { job { state } } }",
            lambda names: {"input": {"sessionId": names["session"]}},
        )
    ],
    "deleteSearchRequest": [
        (
            "mutation ($input: DeleteSearchRequestInput!) { deleteSearchRequest(input: $input) { job { state } } }",
            lambda names: {"input": {"searchRequestId": names["request"], "withInteractions": True}},
        )
    ],
    "deleteInteractions": [
        (
            "mutation ($input: DeleteInteractionsInput!) { deleteInteractions(input: $input) { job { state } } }",
            lambda names: {"input": {"where": {"featureId": {"eq": names["feature"]}, "userId": {"ne": "nobody"}}}},
        )
    ],
    "recordInteraction": [
        (RECORD, lambda names: {"input": record_input(names)}),
        (RECORD, lambda names: {"input": record_input(names, searchRequest=request_input(names))}),
        (RECORD, lambda names: {"input": record_input(names, searchRequestId=names["request"])}),
    ],
    "recordInteractions": [
        (
            """mutation ($input: RecordInteractionsInput!) {
              recordInteractions(input: $input) {
                results { created error { code message path } interaction { id json } }
              }
            }""",
            interactions_in(mode),
        )
        for mode in ("ADD", "REPLACE")
    ],
    "recordSearchRequest": [
        (
            """mutation ($input: RecordSearchRequestInput!) {
              recordSearchRequest(input: $input) { created searchRequest { id json } }
            }""",
            lambda names: {"input": {"occurredAt": AT, "searchRequest": request_input(names)}},
        )
    ],
    "recordJson": [
        (
            """mutation ($input: RecordJsonInput!) {
              recordJson(input: $input) {
                searchRequests { created error { code message path } searchRequest { id json } }
                interactions { created error { code message path } interaction { id json } }
              }
            }""",
            lambda names: {
                "input": {
                    "searchRequestsMayFollow": True,
                    "searchRequests": [{"occurredAt": AT, "searchRequest": json_request(names)}],
                    "interactions": [json_interaction(names, search_request_id=names["request"])],
                }
            },
        )
    ],
    "recordSearchRequests": [
        (
            """mutation ($input: RecordSearchRequestsInput!) {
              recordSearchRequests(input: $input) {
                results { created replaced error { code message path } searchRequest { id json } }
              }
            }""",
            searches_in(mode),
        )
        for mode in ("ADD", "REPLACE")
    ],
    "deleteInteraction": [
        (
            "mutation ($input: DeleteInteractionInput!) { deleteInteraction(input: $input) { deletedId } }",
            lambda names: {"input": {"interactionId": names["interaction"]}},
        )
    ],
    "setRetention": [],  # names nothing
    "deleteNamespace": [],  # tests/execution/test_namespace_removal.py
    "createNamespace": [],  # test_a_namespace_by_the_name_of_anothers
    "interactionRecorded": [],  # test_nothing_foreign_is_told
    "percolatorMatched": [],  # tests/live/test_percolator_matches.py
    "jobProgressed": [],  # tests/live/test_job_progress.py
}


def names_of(names: Mapping[str, str], namespaces: list[Namespace]) -> dict[str, str]:
    """Every form in which the names occur, each with the same word for both sets of names."""
    words = {name: f"<{kind}>" for kind, name in names.items()}
    # Within a pattern, and in the token of a condition.
    words |= {re.escape(name): f"<{kind}>" for kind, name in names.items()}
    words |= {re.escape(name[1:]): f"<rest of {kind}>" for kind, name in names.items()}
    words |= {value_hash(name): f"<hash of {kind}>" for kind, name in names.items()}
    for namespace in namespaces:
        for kind in ("interaction", "search_request"):
            name = names["interaction" if kind == "interaction" else "request"]
            words[str(document_id(namespace.id, kind, name))] = f"<_id of {kind}>"
        for document in percolator(names, namespace):
            words[str(document["_id"])] = "<_id of percolator>"
        words[str(document_id(namespace.id, "job", names["job"]))] = "<_id of job>"
        for type_name, kind in (
            ("Interaction", "interaction"),
            ("SearchRequest", "request"),
            ("Session", "session"),
            ("User", "session"),
            ("Percolator", "percolator"),
            ("Job", "job"),
        ):
            words[global_ids.encode(type_name, namespace.id, names[kind])] = f"<id of {type_name}>"
    return words


def without(words: Mapping[str, str], sent: list[Command]) -> list[Command]:
    """The commands with those words for names; in an order of their own, as those of one level are sent at once."""
    return sorted(modulo(words, sent), key=lambda command: json.dumps(command, sort_keys=True))


async def assert_alike(
    attacker: Attacker, document: str, variables: Callable[[Mapping[str, str]], dict[str, Any]]
) -> tuple[Any, list[Command]]:
    """Asks for what is foreign and for what is missing; gives the answer and the commands, without the names."""
    exchanges = []
    for names in (FOREIGN, MISSING):
        answer, sent = await attacker.ask(document, variables(names))
        words = names_of(names, [attacker.namespace, attacker.victim])
        exchanges.append((modulo(words, answer), without(words, sent)))
        assert attacker.victim.id not in json.dumps([answer, sent])
    assert exchanges[0] == exchanges[1]
    return exchanges[0]


async def forget(house: Gateway, names: Mapping[str, str]) -> None:
    await house.database[INTERACTION.collection].delete_many({"interaction_id": names["interaction"]})
    await house.database[SEARCH_REQUEST.collection].delete_many({"search_request_id": names["request"]})
    for kind in (PERCOLATOR, PERCOLATOR_MATCH):
        await house.database[kind.collection].delete_many({"percolator_id": names["percolator"]})
    await house.database[JOB.collection].delete_many({"job_id": names["job"]})


async def stored(attacker: Attacker) -> list[Any]:
    """All that the victim has."""
    return [
        document
        for kind in (INTERACTION, SEARCH_REQUEST, PERCOLATOR, PERCOLATOR_MATCH, JOB)
        async for document in attacker.gateway.database[kind.collection].find({"namespace_id": attacker.victim.id})
    ]


async def test_every_root_field_has_a_case() -> None:
    roots = (EXECUTABLE.query_type, EXECUTABLE.mutation_type, EXECUTABLE.subscription_type)
    assert set(CASES) == {name for root in roots if root for name in root.fields}


@pytest.mark.parametrize(("root", "number"), [(root, number) for root in CASES for number in range(len(CASES[root]))])
async def test_what_is_foreign_is_answered_like_what_is_missing(root: str, number: int, attacker: Attacker) -> None:
    before = await stored(attacker)
    document, variables = CASES[root][number]
    answer, sent = await assert_alike(attacker, document, variables)
    assert root in (answer["data"] or {root: None})
    assert sent
    assert len(before) == 5
    await jobs_done(attacker.gateway.database)
    assert await stored(attacker) == before


Where = Callable[[Mapping[str, str]], dict[str, Any]]

# By field, which of the names are compared there and below.
NAMED = {
    "featureId": "feature",
    "sessionId": "session",
    "searchRequest": "request",
    "text": "request",
    "userId": "session",
}
# What has to stand beside a value for it to be one that the victim's documents have.
BESIDE: dict[str, dict[str, Any]] = {
    "PathFilter.path": {"operator": "EXISTS", "value": True},
    "PathFilter.value": {"path": "named"},
    "FilterConditionWhere.value": {"key": "owner"},
}


def wheres(type_: GraphQLInputObjectType, name: str, *above: str) -> Iterator[tuple[str, Where]]:
    """For every place in a filter where a client may write an id or any other text: the way there, and the filter for a
    set of names."""
    for field, declared in type_.fields.items():
        inner = get_named_type(declared.type)
        listed = isinstance(get_nullable_type(declared.type), GraphQLList)
        way = (*above, field)
        if isinstance(inner, GraphQLInputObjectType):
            # Once around: a filter may hold others of its own type.
            if above.count(field) == 0 and not (field in ("and", "or", "nor") and above):
                for at, where in wheres(inner, NAMED.get(field, name), *way):
                    yield at, nested(field, where, listed)
        elif inner.name in ("ID", "String", "JSON"):
            beside = BESIDE.get(f"{type_.name}.{field}", {})
            yield ".".join(way), leaf(field, name, beside, listed)


def nested(field: str, where: Where, listed: bool) -> Where:
    return lambda names: {field: [where(names)] if listed else where(names)}


def leaf(field: str, name: str, beside: dict[str, Any], listed: bool) -> Where:
    return lambda names: {**beside, field: [names[name]] if listed else names[name]}


FILTERS = [
    pytest.param(root, type_name, at, where, id=f"{root}-{at}")
    for root, type_name, name in (
        ("interactions", "InteractionWhere", "interaction"),
        ("searchRequests", "SearchRequestWhere", "request"),
        ("sessions", "SessionWhere", "session"),
    )
    for at, where in wheres(cast(GraphQLInputObjectType, EXECUTABLE.type_map[type_name]), name)
]


@pytest.mark.parametrize(("root", "type_name", "at", "where"), FILTERS)
async def test_every_filter_by_a_foreign_value_is_one_by_a_missing_value(
    root: str, type_name: str, at: str, where: Where, attacker: Attacker
) -> None:
    document = f"query ($where: {type_name}) {{ {root}(where: $where) {PAGE} }}"
    answer, _ = await assert_alike(attacker, document, lambda names: {"where": where(names)})
    assert "errors" not in answer
    # A value that the victim's documents have: to the victim it makes a difference.
    victim = Attacker(attacker.gateway, attacker.victim, attacker.gateway.key, True, attacker.victim)
    there, not_there = [(await victim.ask(document, {"where": where(names)}))[0] for names in (FOREIGN, MISSING)]
    assert there != not_there


async def test_what_was_cached_for_one_namespace_serves_no_other(attacker: Attacker) -> None:
    """Documents, plans, bound variables, keys and namespaces are looked up once, and asked by turns."""
    victim = Attacker(attacker.gateway, attacker.victim, attacker.gateway.key, True, attacker.victim)
    document = """query ($id: ID!, $with: Boolean! = true) {
      interactions { nodes { json } totalCount }
      interaction(interactionId: $id) { json }
      feature(featureId: "secret-f") { interactions @include(if: $with) { totalCount nodes { json } } }
    }"""
    for id in ("secret-i", "own-i"):
        answers = [
            json.dumps((await asking.ask(document, {"id": id}))[0]) for asking in (victim, attacker, victim, attacker)
        ]
        assert answers[:2] == answers[2:]
        for answer, own, other in zip(answers, (victim, attacker), (attacker, victim), strict=False):
            assert own.namespace.id in answer
            assert other.namespace.id not in answer


async def test_a_name_that_two_organizations_use_means_each_ones_own_namespace(attacker: Attacker) -> None:
    house = attacker.gateway
    for _ in range(2):
        for key, namespace in ((house.key, house.namespace), (house.other_key, house.other_namespace)):
            data = await house.data("{ viewer { namespace { namespaceId } } }", key=key, namespace="shop")
            assert data["viewer"]["namespace"]["namespaceId"] == namespace.id


def node_ids(namespace: Namespace, names: Mapping[str, str], organization_id: str) -> dict[str, str]:
    """A node id of every type; those of a missing namespace or organization end on the same kind of name."""
    return {
        "Interaction": global_ids.encode("Interaction", namespace.id, names["interaction"]),
        "SearchRequest": global_ids.encode("SearchRequest", namespace.id, names["request"]),
        "Session": global_ids.encode("Session", namespace.id, names["session"]),
        "User": global_ids.encode("User", namespace.id, names["session"]),
        "Percolator": global_ids.encode("Percolator", namespace.id, names["percolator"]),
        "Job": global_ids.encode("Job", namespace.id, names["job"]),
        "Namespace": global_ids.encode("Namespace", namespace.id, namespace.id),
        "Organization": global_ids.encode("Organization", organization_id, organization_id),
    }


NODE_TYPES = ("Interaction", "SearchRequest", "Session", "User", "Percolator", "Job", "Namespace", "Organization")


async def test_every_type_of_node_is_tried() -> None:
    node = EXECUTABLE.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {type_.name for type_ in EXECUTABLE.get_possible_types(node)} == set(NODE_TYPES)


@pytest.mark.parametrize("type_name", NODE_TYPES)
@pytest.mark.parametrize(
    "document", ["query ($id: ID!) { node(id: $id) { id } }", "query ($id: ID!) { nodes(ids: [$id]) { id } }"]
)
async def test_node_ids_of_every_type(type_name: str, document: str, attacker: Attacker) -> None:
    foreign = node_ids(attacker.victim, FOREIGN, attacker.gateway.organization.id)[type_name]
    answer, sent = await attacker.ask(document, {"id": foreign})
    if attacker.same_organization and type_name in ("Namespace", "Organization"):
        # The key's own organization and one of its namespaces, all of which the viewer lists.
        assert foreign in json.dumps(answer)
        return
    nobody = Namespace("ns_nobody", "nobody", "org_nobody", NOON)
    missing = node_ids(attacker.namespace, MISSING, "org_nobody")
    missing["Namespace"] = node_ids(nobody, MISSING, "org_nobody")["Namespace"]
    missing_answer, missing_sent = await attacker.ask(document, {"id": missing[type_name]})
    assert answer == missing_answer
    assert answer["data"] in ({"node": None}, {"nodes": [None]})
    words = names_of(FOREIGN, []) | {global_ids.decode(foreign).key: "key"}
    missing_words = names_of(MISSING, []) | {global_ids.decode(missing[type_name]).key: "key"}
    assert without(words, sent) == without(missing_words, missing_sent)
    # What has the right to be looked for here, by a scope that was made up, is not here either.
    forged = global_ids.encode(type_name, attacker.namespace.id, global_ids.decode(foreign).key)
    assert (await attacker.ask(document, {"id": forged}))[0] == missing_answer


ENTITIES = "query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }"


async def test_every_type_of_entity_is_tried() -> None:
    entity = EXECUTABLE.type_map["_Entity"]
    assert isinstance(entity, GraphQLUnionType)
    cases = json.dumps([variables(FOREIGN) for _, variables in CASES["_entities"]])
    for type_ in entity.types:
        for key in composition_of(type_).keys:
            assert key == "id" or f'"__typename": "{type_.name}", "{key}": "secret-' in cases


@pytest.mark.parametrize("type_name", ["Interaction", "SearchRequest"])
async def test_entities_by_the_global_ids_of_another_namespace(type_name: str, attacker: Attacker) -> None:
    exchanges = []
    for names, namespace in ((FOREIGN, attacker.victim), (MISSING, attacker.victim), (MISSING, attacker.namespace)):
        id = node_ids(namespace, names, attacker.gateway.organization.id)[type_name]
        answer, sent = await attacker.ask(ENTITIES, {"representations": [representation(type_name, "id", id)]})
        exchanges.append((answer, without(names_of(names, []), sent)))
    [(answer, sent), *others] = exchanges
    assert answer["data"] == {"_entities": [None]}
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert len(sent) == 1
    assert all(other == (answer, sent) for other in others)


# Selections of a connection in the attacker's namespace, %s for its arguments and page.
CURSORS = [
    "interactions(%s) %s",
    "searchRequests(%s) %s",
    'feature(featureId: "own-f") { interactions(%s) %s }',
    'feature(featureId: "own-f") { interactions(%s, orderBy: { field: POSITION }) %s }',
    'features(featureIds: ["own-f"]) { interactions(%s) %s }',
    'session(sessionId: "own-s") { interactions(%s) %s }',
    'session(sessionId: "own-s") { searchRequests(%s) %s }',
    'searchRequest(searchRequestId: "own-r") { interactions(%s) %s }',
    "sessions(%s) %s",
    "sessions(%s, orderBy: { field: INTERACTIONS, direction: ASC }) %s",
    'user(userId: "own-s") { sessions(%s) %s }',
    'users(ids: ["own-s"]) { interactions(%s) %s }',
    'users(ids: ["own-s"]) { searchRequests(%s) %s }',
    "interactions { nodes { feature { interactions(%s) %s } } }",
    "percolators(%s) %s",
    'percolator(percolatorId: "own-p") { matches(%s) %s }',
    "jobs(%s) %s",
]


async def cursor_of(owner: Attacker, place: str, names: Mapping[str, str]) -> str:
    """The cursor that an owner of an object with these names is given at a place."""
    for kind, name in names.items():
        place = place.replace(f'"own-{kind[0]}"', f'"{name}"')
    answer, _ = await owner.ask("{ %s }" % (place % ("last: 1", "{ edges { cursor } }")), {})
    [cursor] = re.findall('"cursor": "([^"]+)"', json.dumps(answer))[-1:]
    return str(cursor)


@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("place", CURSORS)
async def test_a_foreign_cursor_is_a_place_like_any_other(place: str, argument: str, attacker: Attacker) -> None:
    house = attacker.gateway
    victim = Attacker(house, attacker.victim, house.key, True, attacker.victim)
    foreign = await cursor_of(victim, place, FOREIGN)
    await house.writer.record(attacker.namespace, [recording(MISSING, attacker.namespace)], NOON)
    await percolate(house, MISSING, attacker.namespace)
    await begin_job(house, MISSING, attacker.namespace)
    missing = await cursor_of(attacker, place, MISSING)
    await forget(house, MISSING)
    document = "query ($cursor: String) { %s }" % (
        place % (f"{argument}: $cursor", MATCHES if "matches" in place else PAGE)
    )
    exchanges = []
    for names, namespace, cursor in ((FOREIGN, attacker.victim, foreign), (MISSING, attacker.namespace, missing)):
        answer, sent = await attacker.ask(document, {"cursor": cursor})
        assert attacker.victim.id not in json.dumps([answer, sent])
        assert "errors" not in answer
        exchanges.append((answer, without(names_of(names, [namespace]), sent)))
    assert foreign != missing
    assert exchanges[0] == exchanges[1]


async def test_the_same_ids_in_several_namespaces_are_different_objects(attacker: Attacker) -> None:
    house = attacker.gateway
    shared = {name: f"shared-{name}" for name in FOREIGN}
    for namespace in (attacker.victim, attacker.namespace):
        await house.writer.record(namespace, [recording(shared, namespace)], NOON)
    page = "{ nodes { metadata searchRequest { collections } } totalCount }"
    document = f"""{{
      interaction(interactionId: "shared-interaction") {{ metadata json searchRequest {{ json interactions {page} }} }}
      interactionsByIds(interactionIds: ["shared-interaction"]) {{ metadata feature {{ interactions {page} }} }}
      searchRequest(searchRequestId: "shared-request") {{ json interactions {page} }}
      feature(featureId: "shared-feature") {{ interactions {page} }}
      features(featureIds: ["shared-feature"]) {{ interactions {page} }}
      session(sessionId: "shared-session") {{ interactions {page} searchRequests {{ nodes {{ json }} totalCount }} }}
    }}"""
    answer, _ = await attacker.ask(document, {})
    text = json.dumps(answer)
    assert "errors" not in answer
    assert attacker.namespace.id in text
    assert attacker.victim.id not in text
    assert text.count('"totalCount": 1') == text.count("totalCount") == 7
    for type_name, id in node_ids(attacker.victim, shared, house.organization.id).items():
        if type_name in ("Interaction", "SearchRequest", "Session"):
            assert (await attacker.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": id}))[0] == {
                "data": {"node": None}
            }


async def test_listings_hold_what_is_ones_own_alone(attacker: Attacker) -> None:
    page = "{ nodes { json } totalCount pageInfo { hasNextPage } }"
    answer, _ = await attacker.ask(f"{{ interactions {page} searchRequests {page} }}", {})
    for listing in answer["data"].values():
        assert listing["totalCount"] == 1
        assert attacker.namespace.id in json.dumps(listing["nodes"])
    assert attacker.victim.id not in json.dumps(answer)


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"or": [{"interactionId": {"in": ["secret-new", "own-new"]}}, {"featureId": {"eq": FOREIGN["feature"]}}]},
        {"searchRequest": {"searchRequestId": {"in": [FOREIGN["request"], "own-r"]}}},
        {"nor": [{"interactionId": {"eq": MISSING["interaction"]}}]},
    ],
)
async def test_nothing_foreign_is_told(where: Mapping[str, Any], attacker: Attacker) -> None:
    house = attacker.gateway
    reading = f"subscription ($where: InteractionWhere) {{ interactionRecorded(where: $where) {{ {READ} }} }}"
    own = {name: f"own-{name[0]}" for name in FOREIGN} | {"interaction": "own-new"}
    async with served(house.app) as address, socket(address) as listener:
        await listener.init(attacker.key, **{"X-Namespace": attacker.namespace.id})
        await listener.subscribe("1", reading, {"where": where})
        await listener.begun()
        with commands() as sent:
            foreign = recording(FOREIGN | {"interaction": "secret-new"}, attacker.victim)
            await house.writer.record(attacker.victim, [foreign], NOON)
            written = len(sent)
            await house.writer.record(attacker.namespace, [recording(own, attacker.namespace)], NOON)
            event = await listener.event()
    assert event["data"]["interactionRecorded"]["json"]["interaction_id"] == "own-new"
    assert attacker.victim.id not in json.dumps(event)
    assert attacker.victim.id not in json.dumps(json.loads(orjson.dumps(sent[written:], default=str)))


async def test_the_viewer_sees_its_own_organization_alone(attacker: Attacker) -> None:
    answer, _ = await attacker.ask(
        "{ viewer { organization { name } namespace { namespaceId } namespaces { namespaceId } } }", {}
    )
    viewer = answer["data"]["viewer"]
    assert viewer["organization"]["name"] == ("Acme" if attacker.same_organization else "Initech")
    assert viewer["namespace"]["namespaceId"] == attacker.namespace.id
    assert (attacker.victim.id in json.dumps(viewer["namespaces"])) is attacker.same_organization


async def test_namespaces_are_listed_of_its_own_organization_alone(attacker: Attacker) -> None:
    document = "query ($at: String) { namespaces(%s: $at) { nodes { namespaceId } edges { cursor } } }"
    victim = Attacker(attacker.gateway, attacker.victim, attacker.gateway.key, True, attacker.victim)
    theirs = (await victim.ask(document % "after", {}))[0]["data"]["namespaces"]
    for argument in ("after", "before"):
        for cursor in (None, *(edge["cursor"] for edge in theirs["edges"])):
            answer, sent = await attacker.ask(document % argument, {"at": cursor})
            listed = [node["namespaceId"] for node in answer["data"]["namespaces"]["nodes"]]
            foreign = [node["namespaceId"] for node in theirs["nodes"]]
            assert attacker.same_organization or not set(listed) & set(foreign)
            [find] = sent
            organization = attacker.gateway.organization
            other = attacker.gateway.other_organization
            assert find["filter"]["organization_id"] == (organization if attacker.same_organization else other).id


async def test_a_namespace_of_another_organization_is_refused_like_one_that_is_missing(attacker: Attacker) -> None:
    house = attacker.gateway
    answers = [
        await house.execute("{ __typename }", key=house.other_key, namespace=reference)
        for reference in (attacker.victim.id, "ns_missing", "archive", "missing", "\x7f")
    ]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["errors"][0]["extensions"] == {"code": "NAMESPACE_NOT_FOUND"}


async def test_a_namespace_by_the_name_of_anothers(attacker: Attacker) -> None:
    """It is made as if nobody had one of this name: alone the names of its own organization count."""
    house = attacker.gateway
    there, missing = f"there-{uuid4().hex}", f"other-{uuid4().hex}"
    foreign, _ = await house.tenancy.create_namespace(house.organization, there)
    key, organization = house.other_key, house.other_organization
    asking = Attacker(house, house.other_namespace, key, same_organization=False, victim=foreign)
    document = """mutation ($name: String!) {
      createNamespace(input: { name: $name }) { created namespace { id namespaceId name } }
    }"""
    exchanges = []
    for name in (there, missing):
        answer, sent = await asking.ask(document, {"name": name})
        made = answer["data"]["createNamespace"]
        id = made["namespace"]["namespaceId"]
        [insertion] = [command["update"] for command in sent if "findAndModify" in command]
        words = {
            name: "<name>",
            global_ids.encode("Namespace", id, id): "<id>",
            id: "<namespace>",
            insertion["$setOnInsert"]["created_at"]: "<now>",
        }
        assert foreign.id not in json.dumps([answer, sent])
        assert made["created"]
        exchanges.append((modulo(words, answer), modulo(words, sent)))
        assert await house.database[NAMESPACES].count_documents({"_id": id, "organization_id": organization.id}) == 1
    assert exchanges[0] == exchanges[1]
    assert await house.tenancy.find_namespace(house.organization.id, there) == foreign


async def test_every_connection_is_tried_with_cursors() -> None:
    """A new connection needs a line in `CURSORS`; that of namespaces has a test of its own."""
    connections = {
        f"{type_.name}.{name}"
        for type_ in EXECUTABLE.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if "after" in field.args
    }
    assert connections == {
        "Query.interactions",
        # Of groups, which no namespace has an id of.
        "Query.interactionStats",
        "Query.collections",
        "Query.filterUsage",
        "Query.judgments",
        "Query.searchStats",
        "Query.namespaces",
        "Query.keys",
        "Query.jobs",
        "Query.searchRequests",
        "Feature.interactions",
        "SearchRequest.interactions",
        "Session.interactions",
        "Session.searchRequests",
        "Query.sessions",
        "User.interactions",
        "User.searchRequests",
        "User.sessions",
        "Query.percolators",
        "Percolator.matches",
    }
