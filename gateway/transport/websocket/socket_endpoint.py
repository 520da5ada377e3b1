"""GraphQL over websockets by the subprotocol graphql-transport-ws, for operations of every kind.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from gateway.auth.open_connections import OpenConnections
from gateway.errors import Forbidden, GatewayError
from gateway.observability.observer import Observer
from gateway.transport.exchange.allowed_origins import AllowedOrigins
from gateway.transport.exchange.exchange import RECORD
from gateway.transport.http.not_found import NOTHING_HERE
from gateway.transport.http.replies import closing_reply
from gateway.transport.websocket import close_codes
from gateway.transport.websocket.conversation import Conversation, ConversationServices
from gateway.transport.websocket.origins import is_allowed_origin

PROTOCOL = "graphql-transport-ws"


class WebSocketEndpoint:
    """The websockets of the graph: an ASGI application.

    ``origins``: those whose pages may connect besides the gateway's own. ``own_origin``: of that, where it is known.
    """

    def __init__(
        self,
        services: ConversationServices,
        connections: OpenConnections,
        *,
        origins: AllowedOrigins,
        own_origin: str | None = None,
    ) -> None:
        self._services = services
        self._connections = connections
        self._origins = origins
        self._own_origin = own_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if not await is_allowed_origin(Headers(scope=scope), self._origins, self._own_origin):
            refusal = Forbidden("Pages of this origin may not open websockets here.")
            self._services.observer.refused(scope[RECORD], refusal.code)
            await refuse_websocket(receive, send, refusal)
        elif PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send(
                {
                    "type": "websocket.close",
                    "code": close_codes.NO_SUCH_SUBPROTOCOL,
                    "reason": "Subprotocol not acceptable",
                }
            )
        else:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await Conversation(self._services, scope, receive, send).run(self._connections)


class NoWebSocketEndpoint:
    """What refuses a websocket where there is none: an ASGI application."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self._observer.refused(scope[RECORD], NOTHING_HERE.code)
        await refuse_websocket(receive, send, NOTHING_HERE)


async def refuse_websocket(receive: Receive, send: Send, error: GatewayError) -> None:
    """Answers the request for a websocket as any other that is refused."""
    reply = closing_reply(error)
    headers = list(reply.headers)
    await send({"type": "websocket.http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": reply.body})
    for _ in ("the handshake's end", "the connection's end"):
        # Whoever returns between the two, uvicorn takes for one that has answered nothing, and logs an error.
        await receive()
