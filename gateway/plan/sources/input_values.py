"""What mutations are sent to be recorded: inputs, and parts of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from gateway.errors import GatewayError
from gateway.plan.predicate import Predicate


class InputValue(Protocol):
    """An input of a mutation, or a part of it, that can be recorded."""

    @property
    def value(self) -> Any:
        """It as it was coerced: an object by the GraphQL names of its fields."""

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where it is, from the arguments of its field down."""

    @property
    def sent(self) -> Callable[[], Any]:
        """What gives the JSON value that the client sent; not of an item of a list."""

    @property
    def unsent(self) -> Callable[[], Iterable[tuple[str | int, ...]]]:
        """What gives the places in it, from the arguments of its field down, of variables that have no value, as of
        those that weren't sent; not of an item of a list."""

    def wire(self) -> Any:
        """It in the REST wire shape; raises `BadUserInput` with a path in that shape."""

    def predicate(self) -> Predicate:
        """What it demands as a filter; raises `BadUserInput`."""

    def located(self, error: GatewayError) -> GatewayError:
        """The same error, with its path of the wire shape in the input's own names."""

    def field(self, name: str) -> "InputValue":
        """The value of a field that is given, with its place in the input."""

    def items(self, name: str) -> Sequence["InputValue"]:
        """The items of a list, each a value by itself: paths begin at the item."""
