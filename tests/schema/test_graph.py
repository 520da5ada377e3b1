import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)
from typer.testing import CliRunner

from gateway.cli import app
from gateway.schema.graph import build
from tests.harness.default_graph import EXECUTABLE

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def check(path: Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["schema", "--check", str(path)])
    return result.exit_code, result.stdout, result.stderr


def test_the_committed_schema_is_that_of_the_code() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == build().sdl


def test_the_command_prints_the_schema_and_nothing_else() -> None:
    result = CliRunner().invoke(app, ["schema"])
    assert (result.exit_code, result.stdout) == (0, build().sdl)


def test_the_command_accepts_a_file_that_is_the_same() -> None:
    assert check(COMMITTED) == (0, "", "")


def test_the_command_shows_in_what_a_file_differs(tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    path.write_text(build().sdl.replace("userId: ID\n", "user: ID\n"), encoding="utf-8")
    code, output, errors = check(path)
    assert (code, output) == (1, "")
    assert "-  user: ID" in errors
    assert "+  userId: ID" in errors


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_the_command_says_so_when_a_file_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    if content is not None:
        path.write_bytes(content)
    code, output, errors = check(path)
    assert (code, output) == (2, "")
    assert "can't be read" in errors
    assert "Traceback" not in errors


def descriptions() -> Iterator[tuple[str, str | None]]:
    """The coordinate and the description of everything that a reader of the schema meets."""
    for type_ in EXECUTABLE.type_map.values():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        yield type_.name, type_.description
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in type_.fields.items():
                    yield f"{type_.name}.{name}", field.description
                    yield from (
                        (f"{type_.name}.{name}({argument}:)", one.description) for argument, one in field.args.items()
                    )
            case GraphQLInputObjectType():
                yield from ((f"{type_.name}.{name}", one.description) for name, one in type_.fields.items())
            case GraphQLEnumType():
                yield from ((f"{type_.name}.{name}", one.description) for name, one in type_.values.items())


def test_everything_is_described_in_sentences() -> None:
    described = dict(descriptions())
    assert len(described) > 250
    poor = [coordinate for coordinate, text in described.items() if not text or not re.search(r"\w+.*[.:)]\s*$", text)]
    assert poor == []


@pytest.mark.parametrize(
    ("coordinate", "said"),
    [
        ("SearchRequest.queries", "Reciprocal Rank Fusion"),
        ("SearchRequest.queries", "all\nfeatures|all features"),
        ("QuerySettings.limit", "page size\\s+overrides"),
        ("QuerySettings.modality", "multimodal embeddings only"),
        ("GroupByOptions.field", "indexed field"),
        ("SearchRequest.select", "Null means all fields, an empty list\\s+none"),
        ("RankingOptions.weights", "sum to 1.0"),
        ("SearchRequestInput.queries", "all\\s+features"),
        ("QuerySettingsInput.limit", "overrides"),
        ("QuerySettingsInput.modality", "multimodal embeddings only"),
        ("GroupByOptionsInput.field", "indexed field"),
        ("SearchRequestInput.select", "Null means all fields, an empty list none"),
        ("RankingOptionsInput.weights", "sum to 1.0"),
    ],
)
def test_the_descriptions_say_what_the_source_says(coordinate: str, said: str) -> None:
    assert re.search(said, dict(descriptions())[coordinate] or "")


def test_no_argument_or_input_field_prints_a_default_of_null() -> None:
    assert "= null" not in build().sdl


def test_the_printed_schema_is_valid_and_holds_the_same_types() -> None:
    built = build_schema(build().sdl)
    assert {name for name in built.type_map if not name.startswith("__")} == {
        name for name in EXECUTABLE.type_map if not name.startswith("__")
    }
