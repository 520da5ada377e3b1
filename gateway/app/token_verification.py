"""The verification of tokens that the settings ask for."""

from gateway.auth.issuer_keys import IssuerKeys, reader
from gateway.auth.token_policy import TokenPolicy
from gateway.auth.token_verifier import TokenVerifier
from gateway.settings import Settings, SettingsError
from gateway.store.tenancy import Tenancy


def token_policy(settings: Settings) -> TokenPolicy | None:
    """None where no tokens are taken; raises `SettingsError` where it isn't said which."""
    if not settings.jwt_issuer:
        if settings.jwt_jwks or settings.jwt_user_claim:
            raise SettingsError("GATEWAY_JWT_ISSUER is not set: expected beside other settings of tokens")
        return None
    needed = {
        "GATEWAY_JWT_AUDIENCE": settings.jwt_audience,
        "GATEWAY_JWT_JWKS": settings.jwt_jwks,
        "GATEWAY_JWT_ORGANIZATION or GATEWAY_JWT_ORGANIZATION_CLAIM": settings.jwt_organization
        or settings.jwt_organization_claim,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise SettingsError(f"{missing[0]} is not set: expected beside GATEWAY_JWT_ISSUER")
    if settings.jwt_organization and settings.jwt_organization_claim:
        raise SettingsError("GATEWAY_JWT_ORGANIZATION_CLAIM: expected to be unset beside GATEWAY_JWT_ORGANIZATION")
    return TokenPolicy(
        issuer=settings.jwt_issuer,
        audiences=settings.jwt_audience,
        algorithms=settings.jwt_algorithms,
        leeway_seconds=settings.jwt_leeway_seconds,
        organization=settings.jwt_organization,
        organization_claim=settings.jwt_organization_claim,
        namespaces_claim=settings.jwt_namespaces_claim,
        permissions_claim=settings.jwt_permissions_claim,
        user_claim=settings.jwt_user_claim,
    )


def open_tokens(settings: Settings, tenancy: Tenancy) -> TokenVerifier | None:
    """None where no tokens are taken; raises `SettingsError`. The keys are fetched once a token comes."""
    policy = token_policy(settings)
    if policy is None:
        return None
    keys = IssuerKeys(reader(settings.jwt_jwks))
    return TokenVerifier(policy, keys, tenancy, cache_seconds=settings.key_cache_seconds)
