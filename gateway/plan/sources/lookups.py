"""Objects by their ids: those of one type, those that global ids name, and those that other schemas refer to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.errors import BadUserInput, GatewayError, NotFound
from gateway.model.documents import TYPE_FIELD
from gateway.model.undecoded_documents import UndecodedDocument
from gateway.plan import global_ids
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.sources.source import BoundRoot, Estimate, KeyLookup, Reference, Source, SourceArguments

MAX_IDS = 1_000


@dataclass(frozen=True, slots=True)
class ById(Source):
    """The object of the field's one type whose own id is in ``argument``, or a list of them in the order of the ids."""

    argument: str
    many: bool = False

    @property
    def as_stored(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundIds":
        [(type_name, lookup)] = arguments.lookups.items()
        keys = _ids(arguments, self.argument, many=self.many)
        return BoundIds(lookup, tuple(keys), arguments.paths[type_name], self.many)


@dataclass(frozen=True, slots=True)
class ByNodeId(Source):
    """The object behind a global id, or a list of them in the order of the ids."""

    argument: str
    many: bool = False

    @property
    def as_stored(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundReferences":
        texts = _ids(arguments, self.argument, many=self.many)
        paths = [(self.argument, index) if self.many else (self.argument,) for index in range(len(texts))]
        references = [_decoded(text, path) for text, path in zip(texts, paths, strict=True)]
        return _bound_references(arguments, references, many=self.many)


@dataclass(frozen=True, slots=True)
class ByRepresentation(Source):
    """The objects that another schema's references name, in their order: by any of their types' keys. What isn't
    there is an error."""

    argument: str

    @property
    def as_stored(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundReferences":
        count = len(arguments.values[self.argument])
        if count > MAX_IDS:
            raise BadUserInput(
                f"`{self.argument}` may hold at most {MAX_IDS} representations, not {count}.", path=(self.argument,)
            )
        references = arguments.references(self.argument)
        return _bound_references(arguments, references, many=True, required=self.argument)


def _ids(arguments: SourceArguments, argument: str, *, many: bool) -> list[str]:
    """The ids that an argument names; raises `BadUserInput` for more than 1,000."""
    ids: list[str] = arguments.values[argument] if many else [arguments.values[argument]]
    if len(ids) > MAX_IDS:
        raise BadUserInput(f"`{argument}` may hold at most {MAX_IDS} ids, not {len(ids)}.", path=(argument,))
    return ids


def _decoded(text: str, path: Sequence[str | int]) -> Reference | BadUserInput:
    try:
        id = global_ids.decode(text, *path)
    except BadUserInput as error:
        return error
    return Reference(id.type_name, id.key, id.scope)


@dataclass(frozen=True, slots=True)
class BoundIds(BoundRoot):
    """The ids of objects of one type to look up. ``paths``: what is read of the objects."""

    lookup: KeyLookup
    keys: tuple[str, ...]
    paths: frozenset[str]
    many: bool

    @property
    def _distinct(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.keys))

    @property
    def keeps_to_user(self) -> bool:
        return self.lookup.keeps_to_user

    def estimate(self, parents: int) -> Estimate:
        return Estimate(self.lookup.price * len(self._distinct), len(self.keys))

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        if not self.keys or not self.lookup.reads:
            return ()
        return (self.lookup.command(context, self._distinct, self.paths),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Any, int]:
        if not self.keys:
            return [], 0
        objects = self.lookup.objects(results[0] if results else None, self._distinct, context)
        points = self.lookup.price * len(self._distinct)
        if self.many:
            return [objects.get(key) for key in self.keys], points
        return self.lookup.known(objects.get(self.keys[0])), points


@dataclass(frozen=True, slots=True)
class _Group:
    """The distinct keys of one type that are looked for together."""

    lookup: KeyLookup
    keys: tuple[str, ...]
    paths: frozenset[str]


def _bound_references(
    arguments: SourceArguments, references: Sequence[Reference | GatewayError], *, many: bool, required: str = ""
) -> "BoundReferences":
    keys: dict[str, dict[str, None]] = {}
    for reference in references:
        # Whoever forges ids may name any type. Ids of another namespace are looked for here all the same: missing and
        # foreign must not differ.
        if isinstance(reference, Reference) and reference.type_name in arguments.lookups:
            keys.setdefault(reference.type_name, {})[reference.key] = None
    groups = {
        name: _Group(arguments.lookups[name], tuple(of_type), arguments.paths[name]) for name, of_type in keys.items()
    }
    return BoundReferences(tuple(references), groups, many, required)


@dataclass(frozen=True, slots=True)
class BoundReferences(BoundRoot):
    """References to objects of several types. ``groups``: what is looked for, by the declared name of its type.
    ``required``: the argument at which what isn't there is an error; "": it is null."""

    references: tuple[Reference | GatewayError, ...]
    groups: Mapping[str, _Group]
    many: bool
    required: str

    @property
    def reusable(self) -> bool:
        # Errors that are raised again collect tracebacks.
        return not any(isinstance(reference, GatewayError) for reference in self.references)

    @property
    def keeps_to_user(self) -> bool:
        return all(group.lookup.keeps_to_user for group in self.groups.values())

    def estimate(self, parents: int) -> Estimate:
        return Estimate(self._points, len(self.references))

    @property
    def _points(self) -> int:
        return sum(group.lookup.price * len(group.keys) for group in self.groups.values())

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return [
            group.lookup.command(context, group.keys, group.paths)
            for group in self.groups.values()
            if group.lookup.reads
        ]

    def value(self, results: Sequence[Any], context: Context) -> tuple[Any, int]:
        remaining = iter(results)
        objects: dict[str, Mapping[str, Document]] = {}
        for name, group in self.groups.items():
            result = next(remaining) if group.lookup.reads else None
            objects[name] = group.lookup.objects(result, group.keys, context)
        values = [
            reference if isinstance(reference, GatewayError) else self._object(reference, objects, context)
            for reference in self.references
        ]
        _require_readable(objects, values)
        if self.required:
            values = [self._missing(index) if value is None else value for index, value in enumerate(values)]
        return values if self.many else values[0], self._points

    def _object(
        self, reference: Reference, objects: Mapping[str, Mapping[str, Document]], context: Context
    ) -> Document | None:
        group = self.groups.get(reference.type_name)
        document = None if group is None else objects[reference.type_name].get(reference.key)
        if group is None or document is None:
            return None
        if reference.scope not in (None, group.lookup.scope(context, reference.key)):
            return None
        if not self.required and group.lookup.known(document) is None:
            return None
        if isinstance(document, UndecodedDocument):
            return document.of_type(reference.type_name)
        return {**document, TYPE_FIELD: reference.type_name}

    def _missing(self, index: int) -> NotFound:
        return NotFound("There is no such object here.", path=(self.required, index))


def _require_readable(objects: Mapping[str, Mapping[str, Document]], values: Sequence[Any]) -> None:
    """Decodes what was found for ids of other namespaces alone: nobody else would notice that it can't be."""
    answered = {value.whole for value in values if isinstance(value, UndecodedDocument)}
    for of_type in objects.values():
        # All of a type were found by one command.
        first = next(iter(of_type.values()), None)
        if isinstance(first, UndecodedDocument) and first.whole not in answered:
            first.decoded()
