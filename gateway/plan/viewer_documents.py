"""Who asks, and where, as the documents that the readings of their types expect."""

from collections.abc import Sequence

from gateway.context import Budget, Caller, Namespace, Organization, Permission
from gateway.plan.commands import Document


def viewer_document(
    caller: Caller, namespace: Namespace, namespaces: Sequence[Namespace], budget: Budget | None
) -> Document:
    """The caller in this namespace; ``namespaces`` are those of its organization."""
    return {
        "key_name": caller.key_name,
        "permissions": [permission for permission in Permission if permission in caller.permissions],
        "rate_limit": None if budget is None else _rate_limit_document(budget),
        "organization": organization_document(caller.organization),
        "namespace": namespace_document(namespace),
        "namespaces": [namespace_document(one) for one in namespaces],
    }


def organization_document(organization: Organization) -> Document:
    return {"organization_id": organization.id, "name": organization.name}


def namespace_document(namespace: Namespace) -> Document:
    return {"namespace_id": namespace.id, "name": namespace.name, "created_at": namespace.created_at}


def _rate_limit_document(budget: Budget) -> Document:
    rate = budget.rate
    return {
        "limit": rate.burst,
        "remaining": budget.remaining,
        "reset_at": budget.reset_at,
        "restore_rate": rate.restore,
    }
