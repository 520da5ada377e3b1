"""Who asks, and where, as the documents that the readings of their types expect."""

from collections.abc import Sequence

from gateway.context import Budget, Context, Namespace, Organization, Permission
from gateway.plan.commands import Document


def viewer_document(context: Context, namespaces: Sequence[Document]) -> Document:
    """The caller in the context's namespace; ``namespaces`` are those of its organization."""
    caller, budget = context.caller, context.budget
    return {
        "kind": caller.kind,
        "caller_id": caller.id,
        "key_name": caller.name,
        "expires_at": caller.expires_at,
        "user_id": caller.user_id,
        "permissions": [permission for permission in Permission if permission in caller.permissions],
        "rate_limit": None if budget is None else _rate_limit_document(budget),
        "organization": organization_document(caller.organization),
        "namespace": namespace_document(context.namespace),
        "namespaces": namespaces,
    }


def organization_document(organization: Organization) -> Document:
    return {"organization_id": organization.id, "name": organization.name}


def namespace_document(namespace: Namespace) -> Document:
    return {
        "namespace_id": namespace.id,
        "name": namespace.name,
        "created_at": namespace.created_at,
        "retention_days": namespace.retention_days,
    }


def _rate_limit_document(budget: Budget) -> Document:
    rate = budget.rate
    return {
        "limit": rate.burst,
        "remaining": budget.remaining,
        "reset_at": budget.reset_at,
        "restore_rate": rate.restore,
    }
