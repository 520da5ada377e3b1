"""One address that is served beside the graph's own: its methods, and what a request to it is answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.errors import AnswersUnread, GatewayError, MethodNotAllowed
from gateway.errors.formatting import as_gateway_error
from gateway.execution.asked_operations import OperationFailed
from gateway.transport.exchange.exchange import Exchange, ExchangePolicy, Reply

Action: TypeAlias = Callable[[Exchange, Mapping[str, Any]], Awaitable[Reply]]
"""What a method does: the reply to an exchange, by the parameters in the address's path."""


class Replies(Protocol):
    """The form in which an address replies where it doesn't do what it is asked; ``allowed``: its methods."""

    def options(self, allowed: bytes) -> Reply:
        """To who asks which methods there are."""
        ...

    def refusal(self, error: GatewayError, allowed: bytes) -> Reply:
        """To a request that is refused before an operation is asked for."""
        ...

    def failure(self, failure: OperationFailed, allowed: bytes) -> Reply:
        """With the errors of an operation."""
        ...


class ExchangeEndpoint:
    """An ASGI application for every method of one address, of which ``actions`` are served."""

    def __init__(self, policy: ExchangePolicy, actions: Mapping[str, Action], replies: Replies) -> None:
        self._policy = policy
        reading = {"HEAD": actions["GET"]} if "GET" in actions else {}
        self._actions: Mapping[str, Action] = {**actions, **reading}
        self.replies = replies
        self._allowed = ", ".join((*self._actions, "OPTIONS")).encode()

    @property
    def methods(self) -> Sequence[str]:
        """Those that are served, beside OPTIONS."""
        return tuple(self._actions)

    def refusal(self, error: GatewayError) -> Reply:
        """The reply, in this address's form, to a request that is refused before an operation is asked for."""
        return self.replies.refusal(error, self._allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(self._policy, scope, receive, send)
        try:
            await self._answer(exchange, scope["path_params"])
        finally:
            exchange.end()

    async def _answer(self, exchange: Exchange, parameters: Mapping[str, Any]) -> None:
        try:
            reply = await self._reply(exchange, parameters)
        except ClientDisconnect:
            return
        except OperationFailed as failure:
            # Told of to whoever observes as the operation was run.
            reply = self.replies.failure(failure, self._allowed)
        except Exception as error:
            reply = self._refusal(exchange, error)
        try:
            await exchange.reply(reply)
        except AnswersUnread as error:
            await exchange.reply(self._refusal(exchange, error))

    async def _reply(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        if exchange.method == "OPTIONS":
            return self.replies.options(self._allowed)
        action = self._actions.get(exchange.method)
        if action is None:
            raise MethodNotAllowed(f"This address is served by {self._allowed.decode()}.")
        return await action(exchange, parameters)

    def _refusal(self, exchange: Exchange, error: Exception) -> Reply:
        refusal = as_gateway_error(error)
        exchange.refusal(refusal)
        return self.refusal(refusal)
