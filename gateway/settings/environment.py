"""Settings as environment variables: read, refused and described by what their declarations expect."""

from collections.abc import Iterator, Mapping
from inspect import get_annotations
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "GATEWAY_"


class SettingsError(Exception):
    """A missing or wrong setting, in one line: the variable and what is expected of it, never its value."""


class Environment(BaseSettings):
    # An empty variable counts as unset: compose files pass empty ones on.
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)


_S = TypeVar("_S", bound=Environment)


def load(kind: type[_S], **given: object) -> _S:
    """The settings of ``kind`` from ``given`` (None: not given), else from the environment, else the defaults.

    Raises SettingsError naming every variable that is missing or wrong, in the order of their table.
    """
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        expected = dict(_expectations(kind))
        problems = {str(problem["loc"][0]): problem["type"] for problem in error.errors(include_input=False)}
        raise SettingsError(
            "; ".join(
                f"{_variable(name)}{' is not set' if problems[name] == 'missing' else ''}: expected {expected[name]}"
                for name in sorted(problems, key=list(expected).index)
            )
        ) from None


def table(*kinds: type[Environment]) -> str:
    """The Markdown table of the settings of these."""
    rows = ["| variable | default | expected | meaning |", "|---|---|---|---|"]
    for kind in kinds:
        for name, expected in _expectations(kind):
            field = kind.model_fields[name]
            default = "required" if field.is_required() else _spelled(field.default)
            rows.append(f"| `{_variable(name)}` | {default} | {expected} | {field.description} |")
    return "\n".join(rows)


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _expectations(kind: type[Environment]) -> Iterator[tuple[str, str]]:
    """What is expected of each setting: those that the class declares itself, then those of its bases."""
    declared = kind.model_json_schema()["properties"]
    for base in kind.__mro__:
        for name in get_annotations(base):
            if name in declared:
                yield name, _expected(declared[name])


def _expected(declared: Mapping[str, Any]) -> str:
    if "expected" in declared:
        return str(declared["expected"])
    if "enum" in declared:
        return "one of " + ", ".join(declared["enum"])
    if declared["type"] == "boolean":
        return "true or false"
    number = "a whole number" if declared["type"] == "integer" else "a number"
    return f"{number} from {declared['minimum']} to {declared['maximum']}"


def _spelled(default: object) -> str:
    if default is None or default in ((), ""):
        return "unset"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
