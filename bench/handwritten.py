"""What the gateway is compared with: an ASGI application without GraphQL, written by hand for the measured operations.

It has what any such service needs and nothing else: the same keys and namespaces (`gateway.auth.authenticator`), the
same commands to MongoDB (`bench.agreement` compares them) through the same driver, a mapping by hand, orjson, and the
same response headers. ``POST /<operation>`` takes the variables as a JSON object.
"""

from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from bson import Binary
from starlette.types import Receive, Scope, Send

from bench import mappings
from gateway.app.database import open_database
from gateway.auth.authenticator import Authenticator, require_permission
from gateway.context import Permission
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.store.client import Database, aggregate, close, for_answers
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from gateway.transport.exchange.negotiation import JSON
from gateway.transport.exchange.security_headers import HEADERS
from gateway.transport.http.replies import answer_reply

Document = Mapping[str, Any]
Answering = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]

# Of a pipeline in one reply, as the gateway asks for them.
_MOST_ROWS = 1_001
_ROW = {
    "duration_ms": 1,
    "effective_session_id": 1,
    "feature_id": 1,
    "interaction_id": 1,
    "interaction_type": 1,
    "occurred_at": 1,
    "position": 1,
    "user_id": 1,
}
_CURSOR = {"_id": 1}
_REQUEST = {
    "first_seen_at": 1,
    "metadata": 1,
    "search_request_id": 1,
    "search_request.collections": 1,
    "search_request.filters": 1,
    "search_request.group_by.field": 1,
    "search_request.group_by.max_features": 1,
    "search_request.group_by.sort.direction": 1,
    "search_request.group_by.sort.field": 1,
    "search_request.queries": 1,
    "search_request.reranking_options.enable_reranking": 1,
    "search_request.reranking_options.weights.feedback": 1,
    "search_request.reranking_options.weights.popularity": 1,
    "search_request.return_url": 1,
    "search_request.select": 1,
    "search_request.session_id": 1,
    "search_request.sort.direction": 1,
    "search_request.sort.field": 1,
}
FLAT = {**_CURSOR, **_ROW}
NESTED = {**_CURSOR, **_ROW, **_REQUEST}
_TREE = {"_id": 0, "interaction_id": 1, "search_request.filters": 1, "search_request_id": 1}

_HEADERS = [*answer_reply(b"", JSON).own_headers, *HEADERS]


