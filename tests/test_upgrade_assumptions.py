"""What is assumed of libraries beyond their public API, a sentence each, for whoever upgrades one of them.

A section stands for the one module that relies on it.
"""

from typing import Annotated

import pytest
import strawberry
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from gateway.schema import strawberry_adapter
from gateway.schema.type_names import Names

# Strawberry: gateway/schema/strawberry_adapter.py


@strawberry.interface
class Named:
    name: str = strawberry.field(metadata={"kept": "of the interface"})


@strawberry.type
class Thing(Named):
    some_size: int | None = strawberry.field(metadata={"kept": "of the type"})
    weight: int = strawberry.field(name="mass", default=0)


AnyThing = Annotated[Thing, strawberry.union(name="AnyThing")]


@strawberry.input(one_of=True)
class Choice:
    first_one: int | None = strawberry.field(default=strawberry.UNSET, metadata={"kept": "of the input"})
    other: int | None = strawberry.UNSET


@strawberry.input
class Pair:
    left: int = 0


def _by_choice(choice: Choice, pair_up: Pair, size_up_to: int = 5) -> None: ...


@pytest.fixture(scope="module")
def core() -> GraphQLSchema:
    thing: Thing = strawberry.field(metadata={"kept": "of the root"})
    strawberry_adapter.take_arguments(thing, _by_choice)
    annotations = {"thing": Thing, "union": AnyThing}
    root = type("Query", (), {"__annotations__": annotations, "thing": thing, "union": strawberry.field()})
    config = StrawberryConfig(name_converter=Names("Own"))
    return strawberry_adapter.core_schema(strawberry.Schema(query=strawberry.type(root), config=config))


def test_a_strawberry_schema_stands_for_one_of_graphql_core(core: GraphQLSchema) -> None:
    assert isinstance(core, GraphQLSchema)
    assert core.query_type is not None
    assert set(core.query_type.fields) == {"thing", "union"}


def test_types_of_graphql_core_know_the_names_they_are_declared_with(core: GraphQLSchema) -> None:
    renamed = {name: strawberry_adapter.declared_name(type_) for name, type_ in core.type_map.items() if "Own" in name}
    assert renamed == {
        "OwnThing": "Thing",
        "OwnAnyThing": "AnyThing",
        "OwnNamed": "Named",
        "OwnChoice": "Choice",
        "OwnPair": "Pair",
    }


def test_types_of_graphql_core_know_the_classes_that_declare_them(core: GraphQLSchema) -> None:
    assert strawberry_adapter.declaring_class(core.type_map["OwnThing"]) is Thing
    assert strawberry_adapter.declaring_class(core.type_map["OwnNamed"]) is Named
    assert strawberry_adapter.declaring_class(core.type_map["OwnChoice"]) is Choice
    assert strawberry_adapter.declaring_class(core.type_map["OwnAnyThing"]) is None
    assert strawberry_adapter.declaring_class(core.type_map["Int"]) is None


def test_fields_of_graphql_core_have_the_metadata_that_they_are_declared_with(core: GraphQLSchema) -> None:
    assert core.query_type is not None
    thing, named, choice = core.type_map["OwnThing"], core.type_map["OwnNamed"], core.type_map["OwnChoice"]
    assert isinstance(thing, GraphQLObjectType)
    assert isinstance(named, GraphQLInterfaceType)
    assert isinstance(choice, GraphQLInputObjectType)
    fields = (core.query_type.fields["thing"], thing.fields["someSize"], named.fields["name"])
    kept = [strawberry_adapter.metadata_of(field) for field in (*fields, choice.fields["firstOne"])]
    assert [metadata["kept"] for metadata in kept] == ["of the root", "of the type", "of the interface", "of the input"]
    assert not strawberry_adapter.metadata_of(choice.fields["other"])


def test_input_fields_of_graphql_core_know_their_names_in_python(core: GraphQLSchema) -> None:
    choice = core.type_map["OwnChoice"]
    assert isinstance(choice, GraphQLInputObjectType)
    names = {name: strawberry_adapter.python_name(field) for name, field in choice.fields.items()}
    assert names == {"firstOne": "first_one", "other": "other"}


def test_input_types_of_graphql_core_know_whether_they_take_one_of_their_fields(core: GraphQLSchema) -> None:
    choice, pair = core.type_map["OwnChoice"], core.type_map["OwnPair"]
    assert isinstance(choice, GraphQLInputObjectType)
    assert isinstance(pair, GraphQLInputObjectType)
    assert strawberry_adapter.is_one_of(choice)
    assert not strawberry_adapter.is_one_of(pair)


def test_a_strawberry_type_lists_its_fields_by_their_names_in_python() -> None:
    assert strawberry_adapter.class_field(Thing, "some_size") == ({"kept": "of the type"}, True)
    assert not strawberry_adapter.class_field(Thing, "weight").optional
    with pytest.raises(ValueError, match="not enough values"):
        strawberry_adapter.class_field(Thing, "mass")


def test_a_field_without_a_resolver_takes_the_parameters_of_a_function_as_arguments(core: GraphQLSchema) -> None:
    assert core.query_type is not None
    arguments = core.query_type.fields["thing"].args
    types = {name: str(argument.type) for name, argument in arguments.items()}
    assert types == {"choice": "OwnChoice!", "pairUp": "OwnPair!", "sizeUpTo": "Int!"}
    assert arguments["sizeUpTo"].default_value == 5
