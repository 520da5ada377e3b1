"""What can be fetched again by a globally unique id."""

from typing import Any

import strawberry

from gateway.schema.readings import stored
from gateway.schema.stored_readings import GlobalId


@strawberry.interface(description="An object that can be fetched again by its globally unique id.")
class Node:
    id: strawberry.ID = stored("id", description="The object's globally unique, opaque id.")


def node_id(type_name: str, scope_path: str, key_path: str) -> Any:
    """The global id field of a type, made of the namespace and the object's own id."""
    return stored(
        GlobalId(type_name, scope_path, key_path),
        "The object's globally unique id: opaque, bound to its namespace, for `node` and client caches.",
    )
