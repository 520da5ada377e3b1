"""What the wire shape declares of its fields, for what shows, takes or compares the same fields elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from gateway.model.wire.fields import Interaction, WireObject


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A field of a wire object.

    ``type`` is its annotation without null: a type with its bounds, a `WireObject`, or a list of either.
    """

    name: str
    wire_name: str
    type: Any
    required: bool
    description: str

    @property
    def is_list(self) -> bool:
        return get_origin(unannotated(self.type)) is list

    @property
    def model(self) -> type[WireObject] | None:
        """The wire object that the field holds, or holds a list of."""
        type_ = unannotated(self.type)
        item = unannotated(get_args(type_)[0]) if self.is_list else type_
        return item if isinstance(item, type) and issubclass(item, WireObject) else None


@cache
def declared_fields(model: type[WireObject]) -> Mapping[str, DeclaredField]:
    """The fields of a wire object by their wire names, in the order in which they are declared."""
    types = get_type_hints(model, include_extras=True)
    fields = [
        DeclaredField(
            name=name,
            wire_name=info.alias or name,
            type=_not_null(types[name]),
            required=info.is_required(),
            description=info.description or "",
        )
        for name, info in model.model_fields.items()
        # What is excluded is refused wherever it is recorded.
        if not info.exclude
    ]
    return {field.wire_name: field for field in fields}


def declared_field(path: str, model: type[WireObject] = Interaction) -> DeclaredField:
    """The field at a dotted path of wire names below ``model``; raises LookupError where none is declared."""
    *steps, last = path.split(".")
    for step in steps:
        inner = declared_fields(model)[step].model
        if inner is None:
            raise LookupError(f"{step} of {model.__name__} is no object")
        model = inner
    return declared_fields(model)[last]


def unannotated(type_: Any) -> Any:
    """A type without its bounds."""
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


def _not_null(type_: Any) -> Any:
    if get_origin(type_) not in (Union, UnionType):
        return type_
    [inner] = [member for member in get_args(type_) if member is not NoneType]
    return inner
