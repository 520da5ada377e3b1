"""GraphQL over websockets by the subprotocol graphql-transport-ws, for operations of every kind.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from gateway.auth.authenticator import Authenticator
from gateway.auth.open_connections import OpenConnections
from gateway.errors import Forbidden, GatewayError, NotFound
from gateway.execution.operations import OperationRunner
from gateway.live.subscriptions import Subscriptions
from gateway.scheduling.cpu_gate import CpuGate
from gateway.transport.http.not_found import NOTHING
from gateway.transport.http.replies import closing
from gateway.transport.websocket.conversation import Conversation
from gateway.transport.websocket.origins import admits

PROTOCOL = "graphql-transport-ws"


class WebSocketEndpoint:
    """What answers every request for a websocket. ``path``: the one at which there are any; ``origins``: those whose
    pages may connect besides the gateway's own; ``entry_limit``: how many entries of lists and objects a message may
    have."""

    def __init__(
        self,
        access: Authenticator,
        operations: OperationRunner,
        subscriptions: Subscriptions,
        sessions: OpenConnections,
        cpu_gate: CpuGate,
        *,
        path: str,
        origins: Collection[str],
        max_operations: int,
        entry_limit: int,
        unauthenticated_bytes: int,
    ) -> None:
        self._unauthenticated_bytes = unauthenticated_bytes
        self._access = access
        self._operations = operations
        self._subscriptions = subscriptions
        self._sessions = sessions
        self._cpu_gate = cpu_gate
        self._path = path
        self._origins = origins
        self._max_operations = max_operations
        self._entry_limit = entry_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        headers = Headers(scope=scope)
        if scope["path"] != self._path:
            await _refuse(receive, send, NotFound(NOTHING))
        elif not admits(headers, self._origins):
            await _refuse(receive, send, Forbidden("Pages of this origin may not open websockets here."))
        elif PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
        else:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            conversation = Conversation(
                self._access,
                self._operations,
                self._subscriptions,
                self._cpu_gate,
                headers,
                receive,
                send,
                max_operations=self._max_operations,
                entry_limit=self._entry_limit,
                unauthenticated_bytes=self._unauthenticated_bytes,
            )
            await conversation.run(self._sessions)


async def _refuse(receive: Receive, send: Send, error: GatewayError) -> None:
    """Answers the request for a websocket as any other that is refused."""
    reply = closing(error)
    start = {"type": "websocket.http.response.start", "status": reply.status, "headers": list(reply.headers)}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": reply.body})
    for _ in ("the handshake's end", "the connection's end"):
        # Whoever returns between the two, uvicorn takes for one that has answered nothing, and logs an error.
        await receive()
