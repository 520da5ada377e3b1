"""Where compiled code finds what a reading gives, without reading it."""

from dataclasses import dataclass

from gateway.compiler.program import Item, Operand
from gateway.schema.readings import Attribute
from gateway.schema.stored_readings import (
    CaseSensitivity,
    ConditionKey,
    ConditionOperator,
    FirstKnownOrOther,
    FirstPresent,
    KnownOrOther,
    ListOrEmpty,
    LowerCased,
    ObjectOrNull,
    TreeBranch,
    Value,
    ValueOr,
)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """The place where the value of a reading stands as it is, as long as it is plainly of the field's type.

    It doesn't hold for a parent that has anything at ``unless``. ``missing``: what counts where there is nothing.
    """

    path: str
    unless: str = ""
    missing: bool | int | str | None = None


def shortcut_of(operand: Operand) -> Shortcut | None:
    """The shortcut of an operand that has to be read otherwise; None where there is nothing quicker than to read it."""
    match operand:
        case Value() | Attribute() | Item():
            # Most are; it is sooner known than by what they aren't.
            return None
        case ValueOr(path, default):
            return Shortcut(path, missing=default)
        case (
            ListOrEmpty(path)
            | FirstPresent((path, *_))
            | LowerCased(path)
            | ObjectOrNull(path)
            | KnownOrOther(path)
            | FirstKnownOrOther(path)
        ):
            return Shortcut(path)
        case TreeBranch(name):
            return Shortcut(name, unless="NOT" if name == "NOR" else "")
        case ConditionKey():
            return Shortcut("key")
        case ConditionOperator():
            return Shortcut("operator", missing="eq")
        case CaseSensitivity():
            return Shortcut("case_sensitive")
    return None
