"""The validation of documents: by graphql-core's rules, each of which is asked only where it has something to say."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from graphql import (
    BREAK,
    SKIP,
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    NoSchemaIntrospectionCustomRule,
    ValidationContext,
    ValidationRule,
    get_named_type,
    validate,
)
from graphql.language.visitor import EnterLeaveVisitor

from gateway.limits.rules import RULES

# Of what is wrong with a document, or with variables; more are of no use to anybody, and cost time.
MAX_ERRORS = 20

_Visit = Callable[..., Any]


class Validation:
    """Judges documents by `RULES`; ``introspection``, ``subgraph``: whether a document may ask for
    the schema, and for its definition as a subgraph."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool, subgraph: bool) -> None:
        self._schema = schema
        self._hide_suggestions = not introspection
        rules = [*RULES]
        if not introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        if not subgraph:
            rules.append(_NoSubgraphRule)
        self._rules = type("Rules", (_Together,), {"rules": tuple(rules)})

    def errors(self, node: DocumentNode) -> list[GraphQLError]:
        """What is wrong with a document, up to `MAX_ERRORS`; raises `OperationTooComplex` for what takes too long to
        find out."""
        return validate(
            self._schema,
            node,
            [self._rules],
            max_errors=MAX_ERRORS,
            hide_suggestions=self._hide_suggestions,
            allow_empty_selection_sets=False,
        )


class _Together(ValidationRule):
    """Several rules in one, as graphql-core's `ParallelVisitor` has them.

    That one asks every rule at every node, and looks all of their methods up again for each document: of a document of
    ordinary size that is a third of what its validation takes.
    """

    rules: Sequence[type[ASTValidationRule]] = ()

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._each = [rule(context) for rule in self.rules]
        # By rule: the node whose inside it skips, or BREAK where it has seen enough.
        self._skipping: list[Any] = [None] * len(self._each)

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        known = self.enter_leave_map.get(kind)
        if known is None:
            concerned = _concerned(self.rules, kind)
            entered = [(number, getattr(self._each[number], enter)) for number, enter, _ in concerned if enter]
            # Also where a rule only enters: what it skips ends there.
            left = [(number, getattr(self._each[number], leave) if leave else None) for number, _, leave in concerned]
            known = self.enter_leave_map[kind] = EnterLeaveVisitor(
                self._entering(entered) if entered else None, self._leaving(left) if left else None
            )
        return known

    def _entering(self, visits: Sequence[tuple[int, _Visit]]) -> _Visit:
        skipping = self._skipping

        def enter(node: Node, *above: Any) -> None:
            for number, visit in visits:
                if skipping[number] is None:
                    action = visit(node, *above)
                    if action is not None:
                        skipping[number] = _skipped(action, node)

        return enter

    def _leaving(self, visits: Sequence[tuple[int, _Visit | None]]) -> _Visit:
        skipping = self._skipping

        def leave(node: Node, *above: Any) -> None:
            for number, visit in visits:
                if skipping[number] is None:
                    action = visit and visit(node, *above)
                    if action is BREAK or action is True:
                        skipping[number] = BREAK
                elif skipping[number] is node:
                    skipping[number] = None

        return leave


def _skipped(action: Any, node: Node) -> Any:
    if action is BREAK or action is True:
        return BREAK
    assert action is SKIP or action is False, "rules change nothing"
    return node


@lru_cache(maxsize=256)
def _concerned(rules: Sequence[type[ASTValidationRule]], kind: str) -> list[tuple[int, str | None, str | None]]:
    """The numbers of the rules that have a method for this kind of nodes, with the names of what they have."""
    found = []
    for number, rule in enumerate(rules):
        enter, leave = (
            next((name for name in (f"{moment}_{kind}", moment) if getattr(rule, name, None)), None)
            for moment in ("enter", "leave")
        )
        if enter or leave:
            found.append((number, enter, leave))
    return found


class _NoSubgraphRule(ValidationRule):
    """As graphql-core's rule against introspection, for the definition of the subgraph."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        type_ = get_named_type(self.context.get_type())
        if type_ is not None and type_.name == "_Service":
            message = f"The schema is not given out, but the requested query contained the field '{node.name.value}'."
            self.report_error(GraphQLError(message, node))
