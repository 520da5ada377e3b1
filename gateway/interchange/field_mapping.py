"""``--map column=field``: which field of an interaction a column, or a path in another program's documents, holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, TypeAlias, get_args

import orjson

from gateway.errors import BadUserInput
from gateway.model.wire.declared_fields import DeclaredField, declared_fields, unannotated
from gateway.model.wire.fields import Interaction, WireObject

FieldPath: TypeAlias = tuple[str | int, ...]
"""The steps to a field of an interaction, in wire names; a number counts in a list, from 0."""

MAX_INDEX: Final = 99

_JSON_SUFFIX: Final = ":json"
_PLAIN: Final = (str, int, float, bool)
# What a search request must have, where a table of columns says something else of it.
_KEYWORD_QUERY: Final = {"vector_index": "keyword", "type": "text"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """A column, and the field that its values are; ``declared``: what the wire shape says of it, None where that is
    free, as within metadata. ``is_json``: its texts are JSON, whatever is declared."""

    column: str
    field: FieldPath
    declared: DeclaredField | None
    is_json: bool = False

    @property
    def depth(self) -> int:
        """By which the values of one document are `put`: an object, ahead of what else is said to be in it."""
        return len(self.field)

    def value(self, text: str) -> Any:
        """What a cell says that isn't empty; a text that isn't of the field's type stays for validation to refuse."""
        type_ = None if self.declared is None else unannotated(self.declared.type)
        if self.is_json or (type_ is Any and text[:1] in ("[", "{")) or _is_container(self.declared, self.field):
            return _of_json(text)
        if type_ is bool:
            return {"true": True, "false": False}.get(text.strip().lower(), text)
        if type_ in (int, float):
            return _number(text)
        return text


def assignments(texts: Iterable[str]) -> list[Assignment]:
    """The assignments that are spelled ``column=field``, where ``field:json`` says that texts are JSON.

    Raises `BadUserInput` for another spelling, for a column or a field that is named twice, and for what is no field.
    """
    parsed: list[Assignment] = []
    for text in texts:
        column, equals, field = text.rpartition("=")
        if not (column and equals and field):
            raise BadUserInput(f"{text!r} is no column=field, such as sku=feature_id.")
        is_json = field.endswith(_JSON_SUFFIX)
        path, declared = field_path(field.removesuffix(_JSON_SUFFIX))
        if any(column == other.column for other in parsed):
            raise BadUserInput(f"The column {column!r} is mapped twice.")
        if any(path == other.field for other in parsed):
            raise BadUserInput(f"Two columns are mapped to {field}.")
        parsed.append(Assignment(column, path, declared, is_json))
    return parsed


def field_path(text: str) -> tuple[FieldPath, DeclaredField | None]:
    """The field at a dotted path, such as ``search_request.queries.0.value``, in wire names or the graph's; beyond
    what is declared, in metadata or a filter tree, any path.

    Raises `BadUserInput` for what is no field, with the nearest that is one.
    """
    steps: list[str | int] = []
    model: type[WireObject] | None = Interaction
    declared: DeclaredField | None = None
    for step in text.split("."):
        if model is None:
            if (
                declared is not None
                and declared.model is None
                and unannotated(declared.type) in (str, int, float, bool)
            ):
                raise BadUserInput(f"{text} is no field: there is nothing within {'.'.join(map(str, steps))}.")
            is_of_tree = "filters" in steps and steps[0] != "metadata"
            steps.append(_index(step, text) if is_of_tree and step.isdecimal() else step)
            declared = None
        elif declared is not None and declared.is_list and not isinstance(steps[-1], int):
            steps.append(_index(step, text))
            if declared.model is None:
                model = None
        else:
            names = wire_names(model)
            if step not in names:
                near = get_close_matches(step, names, 1)
                hint = (
                    f"; did you mean {names[near[0]]}?" if near else f": there are {', '.join(declared_fields(model))}."
                )
                raise BadUserInput(f"There is no field {text}{hint}")
            declared = declared_fields(model)[names[step]]
            steps.append(names[step])
            model = declared.model if declared.model is not None else (model if declared.is_list else None)
    return tuple(steps), declared


@cache
def wire_names(model: type[WireObject]) -> dict[str, str]:
    """The wire name of each field, by that and by what the graph calls it."""
    fields = declared_fields(model).values()
    return {name: field.wire_name for field in fields for name in (graph_name(field), field.name, field.wire_name)}


def graph_name(field: DeclaredField) -> str:
    """What the graph calls a field: ``durationMs`` for ``duration_ms``."""
    first, *others = field.name.rstrip("_").split("_")
    return first + "".join(map(str.title, others))


def put(wire: dict[str, Any], path: Sequence[str | int], value: Any, *, replaces: bool = False) -> None:
    """Puts a value at a path, in objects and lists that are made on the way; what is skipped in a list is null.

    Raises `BadUserInput` where something else than an object or a list is in the way, or stands at the path already,
    unless the value ``replaces`` that.
    """
    container: Any = wire
    for step, following in zip(path, [*path[1:], None], strict=True):
        if isinstance(step, int) and isinstance(container, list):
            container += [None] * (step + 1 - len(container))
            inner = container[step]
        elif isinstance(step, str) and isinstance(container, dict):
            inner = container.get(step)
        else:
            raise _contradiction(path)
        if following is None:
            if inner is not None and inner != value and not replaces:
                raise _contradiction(path)
            inner = value
        elif inner is None:
            inner = [] if isinstance(following, int) else {}
        container[step] = inner
        container = inner


def _contradiction(path: Sequence[str | int]) -> BadUserInput:
    return BadUserInput("Two columns say different things of one field", path=tuple(path))


def complete(wire: dict[str, Any]) -> None:
    """Adds what a search request that comes in columns leaves unsaid: no queries, no collections, a text's index."""
    request = wire.get("search_request")
    if not isinstance(request, dict):
        return
    for name in ("queries", "collections"):
        request.setdefault(name, [])
    if isinstance(request["queries"], list):
        request["queries"] = [
            query | {name: value for name, value in _KEYWORD_QUERY.items() if name not in query}
            if isinstance(query, dict) and "value" in query
            else query
            for query in request["queries"]
        ]


def _index(step: str, text: str) -> int:
    # Python converts no number of thousands of digits.
    digits = step.lstrip("0")[:9] or "0"
    if not (step.isascii() and step.isdigit() and int(digits) <= MAX_INDEX):
        raise BadUserInput(f"{text} is no field: a list is counted from 0 to {MAX_INDEX}, not {step!r}.")
    return int(digits)


def _is_container(declared: DeclaredField | None, path: FieldPath) -> bool:
    """Whether the field holds an object or a list, and isn't an element of that list."""
    if declared is None or (declared.is_list and isinstance(path[-1], int) and declared.model is None):
        return False
    type_ = unannotated(declared.type)
    return declared.is_list or declared.model is not None or type_ is dict or bool(get_args(type_))


def _of_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _number(text: str) -> Any:
    # Python reads 1_000 as well, and the digits of all scripts: to whoever wrote the table a text, or a typo.
    if "_" in text or not text.strip().isascii():
        return text
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
