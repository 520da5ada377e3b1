"""The fields of Algolia's events, as they are documented; each reader refuses what isn't so, with its path."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from gateway.errors import BadUserInput
from gateway.interchange.number_texts import number_text
from gateway.model.wire.fields import MAX_COUNT, MAX_ID

_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)


class Fields:
    """The fields of an object at a place of a request; null is as good as missing. Raises `BadUserInput`."""

    def __init__(self, content: Any, path: tuple[str | int, ...]) -> None:
        if not isinstance(content, Mapping):
            raise BadUserInput("should be an object", path=path)
        self.content: Mapping[str, Any] = content
        self.path = path

    def error(self, name: str | int, message: str) -> BadUserInput:
        return BadUserInput(message, path=(*self.path, name))

    def has(self, name: str) -> bool:
        return self.content.get(name) is not None

    def listed(self, name: str, *, most: int) -> Sequence[Any]:
        """A list of 1 to ``most``."""
        value = self.content.get(name)
        if not isinstance(value, list):
            raise self.error(name, "should be a list" if self.has(name) else "is required")
        if not 1 <= len(value) <= most:
            raise self.error(name, f"should have 1 to {most:,} entries, not {len(value):,}")
        return value

    def texts(self, name: str, *, most: int, longest: int = MAX_ID) -> Sequence[str]:
        """A list of 1 to ``most`` strings of 1 to ``longest`` characters."""
        values = self.listed(name, most=most)
        for index, value in enumerate(values):
            if not isinstance(value, str) or not 1 <= len(value) <= longest:
                raise BadUserInput(f"should be a string of 1 to {longest:,} characters", path=(*self.path, name, index))
        return values

    def beside(self, name: str, objects: Sequence[Any]) -> Sequence[Any] | None:
        """A list with an entry for each of the objects; None where it is missing."""
        if not self.has(name):
            return None
        values = self.listed(name, most=len(objects))
        if len(values) != len(objects):
            raise self.error(name, f"should have as many entries as objectIDs: {len(objects)}, not {len(values)}")
        return values

    def position(self, name: str, index: int) -> int:
        """The position, from 0, that an entry of a list says, from 1."""
        value = self.content[name][index]
        if not _is_integer(value) or not 1 <= value <= MAX_COUNT:
            raise BadUserInput("should be a whole number from 1 on", path=(*self.path, name, index))
        return int(value) - 1

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if value is None:
            raise self.error(name, "is required")
        return value

    def optional_text(self, name: str) -> str | None:
        value = self.content.get(name)
        if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= MAX_ID):
            raise self.error(name, f"should be a string of 1 to {MAX_ID} characters")
        return value

    def token(self, name: str) -> str | None:
        """A user's token: a string, or a whole number."""
        value = self.content.get(name)
        return number_text(value) if _is_integer(value) else self.optional_text(name)

    def one_of(self, name: str, values: Collection[str]) -> str:
        value = self.optional_one_of(name, values)
        if value is None:
            raise self.error(name, "is required")
        return value

    def optional_one_of(self, name: str, values: Collection[str]) -> str | None:
        value = self.content.get(name)
        if value is not None and not (isinstance(value, str) and value in values):
            raise self.error(name, f"should be one of {', '.join(values)}")
        return value

    def integer(self, name: str) -> int | None:
        value = self.content.get(name)
        if value is None:
            return None
        if not _is_integer(value) or abs(value) >= 2**53:
            raise self.error(name, "should be a whole number")
        return int(value)

    def number(self, name: str) -> int | float | None:
        """A number, or a string that spells one."""
        value = self.content.get(name)
        match value:
            case None:
                return None
            case str() if _NUMBER.fullmatch(value):
                return float(value) if "." in value else int(value)
            case int() | float() if not isinstance(value, bool) and abs(value) < 2**63:
                return value
        raise self.error(name, "should be a number")


def _is_integer(value: Any) -> bool:
    # What has hundreds of digits is no float, and is asked nothing that would make it one.
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
