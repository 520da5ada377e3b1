"""Where compiled code finds what a reading gives, without reading it."""

from dataclasses import dataclass

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
    StoredReading,
    TreeBranch,
    ValueOr,
)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Where the value of a reading stands as it is, as long as it is plainly of the field's type.

    It doesn't hold for a parent that has anything at ``unless``. ``missing``: what counts where there is nothing.
    """

    path: str
    unless: str = ""
    missing: str | None = None


def shortcut_of(reading: StoredReading) -> Shortcut | None:
    match reading:
        case (
            ValueOr(path)
            | ListOrEmpty(path)
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
