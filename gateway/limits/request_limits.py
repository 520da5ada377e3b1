"""What a request may ask for; see docs/limits.md.

Each limit is declared once: its default, the setting that may change it, and what that may be. The alias of a limit is
its setting: the environment variable without the prefix, in lower case. Its bounds hold for settings; code may ask for
less or more. Those that `gateway.preparation.document_limits` checks don't hold for documents that are trusted.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from gateway.plan.paging import DEFAULT_PAGE_SIZE
from gateway.plan.usage import UsageLimits


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may ask for."""

    source_bytes: Annotated[
        int,
        Field(
            validation_alias="source_limit_bytes",
            ge=100,
            le=10_000_000,
            description="Bytes that a GraphQL document may have.",
        ),
    ] = 50_000
    tokens: Annotated[
        int, Field(validation_alias="token_limit", ge=10, le=100_000, description="Lexical tokens of a document.")
    ] = 2_000
    comments: Annotated[
        int, Field(validation_alias="comment_limit", ge=0, le=100_000, description="Comments in a document.")
    ] = 100
    operations: Annotated[
        int, Field(validation_alias="operation_limit", ge=1, le=1_000, description="Operations in a document.")
    ] = 10
    depth: Annotated[
        int,
        Field(
            validation_alias="depth_limit",
            ge=1,
            le=100,
            description="Levels of fields in an operation, with fragments expanded.",
        ),
    ] = 20
    fields: Annotated[
        int,
        Field(
            validation_alias="field_limit",
            ge=1,
            le=1_000_000,
            description="Fields that an operation selects, with fragments expanded.",
        ),
    ] = 10_000
    aliases: Annotated[
        int,
        Field(
            validation_alias="alias_limit",
            ge=0,
            le=100_000,
            description="Aliases in an operation, with fragments expanded.",
        ),
    ] = 30
    root_fields: Annotated[
        int, Field(validation_alias="root_field_limit", ge=1, le=1_000, description="Root fields of an operation.")
    ] = 10
    directives: Annotated[
        int, Field(validation_alias="directive_limit", ge=0, le=10_000, description="Directives in a document.")
    ] = 20
    variables: Annotated[
        int, Field(validation_alias="variable_limit", ge=0, le=1_000, description="Variables of an operation.")
    ] = 50
    list_items: Annotated[
        int,
        Field(
            validation_alias="list_limit",
            ge=1,
            le=100_000,
            description="Entries of each list and input object, in variables and in the document.",
        ),
    ] = 1_000
    input_fields: Annotated[
        int,
        Field(
            validation_alias="input_limit",
            ge=1,
            le=10_000_000,
            description="Entries of all lists and input objects in the variables of a request, and of the latter also "
            "the fields that they may have.",
        ),
    ] = 120_000
    json_nodes: Annotated[
        int,
        Field(
            validation_alias="json_node_limit",
            ge=1,
            le=1_000_000,
            description="Entries of all JSON values in the variables of a request.",
        ),
    ] = 20_000
    json_depth: Annotated[
        int,
        Field(
            validation_alias="json_depth_limit",
            ge=1,
            le=150,
            description="Levels that a variable's value, or a literal, may be nested.",
        ),
    ] = 130
    page_size: Annotated[
        int,
        Field(
            validation_alias="page_limit",
            ge=DEFAULT_PAGE_SIZE,
            le=1_000,
            description="Elements that `first` or `last` may ask a connection for.",
        ),
    ] = 100
    answer_values: Annotated[
        int,
        Field(
            validation_alias="answer_value_limit",
            ge=100_000,
            le=100_000_000,
            description="Values of an answer: objects, lists and what is in them; a tenth of them where errors stand "
            "beside the data, and for introspection.",
        ),
    ] = 200_000
    answer_bytes: Annotated[
        int,
        Field(
            validation_alias="answer_limit_bytes",
            ge=1_000_000,
            le=1_000_000_000,
            description="Bytes that an answer may have, before it is compressed.",
        ),
    ] = 16_000_000
    read_time_ms: Annotated[
        int,
        Field(
            validation_alias="read_time_limit_ms",
            ge=1,
            le=600_000,
            description="Milliseconds MongoDB may spend on one read before it is given up.",
        ),
    ] = 3_000
    operation_time_ms: Annotated[
        int,
        Field(
            validation_alias="operation_time_limit_ms",
            ge=1,
            le=600_000,
            description="Milliseconds that an operation may wait for its turn, read and write before it is given up.",
        ),
    ] = 10_000
    read_bytes: Annotated[
        int,
        Field(
            validation_alias="read_limit_bytes",
            ge=100_000,
            le=1_000_000_000,
            description="Bytes that an operation may read from MongoDB.",
        ),
    ] = 16_000_000
    written_bytes: Annotated[
        int,
        Field(
            validation_alias="write_limit_bytes",
            ge=100_000,
            le=1_000_000_000,
            description="Bytes that an operation may have MongoDB store.",
        ),
    ] = 16_000_000
    batch_requests: Annotated[
        int,
        Field(
            validation_alias="batch_limit",
            ge=0,
            le=100,
            description="Requests that one body may hold as an array; 0 or 1 takes no arrays.",
        ),
    ] = 0

    @property
    def usage(self) -> UsageLimits:
        """Of each operation."""
        return UsageLimits(self.read_bytes, self.written_bytes, self.read_time_ms / 1_000)

    @property
    def executed_values(self) -> int:
        """Of an answer that graphql-core has to make, which takes it 12 to 22 times as long."""
        return self.answer_values // 10

    @property
    def entries(self) -> int:
        """Of all lists and objects of a request: more are never within the limits on variables."""
        return self.input_fields + self.json_nodes


DEFAULTS = Limits()
