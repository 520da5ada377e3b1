"""Which servers of the database answer queries."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from gateway.settings.environment import Environment


def _tag_sets(value: object) -> object:
    """``region:eu,rack:1;region:us`` as two sets."""
    if not isinstance(value, str):
        return value
    sets = [[tag.strip() for tag in tag_set.split(",") if tag.strip()] for tag_set in value.split(";")]
    return [dict(tag.split(":", 1) for tag in tags) for tags in sets]


_Tag = Annotated[str, Field(pattern=r"^[^\s:,;]+$")]


class ReadSettings(Environment):
    """The servers that answer queries: by preference, staleness and tags."""

    read_preference: Literal["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"] = Field(
        "primary",
        description="Which servers answer queries. What answers a mutation, and what a subscription tells, is always "
        "read of the primary.",
    )
    read_max_staleness_seconds: int | None = Field(
        None,
        ge=90,
        le=86_400,
        description="Seconds by which a server that answers queries may be behind the primary; unset: any.",
        json_schema_extra={"expected": "a whole number from 90 to 86400"},
    )
    read_tags: Annotated[tuple[Mapping[_Tag, _Tag], ...], NoDecode, BeforeValidator(_tag_sets)] = Field(
        (),
        description="Tags of the servers that answer queries: the first set that any server has; an empty last one is "
        "every server.",
        json_schema_extra={"expected": "sets of tags such as region:eu,disk:ssd;region:eu;"},
    )
