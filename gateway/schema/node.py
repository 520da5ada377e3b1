"""What can be fetched again by a globally unique id."""

from typing import Any

import strawberry

from gateway.errors import UnreadableDocument
from gateway.plan import global_ids
from gateway.schema.readings import stored


@strawberry.interface(description="An object that can be fetched again by its globally unique id.")
class Node:
    id: strawberry.ID = stored("id", description="The object's globally unique, opaque id.")


def node_id(type_name: str, *paths: str) -> Any:
    """The global id field of a type, made of the namespace and the object's own id."""

    def read(scope: Any, key: Any) -> str:
        if isinstance(scope, str) and isinstance(key, str):
            return global_ids.encode(type_name, scope, key)
        raise UnreadableDocument("What is stored here is not an id.")

    return stored(
        *paths,
        read=read,
        description="The object's globally unique id: opaque, bound to its namespace, for `node` and client caches.",
    )
