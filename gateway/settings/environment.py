"""Settings as environment variables: read, refused and described by what their declarations expect.

A setting is a field of the settings, or of a group of them: a dataclass whose fields are each a setting of its own, by
its alias where it has one. ``Settings.limits.depth`` is ``GATEWAY_DEPTH_LIMIT``.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from inspect import get_annotations
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "GATEWAY_"


class SettingsError(Exception):
    """A missing or wrong setting, in one line: the variable and what is expected of it, never its value."""


class Environment(BaseSettings):
    """Settings of which each has a variable of its own, also those that are in groups."""

    # An empty variable counts as unset: compose files pass empty ones on.
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _Variables(settings_cls)


class _Variables(EnvSettingsSource):
    """The variables of the environment, those of a group's settings as the group."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if not is_dataclass(field.annotation):
            return super().get_field_value(field, field_name)
        variables = {name: (PREFIX + name).lower() for name in _properties(field.annotation)}
        values = {name: self.env_vars[variable] for name, variable in variables.items() if variable in self.env_vars}
        return values, field_name, False

    def prepare_field_value(self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        if is_dataclass(field.annotation):
            return value
        return super().prepare_field_value(field_name, field, value, value_is_complex)


@dataclass(frozen=True, slots=True)
class _Setting:
    """``group``: the field of the settings that it is in, where it is in one. ``schema``: as JSON Schema has it."""

    name: str
    group: str | None
    required: bool
    default: object
    schema: Mapping[str, Any]

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def expected(self) -> str:
        if "expected" in self.schema:
            return str(self.schema["expected"])
        if "enum" in self.schema:
            return "one of " + ", ".join(self.schema["enum"])
        if self.schema["type"] == "boolean":
            return "true or false"
        number = "a whole number" if self.schema["type"] == "integer" else "a number"
        return f"{number} from {self.schema['minimum']} to {self.schema['maximum']}"


_S = TypeVar("_S", bound=Environment)


def load(kind: type[_S], **overrides: object) -> _S:
    """The settings of ``kind``: from ``overrides`` by name (None: none), else the environment, else the defaults.

    Raises SettingsError naming every variable that is missing or wrong, in the order of their table.
    """
    settings = {setting.name: setting for setting in _settings(kind)}
    values: dict[str, Any] = {}
    for name, value in overrides.items():
        if value is not None:
            group = settings[name].group if name in settings else None
            (values if group is None else values.setdefault(group, {}))[name] = value
    try:
        return kind(**values)
    except ValidationError as error:
        locations = [(problem["loc"], problem["type"]) for problem in error.errors(include_input=False)]
        groups = {setting.group for setting in settings.values()}
        problems = {str(path[1] if path[0] in groups else path[0]): problem for path, problem in locations}
        raise SettingsError(
            "; ".join(
                f"{settings[name].variable}{' is not set' if problems[name] == 'missing' else ''}: "
                f"expected {settings[name].expected}"
                for name in sorted(problems, key=list(settings).index)
            )
        ) from None


def listed(value: object) -> object:
    """The entries of a comma-separated list."""
    return [entry.strip() for entry in value.split(",") if entry.strip()] if isinstance(value, str) else value


def misspelt(*kinds: type[Environment]) -> list[str]:
    """The variables with the prefix that none of these reads, each in a line with the one that may be meant."""
    known = [setting.variable for kind in kinds for setting in _settings(kind)]
    lines = []
    for name, value in sorted(os.environ.items()):
        variable = name.upper()
        if value and variable.startswith(PREFIX) and variable not in known and not _is_of_a_service(variable, value):
            meant = get_close_matches(variable, known, 1)
            lines.append(f"{name} is no setting" + (f"; {meant[0]} is" if meant else ""))
    return lines


def _is_of_a_service(variable: str, value: str) -> bool:
    """Whether Kubernetes, or Docker, names a service of this name to every container by the variable."""
    is_address = variable.endswith("_PORT") and re.match(r"[a-z]+://", value) is not None
    return is_address or re.search(r"_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)", variable) is not None


def table(*kinds: type[Environment]) -> str:
    """The Markdown table of the settings of these."""
    rows = ["| variable | default | expected | meaning |", "|---|---|---|---|"]
    for kind in kinds:
        for setting in _settings(kind):
            default = "required" if setting.required else _spelled(setting.default)
            description = setting.schema["description"]
            rows.append(f"| `{setting.variable}` | {default} | {setting.expected} | {description} |")
    return "\n".join(rows)


def _settings(kind: type[Environment]) -> Iterator[_Setting]:
    """Those that the class declares itself, then those of its bases."""
    for base in kind.__mro__:
        for name in get_annotations(base):
            if name in kind.model_fields:
                yield from _declared(kind, name)


def _declared(kind: type[Environment], name: str) -> Iterator[_Setting]:
    """The settings of a field: itself, or those of the group that it is."""
    field = kind.model_fields[name]
    if is_dataclass(field.annotation):
        defaults = [limit.default for limit in fields(field.annotation)]
        for (inner, schema), default in zip(_properties(field.annotation).items(), defaults, strict=True):
            yield _Setting(inner, name, False, default, schema)
    else:
        schema = _schemas(kind)[name]
        yield _Setting(name, None, field.is_required(), field.default, schema)


@cache
def _schemas(kind: type[Environment]) -> Mapping[str, Any]:
    """The fields of the settings, as JSON Schema has them."""
    schemas: Mapping[str, Any] = kind.model_json_schema()["properties"]
    return schemas


@cache
def _properties(group: Any) -> Mapping[str, Mapping[str, Any]]:
    """The settings of a group by name, as JSON Schema has them."""
    properties: Mapping[str, Mapping[str, Any]] = TypeAdapter(group).json_schema()["properties"]
    return properties


def _spelled(default: object) -> str:
    if default is None or default in ((), ""):
        return "unset"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
