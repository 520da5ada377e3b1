"""Callers that nothing is stored of."""

from gateway.context import Caller, Organization


def caller(id: str, organization_id: str = "ours") -> Caller:
    return Caller(id, id, frozenset(), Organization(organization_id, organization_id), None)
