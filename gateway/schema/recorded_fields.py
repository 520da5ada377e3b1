"""Fields of the graph that are recorded: what the wire shape declares of them isn't said again.

`gateway.model.wire.fields` declares each field's name, type, bounds and meaning; the inputs that record it are made of
that declaration (`records`), and what reads or filters by it takes its path and description from there (`recorded`,
`compares`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import get_annotations, getdoc
from textwrap import fill
from typing import Annotated, Any, TypeVar, get_args, get_origin

import strawberry

from gateway.model.wire.declared_fields import DeclaredField, declared_field, declared_fields
from gateway.model.wire.fields import Format, Interaction, WireObject
from gateway.schema.readings import Embedded, ParentView, field
from gateway.schema.scalars import JSON, DateTime
from gateway.schema.stored_readings import StoredReading, Value
from gateway.schema.where_declarations import OwnTime, StoredValue, matches

WIRE_NAME = "wire_name"
SHORTHAND = "shorthand"

_Class = TypeVar("_Class", bound=type)

_SCALARS: Mapping[Any, Any] = {str: str, int: int, float: float, bool: bool, dict: JSON}
_FORMATS: Mapping[Format, Any] = {Format.ID: strawberry.ID, Format.INSTANT: DateTime}


@dataclass(frozen=True, slots=True)
class Also:
    """What the description of an input's field says beside what is declared."""

    words: str


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A field of an input that is recorded as ``field``, another one of it, which has the value that ``form`` makes.

    Exactly one of the two is given.
    """

    field: str
    form: Callable[[Any], Any]
    type: Any
    description: str


def also(words: str) -> Any:
    """In the body of a class that `records` completes: words to add to the description of a field."""
    return Also(words)


def described(field: DeclaredField, words: str = "") -> str:
    """A field's description, with more words in lines of the length that other descriptions have."""
    return fill(f"{field.description} {words}", 110) if words else field.description


def meaning(model: type[WireObject], words: str = "") -> str:
    """What a wire object is, for clients, with more words."""
    text = getdoc(model) or ""
    return fill(f"{text} {words}", 110) if words else text


def records(model: type[WireObject], description: str = "") -> Callable[[_Class], _Class]:
    """Makes a class the GraphQL input of a wire object, with the fields, in the order, that ``model`` declares.

    The class says what is different: a field's type, by an annotation; its default, by a value, which makes it
    not null; more words for its description, by `also`. A field that may be left out on the wire may be left out of
    the input. ``description`` replaces the meaning of ``model``.

    A `Shorthand` is a field beside those, ahead of the one that it is recorded as.

    Raises TypeError for a field of the class that isn't declared, and for one whose type only the class can say.
    """

    def completed(cls: _Class) -> _Class:
        fields = {field.name: field for field in declared_fields(model).values()}
        types = get_annotations(cls)
        values = {name: value for name, value in vars(cls).items() if not name.startswith("__")}
        shorthands = {value.field: name for name, value in values.items() if isinstance(value, Shorthand)}
        short = {name: values.pop(name) for name in shorthands.values()}
        if unknown := (types.keys() | values.keys()) - fields.keys():
            raise TypeError(f"{cls.__name__}: {sorted(unknown)} not declared by {model.__name__}")
        annotations: dict[str, Any] = {}
        for name, declared in fields.items():
            if name in shorthands:
                shorthand = shorthands[name]
                annotations[shorthand] = short[shorthand].type | None
                setattr(cls, shorthand, _shorthand_field(short[shorthand]))
            annotations[name] = types.get(name) or _input_type(declared)
            may_be_left_out = not declared.required or name in shorthands
            setattr(cls, name, _input_field(declared, values.get(name), may_be_left_out=may_be_left_out))
        cls.__annotations__ = annotations
        return strawberry.input(cls, description=description or meaning(model))

    return completed


def recorded(
    reading: StoredReading | ParentView | str,
    *,
    of: type[WireObject] = Interaction,
    declared: str = "",
    words: str = "",
    name: str | None = None,
) -> Any:
    """A field that reads a recorded one; a dotted path of wire names below ``of`` stands for what is at it, as it is.

    ``declared`` is the path that the field is declared at, where it isn't read there; ``words`` are added to its
    description. Raises LookupError where no such field is declared.
    """
    declaration = declared_field(declared or _path(reading), of)
    description = described(declaration, words)
    if not isinstance(reading, str):
        return field(reading, description, name=name)
    if declaration.model is None:
        return field(Value(reading), description, name=name)
    return field(Embedded(reading, declaration.is_list), description, name=name)


def compares(
    matching: StoredValue | OwnTime | str, *, of: type[WireObject] = Interaction, declared: str = "", words: str = ""
) -> Any:
    """A filter's field that compares a recorded one, with parameters as those of `recorded`."""
    if isinstance(matching, str):
        matching = StoredValue(matching)
    return matches(matching, described(declared_field(declared or matching.path, of), words))


def _path(reading: StoredReading | ParentView | str) -> str:
    match reading:
        case str():
            return reading
        case ParentView(presence):
            return presence
    [path] = reading.paths
    return path


def _shorthand_field(shorthand: Shorthand) -> Any:
    return strawberry.field(
        description=shorthand.description, default=strawberry.UNSET, metadata={SHORTHAND: shorthand}
    )


def _input_field(field: DeclaredField, value: Any, *, may_be_left_out: bool) -> Any:
    words = ""
    default = {"default": strawberry.UNSET} if may_be_left_out else {}
    match value:
        case None:
            pass
        case Also():
            words = value.words
        case _:
            default = {"default": value}
    return strawberry.field(
        # Python's own words end in an underscore.
        name=field.name.removesuffix("_") if field.name.endswith("_") else None,
        description=described(field, words),
        metadata={WIRE_NAME: field.wire_name},
        **default,
    )


def _input_type(field: DeclaredField) -> Any:
    try:
        type_ = _graphql_type(field.type)
    except LookupError:
        raise TypeError(f"The input has to say which type {field.wire_name} has.") from None
    return type_ if field.required else type_ | None


def _graphql_type(type_: Any) -> Any:
    """The graph's type for one of the wire shape's; raises LookupError where there are several, or none."""
    if get_origin(type_) is Annotated:
        plain, *notes = get_args(type_)
        formats = [note for note in notes if isinstance(note, Format)]
        return _FORMATS[formats[0]] if formats else _graphql_type(plain)
    if get_origin(type_) is list:
        return list[_graphql_type(*get_args(type_))]  # type: ignore[misc]
    return _SCALARS[get_origin(type_) or type_]
