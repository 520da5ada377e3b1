"""What generated code refers to by name: what serializes and refuses, and parts of the schema."""

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NoReturn

from graphql import GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString

from gateway.compiler.python_backend.answer_values import AnswerValues
from gateway.compiler.python_backend.scalar_values import date_time, json, judged_by, nullable, refuse
from gateway.schema.readings import Parameterized
from gateway.schema.stored_readings import Computed, StoredReading

_ALWAYS: Mapping[str, Any] = {
    "datetime": datetime,
    "refuse": refuse,
    "nullable": nullable,
    "NOTHING": {},
    "an_id": judged_by(GraphQLID),
    "a_string": judged_by(GraphQLString),
    "an_int": judged_by(GraphQLInt),
    "a_float": judged_by(GraphQLFloat),
    "a_boolean": judged_by(GraphQLBoolean),
    "date_time": date_time,
    "json": json,
}


class Constants:
    """The names of generated code, and what they stand for; parts of the schema get theirs when first referred to.

    There are only so many of those, so none is ever dropped.
    """

    def __init__(self, values: AnswerValues) -> None:
        self.namespace: dict[str, Any] = {**_ALWAYS, **values._asdict()}
        self._names: dict[Hashable, str] = {}

    def text(self, text: str) -> str:
        """The name of a text."""
        return self._named(text, lambda: text)

    def function(self, function: Callable[..., Any]) -> str:
        """The name of a function."""
        return self._named(function, lambda: function)

    def reading(self, reading: StoredReading | Parameterized) -> str:
        """The name of the function that takes what is stored at a reading's paths; of a parameterized one, behind its
        arguments."""
        return self._named(reading, lambda: self._reading(reading))

    def _reading(self, reading: StoredReading | Parameterized) -> Callable[..., Any]:
        if isinstance(reading, Computed) and reading.walks:
            return partial(reading.function, count=self.namespace["take"])
        return reading.value

    def enum(self, names: Mapping[Any, str]) -> str:
        """The name of a table of an enum's names; asked for what it hasn't, it raises `Fallback`."""
        return self._named(id(names), lambda: _EnumNames(names))

    def _named(self, key: Hashable, value: Callable[[], Any]) -> str:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"c{len(self._names)}"
            self.namespace[name] = value()
        return name


class _EnumNames(dict[Any, str]):
    """An enum's names by the values stored for them, beside the table of the program that they are taken from."""

    def __init__(self, names: Mapping[Any, str]) -> None:
        super().__init__(names)
        # As long as this is in use, no other table has its id.
        self._names = names

    def __missing__(self, value: Any) -> NoReturn:
        refuse(value)
