"""Callers that nothing is stored of."""

from gateway.context import Caller, Organization


def caller(key_id: str, organization_id: str = "ours") -> Caller:
    return Caller(key_id, key_id, frozenset(), Organization(organization_id, organization_id), None)
