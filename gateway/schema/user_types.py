"""Users: who searched and interacted, as far as this gateway knows them."""

import strawberry

from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.plan.sources.key_lookups import UserLookup
from gateway.plan.sources.session_listings import SessionsOfUser
from gateway.schema.connections import connection
from gateway.schema.federation_keys import composed
from gateway.schema.lookups_by_id import identified
from gateway.schema.node import Node, node_id
from gateway.schema.objects import InteractionConnection, SearchRequestConnection
from gateway.schema.readings import stored
from gateway.schema.scalars import DateTime
from gateway.schema.session_connections import SessionConnection, session_connection


@composed(keys=("userId",))
@identified(UserLookup())
@strawberry.type(
    description="Somebody who searched or interacted. Users themselves are owned elsewhere; here is what they did."
)
class User(Node):
    id: strawberry.ID = node_id("User", "namespace_id", "user_id")
    user_id: strawberry.ID = stored("user_id", description="The user's id within its namespace.")
    first_seen_at: DateTime | None = stored(
        "first_seen_at", description="When the first search or interaction was; null where nothing is recorded."
    )
    last_seen_at: DateTime | None = stored(
        "last_seen_at", description="When the last search or interaction was; null where nothing is recorded."
    )
    interactions: InteractionConnection = connection(
        INTERACTION, "The interactions of this user.", foreign="user_id", local="user_id"
    )
    search_requests: SearchRequestConnection = connection(
        SEARCH_REQUEST, "The search requests that name this user.", foreign="search_request.user_id", local="user_id"
    )
    sessions: SessionConnection = session_connection(
        SessionsOfUser(), "The sessions in which this user searched or did anything, the latest first."
    )
