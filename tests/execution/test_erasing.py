"""Who asks for it is erased: looked for in every collection afterwards, byte by byte."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from bson import Binary, ObjectId, encode
from bson.raw_bson import RawBSONDocument

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model import bson_elements
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.documents import derived_fields
from gateway.model.jobs import JOB
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind
from gateway.model.percolators import PERCOLATOR_MATCH
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.store.audit import Audit
from gateway.store.client import Database
from gateway.store.derived_fields import check
from gateway.store.jobs import sweeper
from tests.generators.odd_bson import with_elements
from tests.harness.derivation import derived, differences
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.jobs import jobs_done

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
JOB_FIELDS = "jobId kind state done total interactionsDeleted searchRequestsDeleted interactionsChanged error endedAt"
ERASE_USER = f"mutation ($id: ID!) {{ deleteUserData(input: {{ userId: $id }}) {{ job {{ {JOB_FIELDS} }} }} }}"
ERASE_SESSION = f"mutation ($id: ID!) {{ deleteSession(input: {{ sessionId: $id }}) {{ job {{ {JOB_FIELDS} }} }} }}"
ERASE_REQUEST = f"""mutation ($id: ID!, $all: Boolean! = false) {{
  deleteSearchRequest(input: {{ searchRequestId: $id, withInteractions: $all }}) {{ job {{ {JOB_FIELDS} }} }}
}}"""
ERASE_WHERE = f"""mutation ($where: InteractionWhere!) {{
  deleteInteractions(input: {{ where: $where }}) {{ job {{ {JOB_FIELDS} }} }}
}}"""
ASK = f"query ($id: ID!) {{ job(jobId: $id) {{ {JOB_FIELDS} }} }}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def clean(house: Gateway) -> None:
    for name in await house.database.list_collection_names():
        if name not in ("organizations", "namespaces", "keys", "migrations", "insights"):
            await house.database[name].delete_many({})


def searched(id: str, user: str | None = None, session: str | None = None, **others: Any) -> dict[str, Any]:
    return {
        "search_request_id": id,
        "queries": [{"vector_index": "text", "type": "text", "value": f"what {user} sought"}],
        "collections": ["shoes"],
        "filters": {"AND": [{"key": "owner", "value": user or "nobody"}]},
        **({} if user is None else {"user_id": user}),
        **({} if session is None else {"session_id": session}),
        **others,
    }


def done(id: str, user: str | None, **others: Any) -> Any:
    return validate_interaction(
        {
            "interaction_id": id,
            "feature_id": "p1",
            "interaction_type": "click",
            **({} if user is None else {"user_id": user}),
            **others,
        }
    )


async def erased(house: Gateway, document: str, variables: Mapping[str, Any], **options: Any) -> Any:
    """The job of a mutation, once it has ended."""
    [payload] = (await house.data(document, variables, **options)).values()
    await jobs_done(house.database)
    job = (await house.data(ASK, {"id": payload["job"]["jobId"]}))["job"]
    assert (job["state"], job["error"]) == ("DONE", None)
    assert job["done"] >= job["total"]
    return job


def counts(job: Mapping[str, Any]) -> tuple[int, int, int]:
    return job["interactionsDeleted"], job["searchRequestsDeleted"], job["interactionsChanged"]


async def ids(house: Gateway) -> tuple[set[str], set[str]]:
    """Those of interactions and of search requests that are left."""
    found = []
    for kind in (INTERACTION, SEARCH_REQUEST):
        found.append({document[kind.id_path] async for document in house.database[kind.collection].find({})})
    return found[0], found[1]


async def holding(database: Database, *spellings: Any) -> list[tuple[str, Any]]:
    """Every document of every collection that has one of these values, or a text that holds it, anywhere."""
    needles = [encode({"": spelling})[6:-1] for spelling in spellings if not isinstance(spelling, str)]
    needles += [spelling.encode() for spelling in spellings if isinstance(spelling, str)]
    found = []
    for name in await database.list_collection_names():
        async for document in database[name].find({}):
            if any(needle in encode(document, codec_options=database.codec_options) for needle in needles):
                found.append((name, document))
    return found


# As a number and as an ObjectId, with what patterns and paths mean something by, and as long as an id may be.
USERS = ["jane-of-7th", "4711007", "6631f1c0a7b2c3d4e5f60718", "a.*|$where\\", "j" * 512]
# As other programs store it, in two ways where there are two.
STORED: Mapping[str, Sequence[Any]] = {USERS[1]: [4711007, 4711007.0], USERS[2]: [ObjectId(USERS[2])] * 2}


@pytest.mark.parametrize("user", USERS, ids=["text", "number", "object id", "pattern", "long"])
async def test_a_user_who_is_erased_is_nowhere(house: Gateway, user: str) -> None:
    writer, here = house.writer, house.namespace
    created = """mutation ($user: String!) { createPercolator(input: {
      name: "buys", where: { featureId: { eq: "p1" } }
    }) { percolator { id } } }""".replace("($user: String!)", "")
    await house.data(created)
    recordings = [
        done("i1", user, search_request=searched("r1", user, "s1"), session_id="s1"),
        done("i2", user, search_request=searched("r2", None, "s1"), session_id="s1"),
        done("i3", user, search_request_id="r3"),
        done("i4", "other", search_request=searched("r1", user, "s1")),
        done("i5", "other", search_request_id="r1", session_id="s5"),
        done("i6", "other", search_request_id="r3"),
        done("i7", f"{user}2"[-512:] if len(user) < 512 else "other"),
    ]
    await writer.record_search_request(here, validate_search_request(searched("r3", None, "s1")), NOON)
    await writer.record_search_request(here, validate_search_request(searched("r4", user)), NOON)
    recorded = await writer.record(here, recordings, NOON)
    assert [getattr(outcome, "created", outcome) for outcome in recorded] == [True] * 7
    spellings: list[Any] = [user, *STORED.get(user, ())]
    if user in STORED:
        one, other = STORED[user]
        foreign = {"interaction_id": "n1", "user_id": one, "feature_id": "p1", "occurred_at": NOON}
        asked = {"search_request": {"queries": [], "user_id": other}, "first_seen_at": NOON}
        copied = {"interaction_id": "n2", "feature_id": "p1", "occurred_at": NOON, **asked}
        for kind, document in (
            (INTERACTION, foreign),
            (INTERACTION, copied),
            (SEARCH_REQUEST, {"search_request_id": 12, **asked}),
        ):
            document |= derived_fields(document) | {"namespace_id": here.id}
            await house.database[kind.collection].insert_one({**document})
    await derived(house.database)
    assert await house.database[SEARCH_OUTCOMES].count_documents({"user_id": user}) >= 2
    assert {name for name, _ in await holding(house.database, *spellings)} >= {
        INTERACTION.collection,
        SEARCH_REQUEST.collection,
        SEARCH_OUTCOMES,
    }
    assert await house.database[PERCOLATOR_MATCH.collection].count_documents({"interaction_id": "i1"}) == 1

    job = await erased(house, ERASE_USER, {"id": user})
    await derived(house.database)

    left = [
        (name, document)
        for name, document in await holding(house.database, *spellings)
        # Whose id begins alike is somebody else.
        if document.get("user_id") != f"{user}2"
    ]
    assert left == []
    foreign_count = (1, 1, 1) if user in STORED else (0, 0, 0)
    assert counts(job) == tuple(map(sum, zip((3, 3, 2), foreign_count, strict=True)))
    interactions, requests = await ids(house)
    assert interactions - {"n2"} == {"i4", "i5", "i6", "i7"}
    # It named nobody, and led to what somebody else did.
    assert requests == {"r3"}
    assert await house.database[PERCOLATOR_MATCH.collection].count_documents({"interaction_id": "i1"}) == 0
    assert not await differences(house.database)
    assert (await check(house.database)).wrong == (1 if user in STORED else 0)
    [entry] = [entry for entry in await Audit(house.database).latest(10) if entry.action == "user.erase"]
    assert (entry.object_id, entry.namespace_id) == (job["jobId"], here.id)


async def test_what_others_keep_names_its_search_request_by_id_alone(house: Gateway) -> None:
    recordings = [
        done("i1", "other", search_request=searched("r1", "jane", "s1")),
        done("i2", "other", search_request_id="r1", session_id="s2"),
    ]
    await house.writer.record(house.namespace, recordings, NOON)
    await erased(house, ERASE_USER, {"id": "jane"})
    data = await house.data(
        "{ interactions { nodes { interactionId json searchRequest { text } session { sessionId } } } }"
    )
    by_id = {node["interactionId"]: node for node in data["interactions"]["nodes"]}
    assert by_id["i1"]["searchRequest"] is None
    assert by_id["i1"]["session"] is None
    assert by_id["i2"]["session"] == {"sessionId": "s2"}
    assert by_id["i2"]["json"]["search_request_id"] == "r1"
    assert "search_request" not in by_id["i1"]["json"]
    [document] = [row async for row in house.database[INTERACTION.collection].find({"interaction_id": "i1"})]
    assert not {"query_text", "conditions", "text_tokens", "search_request_id", "effective_session_id"} & set(document)


async def test_a_user_of_another_namespace_stays(house: Gateway) -> None:
    await house.writer.record(house.other_namespace, [done("i1", "jane", search_request=searched("r1", "jane"))], NOON)
    job = await erased(house, ERASE_USER, {"id": "jane"})
    assert counts(job) == (0, 0, 0)
    assert await ids(house) == ({"i1"}, {"r1"})


async def test_a_session_is_erased_whoever_was_in_it(house: Gateway) -> None:
    recordings = [
        done("i1", "jane", search_request=searched("r1", "jane"), session_id="session-1"),
        done("i2", "joe", search_request=searched("r2", "joe", "session-1")),
        done("i3", "joe", search_request_id="r2", session_id="session-2"),
    ]
    await house.writer.record(house.namespace, recordings, NOON)
    job = await erased(house, ERASE_SESSION, {"id": "session-1"})
    assert counts(job) == (2, 2, 1)
    assert await ids(house) == ({"i3"}, set())
    await derived(house.database)
    assert [name for name, _ in await holding(house.database, "session-1") if name != "insights"] == []


async def test_a_search_request_is_erased_with_or_without_what_it_led_to(house: Gateway) -> None:
    for number, with_interactions in ((1, False), (2, True)):
        request = searched(f"r{number}", "jane", "s1")
        await house.writer.record(house.namespace, [done(f"i{number}", "joe", search_request=request)], NOON)
        job = await erased(house, ERASE_REQUEST, {"id": f"r{number}", "all": with_interactions})
        assert counts(job) == ((1, 1, 0) if with_interactions else (0, 1, 1))
    assert await ids(house) == ({"i1"}, set())
    assert await holding(house.database, "jane") == []


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ({}, set()),
        ({"featureId": {"eq": "p1"}}, {"i3"}),
        ({"featureId": {"in": ["p2", "p1"]}, "metadata": [{"path": "bot", "value": True}]}, {"i1"}),
        ({"metadata": [{"path": "bot", "value": True}]}, {"i1"}),
        ({"occurredAt": {"gte": "2024-05-01T12:00:01.000Z"}}, {"i1"}),
        ({"or": [{"interactionId": {"eq": "i1"}}, {"featureId": {"eq": "p2"}}]}, {"i2"}),
        ({"interactionId": {"eq": "nobody's"}}, {"i1", "i2", "i3"}),
    ],
)
async def test_interactions_are_deleted_by_a_filter(house: Gateway, where: Any, left: set[str]) -> None:
    recordings = [
        done("i1", "jane", occurred_at=NOON),
        done("i2", "joe", metadata={"bot": True}, search_request=searched("r2"), occurred_at=NOON + timedelta(hours=1)),
        done("i3", "joe", metadata={"bot": True}, feature_id="p2", occurred_at=NOON + timedelta(hours=1)),
    ]
    await house.writer.record(house.namespace, recordings, NOON)
    await house.writer.record(house.other_namespace, recordings, NOON)
    job = await erased(house, ERASE_WHERE, {"where": where})
    here = {"namespace_id": house.namespace.id}
    found = {row["interaction_id"] async for row in house.database[INTERACTION.collection].find(here)}
    assert found == left
    assert counts(job) == (3 - len(left), 0, 0)
    assert await house.database[INTERACTION.collection].count_documents({"namespace_id": house.other_namespace.id}) == 3
    assert await house.database[SEARCH_REQUEST.collection].count_documents(here) == 1


@pytest.mark.parametrize(
    ("document", "variables", "path"),
    [
        (ERASE_USER, {"id": ""}, ["input", "userId"]),
        (ERASE_SESSION, {"id": ""}, ["input", "sessionId"]),
        (ERASE_REQUEST, {"id": ""}, ["input", "searchRequestId"]),
        (ERASE_WHERE, {"where": {"featureId": {"in": []}}}, ["input", "where"]),
        (
            ERASE_WHERE,
            {"where": {"searchRequest": {"outcome": {"clicked": True}}}},
            ["input", "where", "searchRequest", "outcome", "clicked"],
        ),
    ],
)
async def test_what_means_nothing_is_refused(house: Gateway, document: str, variables: Any, path: Any) -> None:
    answer = await house.execute(document, variables)
    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("BAD_USER_INPUT", path)
    assert await house.database[JOB.collection].count_documents({}) == 0


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("{ featureId: { eq: $id } }", ["featureId", "eq"]),
        ("{ interactionType: { eq: CLICK }, userId: { eq: $id } }", ["userId", "eq"]),
        ("{ and: [{ userId: { eq: $id } }] }", ["and", "0", "userId", "eq"]),
        ("{ or: [{ userId: { eq: $id } }, { featureId: { eq: $known } }] }", ["or", "0", "userId", "eq"]),
        ("{ userId: { eq: $known }, featureId: $filter }", ["featureId"]),
        ('{ occurredAt: { gte: "2020-01-01T00:00:00Z", lt: $until } }', ["occurredAt", "lt"]),
        ('{ metadata: [{ path: "bot", value: [1, {a: $id}] }] }', ["metadata", "0", "value", "1", "a"]),
    ],
)
async def test_a_variable_that_is_not_sent_deletes_nothing(house: Gateway, where: str, path: list[str]) -> None:
    types = {"id": "ID", "known": 'ID = "jane"', "filter": "IDFilter", "until": "DateTime"}
    declared = ", ".join(f"${name}: {type_}" for name, type_ in types.items() if f"${name}" in where)
    document = f"mutation ({declared}) {{ deleteInteractions(input: {{ where: {where} }}) {{ job {{ jobId }} }} }}"
    [error] = (await house.execute(document))["errors"]
    extensions = error["extensions"]
    assert (extensions["code"], [str(step) for step in extensions["path"]]) == (
        "BAD_USER_INPUT",
        ["input", "where", *path],
    )
    assert await house.database[JOB.collection].count_documents({}) == 0


async def test_a_job_is_its_own_namespaces(house: Gateway) -> None:
    [payload] = (await house.data(ERASE_USER, {"id": "jane"})).values()
    id = payload["job"]["jobId"]
    assert re.fullmatch(r"job_[0-9a-f]{24}", id)
    assert payload["job"]["state"] == "PENDING"
    listing = "{ jobs { totalCount nodes { jobId } } }"
    assert (await house.data(listing))["jobs"] == {"totalCount": 1, "nodes": [{"jobId": id}]}
    for options in ({"key": house.other_key}, {"namespace": (await archive(house)).name}):
        assert (await house.data(ASK, {"id": id}, **options))["job"] is None
        assert (await house.data(listing, **options))["jobs"]["totalCount"] == 0


async def archive(house: Gateway) -> Any:
    namespace, _ = await house.tenancy.create_namespace(house.organization, "archive")
    return namespace


async def test_who_may_not_write_erases_nothing(house: Gateway) -> None:
    key = await house.make_key(Permission.READ, Permission.ADMIN)
    answer = await house.execute(ERASE_USER, {"id": "jane"}, key=key)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # Who may write and not read is told of the job that it began.
    key = await house.make_key(Permission.WRITE)
    assert (await house.data(ERASE_USER, {"id": "jane"}, key=key))["deleteUserData"]["job"]["kind"] == (
        "DELETE_USER_DATA"
    )


async def test_what_the_driver_refuses_to_read_is_erased_with_all_beside_it(house: Gateway) -> None:
    """Binary data that has a wrong length within itself, as MongoDB stores it."""
    interaction = {"namespace_id": house.namespace.id, "user_id": "ann", "occurred_at": NOON, "feature_id": "p1"}
    raw = [encode({**interaction, "_id": "well", "interaction_id": "well"})]
    for name in ("interaction_id", "session_id", "search_request_id", "feature_id", "metadata"):
        wrong = encode({**interaction, "_id": name, "interaction_id": name, name: Binary(b"abcdefg", 0x81)})
        raw.append(wrong.replace(b"\x81", b"\x02"))
    await house.database[INTERACTION.collection].insert_many([RawBSONDocument(document) for document in raw])
    job = await erased(house, ERASE_USER, {"id": "ann"})
    assert counts(job) == (len(raw), 0, 0)
    assert await ids(house) == (set(), set())


READ_OTHERWISE = {
    "not UTF-8": b"\x02_id\0\x02\0\0\0\xff\0",
    "a DBPointer": b"\x0c_id\0\x02\0\0\0c\0" + bytes(12),
    "with undefined in it": b"\x03_id\0\x08\0\0\0\x06a\0\0",
    "binary data of a wrong length": b"\x05_id\0\x03\0\0\0\x02abc",
}


@pytest.mark.parametrize("element", READ_OTHERWISE.values(), ids=READ_OTHERWISE)
async def test_nothing_derived_is_left_of_a_search_whose_id_is_read_otherwise(house: Gateway, element: bytes) -> None:
    search: dict[str, Any] = {"search_request_id": "r", "query_text": "private words", "effective_session_id": "s"}
    search |= {"namespace_id": house.namespace.id, "first_seen_at": NOON, "search_request": searched("r", "ann", "s")}
    await house.database[SEARCH_REQUEST.collection].insert_one(with_id(element, search))
    await derived(house.database)
    assert len(await holding(house.database, "private words")) == 2
    assert counts(await erased(house, ERASE_USER, {"id": "ann"})) == (0, 1, 0)
    await derived(house.database)
    assert await holding(house.database, "private words") == []


async def test_an_id_that_reads_as_anothers_is_erased_and_the_others_stays(house: Gateway) -> None:
    """A text that isn't UTF-8: U+FFFD stands for what can't be read, and may be what another document has."""

    def of(kind: Kind, user: str, _id: str) -> dict[str, Any]:
        named = {"user_id": user} if kind is INTERACTION else {"search_request": {"user_id": user}}
        return {"_id": _id, "namespace_id": house.namespace.id, kind.time_path: NOON, kind.id_path: "i", **named}

    for kind in (INTERACTION, SEARCH_REQUEST):
        unreadable = RawBSONDocument(encode(of(kind, "ann", "?")).replace(b"?\0", b"\xff\0"))
        others = of(kind, "eve", "\ufffd"), of(kind, "ann", "well")
        await house.database[kind.collection].insert_many([unreadable, *others])
    job = await erased(house, ERASE_USER, {"id": "ann"})
    assert counts(job) == (2, 2, 0)
    for kind in (INTERACTION, SEARCH_REQUEST):
        assert await house.database[kind.collection].find({}).to_list() == [of(kind, "eve", "\ufffd")]


def with_id(element: bytes, document: Mapping[str, Any]) -> RawBSONDocument:
    return RawBSONDocument(with_elements(bson_elements.whole(element), encode(document)))


async def store_read_otherwise(house: Gateway, user: str) -> None:
    """An interaction with each such `_id` here, and one that is read alike and is somebody else's."""
    stored = {"namespace_id": house.namespace.id, "occurred_at": NOON, "metadata": {"bot": True}}
    stored |= {"search_request": searched("r", user)}
    elements = [*READ_OTHERWISE.values(), b"\x02_id\0\x02\0\0\0\xfe\0"]
    raw = [with_id(element, {**stored, "interaction_id": f"{n}"}) for n, element in enumerate(elements)]
    others = {**stored, "namespace_id": house.other_namespace.id, "_id": "\ufffd", "interaction_id": "others"}
    await house.database[INTERACTION.collection].insert_many([*raw, RawBSONDocument(encode(others))])


@pytest.mark.parametrize("step", [2, 3, 1_000])
async def test_a_filter_deletes_what_has_an_id_that_is_read_otherwise(
    house: Gateway, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "_KEYS", step)
    await house.writer.record(house.namespace, [done("i1", None, metadata={"bot": True}), done("i2", None)], NOON)
    await store_read_otherwise(house, "ann")
    job = await erased(house, ERASE_WHERE, {"where": {"metadata": [{"path": "bot", "value": True}]}})
    assert counts(job) == (len(READ_OTHERWISE) + 2, 0, 0)
    assert (await ids(house))[0] == {"i2", "others"}


@pytest.mark.parametrize("step", [2, 1_000])
async def test_copies_of_a_users_searches_go_from_what_has_an_id_that_is_read_otherwise(
    house: Gateway, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "_KEYS", step)
    await store_read_otherwise(house, "jane")
    job = await erased(house, ERASE_USER, {"id": "jane"})
    assert counts(job) == (0, 0, len(READ_OTHERWISE) + 1)
    [other] = [document for _, document in await holding(house.database, "jane")]
    assert other["interaction_id"] == "others"
