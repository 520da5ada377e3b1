"""The limits on a document alone: checked once, before validation, in time linear in the document.

Fragments are expanded by arithmetic: each is walked once, and what it holds is added where it is spread. So a document
whose fragments double at every level costs no more than its length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from graphql import (
    ArgumentNode,
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    parse,
)

from gateway.errors import OperationTooComplex, ValidationFailed
from gateway.limits import Limits

# Each may read the whole schema.
MAX_INTROSPECTIONS = 2

# Each error's place is found by reading all lines ahead of it; documents of more lines have none.
MAX_LINES_LOCATED = 2_000

_Executable = OperationDefinitionNode | FragmentDefinitionNode


def parse_within(query: str, limits: Limits | None) -> DocumentNode:
    """The parsed document, which is within its limits; None: there are none.

    Raises `GraphQLSyntaxError`, and `OperationTooComplex` naming the limit that was passed.
    """
    if limits is None:
        return _unlinked(parse(query, allow_empty_selection_sets=False))
    # A character has at most four bytes.
    if 4 * len(query) > limits.source_bytes and len(query.encode(errors="replace")) > limits.source_bytes:
        raise _too_many("A document", limits.source_bytes, "bytes")
    try:
        document = parse(
            query,
            allow_empty_selection_sets=False,
            max_lexical_tokens=limits.tokens,
            max_comments=limits.comments,
            no_location=query.count("\n") + query.count("\r") > MAX_LINES_LOCATED,
        )
    except GraphQLSyntaxError as error:
        raise _of_parser(error, limits) from None
    check_document(_unlinked(document), limits)
    return document


def _unlinked(document: DocumentNode) -> DocumentNode:
    """The document, its tokens unlinked from each other.

    Nodes know the first and last of their own, for errors to tell where. Linked, a document is one great cycle, which
    would wait for the garbage collector instead of ending with its place among those that are kept.
    """
    token = document.loc.start_token if document.loc else None
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following
    return document


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Raises `OperationTooComplex` where the document is beyond a limit.

    What is wrong otherwise is left to validation, such as unknown fragments, which count nothing. But fragments that
    spread themselves have no size: for those it raises `ValidationFailed`.
    """
    definitions = [definition for definition in document.definitions if isinstance(definition, _Executable)]
    operations = sum(isinstance(definition, OperationDefinitionNode) for definition in definitions)
    _require("A document", operations, limits.operations, "operations")
    measures = [_measure(definition, limits) for definition in definitions]
    _require("A document", sum(measure.directives for measure in measures), limits.directives, "directives")
    for definition, size in zip(definitions, _expanded(measures), strict=True):
        _require("Selections", size.depth, limits.depth, "levels deep, with fragments expanded", verb="may be nested")
        _require("An operation", size.fields, limits.fields, "fields, with fragments expanded")
        _require("An operation", size.aliases, limits.aliases, "aliases, with fragments expanded")
        if isinstance(definition, OperationDefinitionNode):
            _require("An operation", size.root_fields, limits.root_fields, "root fields")
            _require("An operation", size.introspections, MAX_INTROSPECTIONS, "fields `__schema` and `__type`")
            _require("An operation", len(definition.variable_definitions or ()), limits.variables, "variables")