class Application:
    """The ASGI application; ``settings`` are the gateway's. ``lean``: whether documents are decoded no further than the
    gateway does, or as the driver does by itself."""

    def __init__(self, settings: Settings, *, lean: bool = True) -> None:
        self._database = open_database(settings)
        self._access = Authenticator(
            Keys(self._database), Tenancy(self._database), cache_seconds=settings.key_cache_seconds
        )
        pages = Pages(for_answers(self._database) if lean else self._database, settings.limits.read_time_ms)
        self._answering: Mapping[str, Answering] = {
            "/flat": pages.flat,
            "/deep": pages.flat,
            "/paging": pages.flat,
            "/own": pages.own,
            "/nested": pages.nested,
            "/json": pages.json,
            "/text": pages.text,
            "/listing": pages.listing,
            "/joined": pages.joined,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(self._database, receive, send)
            return
        authorization = namespace = None
        status = 200
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value.decode("latin-1")
            elif name == b"x-namespace":
                namespace = value.decode("latin-1")
        try:
            context = await self._access.context(authorization, namespace)
            require_permission(context.caller, Permission.READ)
            variables = orjson.loads(await _body(receive))
            data: dict[str, Any] = {"data": await self._answering[scope["path"]](context.namespace.id, variables)}
        except GatewayError as error:
            status, data = error.status, {"errors": [{"message": error.message}]}
        body = orjson.dumps(data)
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def lifespan(database: Database, receive: Receive, send: Send) -> None:
    """The ASGI lifespan of an application that has nothing but a database."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await close(database.client)
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        body: bytes = message["body"]
        return body
    parts = [message["body"]]
    while message.get("more_body"):
        message = await receive()
        parts.append(message["body"])
    return b"".join(parts)


class Pages:
    """Reads the pages of one database and maps them."""

    def __init__(self, database: Database, time_limit_ms: int) -> None:
        self._database = database
        self._interactions = database["interactions"]
        self._search_requests = database["search_requests"]
        self._time_limit_ms = time_limit_ms

    async def flat(self, namespace_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = variables["first"]
        return mappings.flat(await self.page(namespace_id, FLAT, first, variables.get("after")), first)

    async def own(self, namespace_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = variables["first"]
        filter_ = {"namespace_id": namespace_id, "user_id": {"$eq": variables["user"]}}
        return mappings.flat(await self.found(filter_, FLAT, first, hint="user"), first)

    async def nested(self, namespace_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = variables["first"]
        return mappings.nested(await self.page(namespace_id, NESTED, first), first)

    async def json(self, namespace_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = variables["first"]
        return mappings.json(await self.page(namespace_id, _TREE, first), first)

    async def text(self, namespace_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = variables["first"]
        return mappings.spelled(await self.page(namespace_id, _TREE, first), first)

    async def listing(self, namespace_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = variables["first"]
        return mappings.listing(await self.page(namespace_id, _TREE, first), first)

    async def joined(self, namespace_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first = variables["first"]
        requests = await (
            self._search_requests.find(
                {"namespace_id": namespace_id},
                {"_id": 0, "first_seen_at": 1, "occurred_at": 1, "search_request_id": 1},
                limit=first + 1,
                batch_size=first + 1,
                max_time_ms=self._time_limit_ms,
                hint="time",
            )
            .sort([("first_seen_at", -1), ("_id", -1)])
            .to_list(None)
        )
        # Of the one that only tells whether there are more, nothing is shown.
        del requests[first:]
        keys = [{"key": {"$literal": request["search_request_id"]}, "part": 0} for request in requests]
        lookup = {
            "from": "interactions",
            "localField": "key",
            "foreignField": "search_request_id",
            "pipeline": [
                {"$match": {"namespace_id": namespace_id}},
                {"$sort": {"occurred_at": -1, "_id": -1}},
                {"$limit": 4},
                {"$project": {"_id": 0, "interaction_id": 1, "interaction_type": 1, "occurred_at": 1}},
            ],
            "as": "document",
        }
        pipeline: list[Document] = [{"$documents": keys}, {"$lookup": lookup}, {"$unwind": "$document"}]
        cursor = await aggregate(self._database, pipeline, maxTimeMS=self._time_limit_ms, batchSize=_MOST_ROWS)
        return mappings.joined(requests, first, iter(await cursor.to_list(None)))

    def page(
        self, namespace_id: str, projection: Mapping[str, int], first: int, after: str | None = None
    ) -> Awaitable[Sequence[Document]]:
        filter_ = {"namespace_id": namespace_id} if after is None else _behind(namespace_id, after)
        return self.found(filter_, projection, first, hint="time")

    async def found(
        self, filter_: Mapping[str, Any], projection: Mapping[str, int], first: int, *, hint: str
    ) -> Sequence[Document]:
        return await (
            self._interactions.find(
                filter_,
                projection,
                limit=first + 1,
                batch_size=first + 1,
                max_time_ms=self._time_limit_ms,
                hint=hint,
            )
            .sort([("occurred_at", -1), ("_id", -1)])
            .to_list(None)
        )


def _behind(namespace_id: str, cursor: str) -> dict[str, Any]:
    _, _, time, tie = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    at = datetime.fromisoformat(time)
    return {
        "$or": [
            {
                "namespace_id": namespace_id,
                "occurred_at": {"$eq": at, "$not": {"$type": "array"}},
                "$expr": {"$lt": ["$_id", {"$literal": Binary.from_uuid(UUID(tie))}]},
            },
            {
                "namespace_id": namespace_id,
                "occurred_at": {"$not": {"$type": "array"}},
                "$expr": {"$lt": ["$occurred_at", {"$literal": at}]},
            },
        ]
    }
