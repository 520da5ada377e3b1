"""Who asks, and where."""

import strawberry

from gateway.plan.sources.key_lookups import MAX_NAMESPACES, NamespaceLookup, OrganizationLookup
from gateway.schema.connections import PageInfo, edge_cursor
from gateway.schema.enums import CallerKind, Permission
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
    retention_days: int | None = stored(
        "retention_days",
        description="""After how many days what happened in it is erased, by a job each hour; null where it is kept.""",
    )


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
    description="""What the caller may spend. Every operation costs points, about one for each document that it reads;
what was spent comes back at a steady rate."""
)
class RateLimit:
    limit: int = stored("limit", description="How many points there are when none are spent.")
    remaining: int = stored(
        "remaining", description="How many are left, once those that this operation may cost at most are taken."
    )
    reset_at: DateTime = stored(
        "reset_at", description="When the caller has all its points again, if it spends no more."
    )
    restore_rate: int = stored("restore_rate", description="How many come back each second.")


@strawberry.type(description="Who asks: the bearer of the key or the token that this request came with.")
class Viewer:
    kind: CallerKind = stored("kind", description="What the caller proves to be one by.")
    caller_id: strawberry.ID = stored(
        "caller_id",
        description="""What limits and the audit log know the caller by: the key's id, or one that is made of issuer and
subject of the token.""",
    )
    key_name: str = stored(
        "key_name", description="The label that the key was given when it was created; of a token, its subject."
    )
    permissions: list[Permission] = stored("permissions", description="What the caller may do.")
    expires_at: DateTime | None = stored(
        "expires_at", description="When the key or the token expires; null where it doesn't."
    )
    user_id: strawberry.ID | None = stored(
        "user_id",
        description="""The user whose interactions and search requests alone this token reads and writes; null where it
isn't restricted to one.""",
    )
    organization: Organization = embedded("organization", description="The organization that the caller belongs to.")
    namespace: Namespace = embedded(
        "namespace",
        description="""The namespace that this request reads and writes. It has to have one where this is selected; the
rest of the viewer needs none.""",
    )
    namespaces: list[Namespace] = embedded(
        "namespaces",
        many=True,
        description=f"""The organization's namespaces that X-Namespace may name: the first {MAX_NAMESPACES:,}
by name. `Query.namespaces` has all.""",
    )
    rate_limit: RateLimit | None = embedded(
        "rate_limit", description="What the caller may spend, and what is left; null where that is not limited."
    )