@dataclass(slots=True)
class _Size:
    """What a definition holds: by itself, or with its fragments expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    root_fields: int = 0
    introspections: int = 0


@dataclass(slots=True)
class _Measure:
    """The size of a definition by itself; ``fragment``: its name if it is one; ``spreads``: the names of those that it
    spreads, each with the number of fields above it."""

    fragment: str | None
    size: _Size = field(default_factory=_Size)
    directives: int = 0
    spreads: list[tuple[str, int]] = field(default_factory=list)


def _measure(definition: _Executable, limits: Limits) -> _Measure:
    measure = _Measure(definition.name.value if isinstance(definition, FragmentDefinitionNode) else None)
    size = measure.size
    directives: list[DirectiveNode | ConstDirectiveNode] = [*(definition.directives or ())]
    for variable in definition.variable_definitions or ():
        directives += variable.directives or ()
        if variable.default_value:
            _check_literal(variable.default_value, limits)
    # The fields above each selection set.
    pending: list[tuple[SelectionSetNode, int]] = [(definition.selection_set, 0)]
    while pending:
        selection_set, above = pending.pop()
        for node in selection_set.selections:
            if node.directives:
                directives += node.directives
            match node:
                case FieldNode():
                    size.depth = max(size.depth, above + 1)
                    size.fields += 1
                    size.aliases += node.alias is not None
                    size.root_fields += not above
                    size.introspections += node.name.value in ("__schema", "__type")
                    if node.arguments:
                        _check_arguments(node.arguments, limits)
                    if node.selection_set:
                        pending.append((node.selection_set, above + 1))
                case InlineFragmentNode():
                    pending.append((node.selection_set, above))
                case FragmentSpreadNode():
                    measure.spreads.append((node.name.value, above))
    measure.directives = len(directives)
    for directive in directives:
        _check_arguments(directive.arguments, limits)
    return measure


def _expanded(measures: Sequence[_Measure]) -> Iterable[_Size]:
    """The size of each definition with its fragments expanded."""
    numbers = {measure.fragment: number for number, measure in enumerate(measures) if measure.fragment is not None}
    graph = {
        number: {numbers[name] for name, _ in measure.spreads if name in numbers}
        for number, measure in enumerate(measures)
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = [str(measures[number].fragment) for number in reversed(error.args[1])]
        raise ValidationFailed(f"Fragments may not spread themselves, as {_shortened(cycle)} do.") from None
    sizes = [measure.size for measure in measures]
    for number in order:
        for name, above in measures[number].spreads:
            if name in numbers:
                _add(sizes[number], sizes[numbers[name]], above)
    return sizes


def _shortened(names: Sequence[str]) -> str:
    return " → ".join(name[:40] for name in (names if len(names) <= 5 else [*names[:4], "…"]))


def _add(size: _Size, spread: _Size, above: int) -> None:
    size.depth = max(size.depth, above + spread.depth)
    size.fields += spread.fields
    size.aliases += spread.aliases
    size.introspections += spread.introspections
    size.root_fields += spread.root_fields if not above else 0


def _check_arguments(arguments: Iterable[ArgumentNode] | None, limits: Limits) -> None:
    for argument in arguments or ():
        _check_literal(argument.value, limits)


def _check_literal(literal: ValueNode, limits: Limits) -> None:
    pending = [(literal, 1)]
    while pending:
        node, level = pending.pop()
        match node:
            case ListValueNode():
                inner = list(node.values)
            case ObjectValueNode():
                inner = [field.value for field in node.fields]
            case _:
                continue
        _require("A list or an input object", len(inner), limits.list_items, "values")
        _require("Values", level, limits.json_depth, "levels deep", verb="may be nested")
        pending += [(value, level + 1) for value in inner]


def _of_parser(error: GraphQLSyntaxError, limits: Limits) -> Exception:
    """The limit that ended parsing, or the syntax error itself."""
    if not error.message.endswith("Parsing aborted."):
        return error
    if "nested" in error.message:
        return OperationTooComplex(
            f"Selections may be nested at most {limits.depth:,} levels deep, values at most {limits.json_depth:,}."
        )
    if "comments" in error.message:
        return _too_many("A document", limits.comments, "comments")
    return _too_many("A document", limits.tokens, "lexical tokens")


def _require(what: str, count: int, limit: int, unit: str, *, verb: str = "may have") -> None:
    """Raises `OperationTooComplex` where there are more than the limit allows."""
    if count > limit:
        raise _too_many(what, limit, unit, verb=verb)


def _too_many(what: str, limit: int, unit: str, *, verb: str = "may have") -> OperationTooComplex:
    return OperationTooComplex(f"{what} {verb} at most {limit:,} {unit}.")
