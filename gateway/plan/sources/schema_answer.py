"""What the schema says of itself, which is known before anything is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from gateway.context import Context
from gateway.plan.commands import ReadCommand
from gateway.plan.cost import EXECUTOR_FACTOR, introspection_points
from gateway.plan.sources.source import BoundRoot, Estimate


@dataclass(frozen=True, slots=True)
class SchemaAnswer(BoundRoot):
    """The answer to `__schema` or `__type`: ``answer`` is JSON of ``size`` bytes, with so many ``values``; or it is the
    error of an argument at any depth, which the executor tells in its place."""

    answer: Any
    values: int
    size: int

    @property
    def reusable(self) -> bool:
        return not isinstance(self.answer, GraphQLError)

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def in_namespace(self) -> bool:
        return False

    @property
    def weight(self) -> int:
        return self.size

    def estimate(self, parents: int) -> Estimate:
        return Estimate(introspection_points(self.values * (1 if self.reusable else EXECUTOR_FACTOR)), 0)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return ()

    def value(self, results: Sequence[Any], context: Context) -> tuple[Any, int]:
        if isinstance(self.answer, GraphQLError):
            raise self.answer
        return self.answer, self.estimate(1).points
