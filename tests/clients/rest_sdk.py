"""What a program does with the SDK; prints what came of it. Run by an interpreter that has the SDK."""

import json
import os
from typing import Any

from mixpeek import Mixpeek, models  # type: ignore[import-not-found,unused-ignore]

url, key = os.environ["SERVER_URL"], os.environ["KEY"]
told: dict[str, Any] = {"errors": {}}
SENT = {
    "feature_id": "p1",
    "interaction_type": "positive_feedback",
    "position": 3,
    "session_id": "s1",
    "metadata": {"device": "phone"},
    "search_request": {
        "queries": [{"vector_index": "text", "value": "navy shoes", "type": "text", "settings": {"limit": 5}}],
        "collections": ["products"],
        "filters": {
            "AND": [
                {"key": "color", "operator": "eq", "value": "navy"},
                {"OR": [{"key": "price", "operator": "lt", "value": 50}], "case_sensitive": True},
            ]
        },
        "sort": {"field": "price", "direction": "desc"},
        "reranking_options": {"weights": {"feedback": 0.5, "popularity": 0.5}, "enable_reranking": True},
        "select": ["title"],
        "return_url": False,
    },
}


def plain(model: Any) -> Any:
    return json.loads(model.model_dump_json(by_alias=True, exclude_unset=True))


def ids(interactions: Any) -> list[str]:
    return [interaction.interaction_id for interaction in interactions]


with Mixpeek(bearer_auth=key, server_url=url) as client:
    told["health"] = client.health.check().status
    interactions = client.search_interactions
    created = interactions.create(
        feature_id=SENT["feature_id"],
        interaction_type=models.InteractionType(SENT["interaction_type"]),
        position=SENT["position"],
        session_id=SENT["session_id"],
        metadata=SENT["metadata"],
        search_request=SENT["search_request"],
    )
    told |= {"sent": SENT, "created": plain(created)}
    told["read"] = plain(interactions.get_interaction(interaction_id=created.interaction_id))
    several = [
        interactions.create(
            feature_id=f"f{number}", interaction_type=models.InteractionType.CLICK, session_id="several"
        )
        for number in range(12)
    ]
    told["ids"] = ids(several)[::-1]
    in_session: dict[str, Any] = {"session_id": "several"}
    told["of session"] = ids(client.interactions.list(**in_session, page_size=50))
    told["pages"] = [ids(client.interactions.list(**in_session, page=page, page_size=4)) for page in range(1, 5)]
    told["first page"] = ids(client.interactions.list(**in_session))
    told["of feature"] = ids(client.interactions.list(feature_id="f9"))
    told["of type"] = ids(client.interactions.list(interaction_type="positive_feedback"))

    interactions.delete(interaction_id=created.interaction_id)
    try:
        interactions.get_interaction(interaction_id=created.interaction_id)
    except models.ErrorResponse as error:
        told["errors"]["deleted"] = error.data.status
    try:
        client.interactions.list(x_namespace="nobody's")
    except models.ErrorResponse as error:
        told["errors"]["namespace"] = error.data.status
    try:
        client.interactions.list(interaction_type="clicked")
    except models.HTTPValidationError as error:
        told["errors"]["type"] = 422 if error.data.detail[0].loc == ["query", "interaction_type"] else error.data

    namespaces = client.namespaces
    namespace = namespaces.create(
        namespace_name="reviews",
        vector_indexes=["text"],
        payload_indexes=[{"field_name": "price", "type": models.PayloadSchemaType.FLOAT}],
    )
    told["namespace"] = plain(namespaces.get(namespace="reviews"))
    told["namespace by id"] = plain(namespaces.get(namespace=namespace.namespace_id))
    told["updated"] = plain(namespaces.update(namespace="reviews", namespace_name="reviews", payload_indexes=[]))
    told["namespaces"] = [found.namespace_name for found in namespaces.list()]
    told["indexes"] = list(namespaces.list_indexes().vector_indexes)
    interactions.create(
        feature_id="r1", interaction_type=models.InteractionType.VIEW, x_namespace=namespace.namespace_id
    )
    told["elsewhere"] = len(client.interactions.list(x_namespace="reviews"))

with Mixpeek(bearer_auth="sk_wrong", server_url=url) as stranger:
    try:
        stranger.interactions.list()
    except models.ErrorResponse as error:
        told["errors"]["key"] = error.data.status
print(json.dumps(told))
