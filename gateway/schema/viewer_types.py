"""Who asks, and where."""

import strawberry

from gateway.plan.sources.key_lookups import MAX_NAMESPACES, NamespaceLookup, OrganizationLookup
from gateway.schema.connections import PageInfo, edge_cursor
from gateway.schema.enums import Permission
from gateway.schema.lookups_by_id import identified
from gateway.schema.node import Node, node_id
from gateway.schema.readings import Attribute, embedded, field, stored
from gateway.schema.scalars import DateTime


@identified(OrganizationLookup())
@strawberry.type(description="A customer of the gateway: the owner of namespaces and keys.")
class Organization(Node):
    id: strawberry.ID = node_id("Organization", "organization_id", "organization_id")
    name: str = stored("name", description="The organization's name.")


@identified(NamespaceLookup())
@strawberry.type(
    description="A partition of an organization's data. Nothing is ever read or written across namespaces."
)
class Namespace(Node):
    id: strawberry.ID = node_id("Namespace", "namespace_id", "namespace_id")
    namespace_id: str = stored("namespace_id", description="The namespace's id, as the X-Namespace header takes it.")
    name: str = stored("name", description="The namespace's name, as the X-Namespace header takes it too.")
    created_at: DateTime = stored("created_at", description="When the namespace was created.")


@strawberry.type(description="A namespace and its place in the connection.")
class NamespaceEdge:
    cursor: str = edge_cursor()
    node: Namespace = field(Attribute("document"), "The namespace.")


@strawberry.type(description="A page of namespaces.")
class NamespaceConnection:
    edges: list[NamespaceEdge] = field(Attribute("edges"), "The page's namespaces with their cursors.")
    nodes: list[Namespace] = field(Attribute("documents"), "The page's namespaces.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")


@strawberry.type(
    description="""What the key may spend. Every operation costs points, about one for each document that it reads; what
was spent comes back at a steady rate."""
)
class RateLimit:
    limit: int = stored("limit", description="How many points there are when none are spent.")
    remaining: int = stored(
        "remaining", description="How many are left, once those that this operation may cost at most are taken."
    )
    reset_at: DateTime = stored("reset_at", description="When the key has all its points again, if it spends no more.")
    restore_rate: int = stored("restore_rate", description="How many come back each second.")


@strawberry.type(description="The bearer of the key that this request came with.")
class Viewer:
    key_name: str = stored("key_name", description="The label that the key was given when it was created.")
    permissions: list[Permission] = stored("permissions", description="What the key may do.")
    organization: Organization = embedded("organization", description="The organization that owns the key.")
    namespace: Namespace = embedded("namespace", description="The namespace that this request reads and writes.")
    namespaces: list[Namespace] = embedded(
        "namespaces",
        many=True,
        description=f"""The organization's namespaces, any of which X-Namespace may name: the first {MAX_NAMESPACES:,}
by name. `Query.namespaces` has all.""",
    )
    rate_limit: RateLimit | None = embedded(
        "rate_limit", description="What the key may spend; null where that is not limited."
    )
