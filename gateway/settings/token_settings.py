"""The settings of tokens that another system signs."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from gateway.auth.token_policy import ALGORITHMS
from gateway.settings.environment import Environment, listed

_THIS_MACHINE = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)")
_CLAIM: dict[str, Any] = {"expected": "the name of a claim, or a path to it with dots in between"}


def _known_algorithms(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or not set(names) <= set(ALGORITHMS):
        raise ValueError
    return names


def _private_address(place: str) -> str:
    # To an address without TLS anybody in between could answer with keys of their own.
    if place.startswith("http://") and not _THIS_MACHINE.match(place):
        raise ValueError
    return place


def _expecting(expected: str) -> dict[str, Any]:
    return {"expected": expected}


def _claim(description: str) -> Any:
    return Field("", max_length=200, description=description, json_schema_extra=_CLAIM)


class TokenSettings(Environment):
    """Which tokens are taken beside keys, and what their claims mean: see docs/authentication.md."""

    jwt_issuer: str = Field(
        "",
        max_length=500,
        description="The issuer of the tokens (JWT) that are taken beside keys, as their claim `iss` has it; unset: "
        "none are. See authentication.md.",
        json_schema_extra=_expecting("the issuer's name, mostly an address"),
    )
    jwt_audience: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed)] = Field(
        (),
        description="What tokens are for: their claim `aud` must have one of these.",
        json_schema_extra=_expecting("a comma-separated list of audiences"),
    )
    jwt_jwks: Annotated[str, AfterValidator(_private_address)] = Field(
        "",
        description="Where the issuer's public keys are: the address of a JSON Web Key Set, or a file that holds one.",
        json_schema_extra=_expecting("an https:// address, an http:// one on this machine, or the path of a file"),
    )
    jwt_algorithms: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(_known_algorithms)] = (
        Field(
            ("RS256", "ES256"),
            description="The algorithms by which tokens may be signed.",
            json_schema_extra=_expecting("a comma-separated list of " + ", ".join(ALGORITHMS)),
        )
    )
    jwt_leeway_seconds: int = Field(
        30, ge=0, le=300, description="By how many seconds the issuer's clock may differ from this one."
    )
    jwt_organization: str = Field(
        "",
        max_length=128,
        description="The organization of all bearers of tokens.",
        json_schema_extra=_expecting("an organization's name or id"),
    )
    jwt_organization_claim: str = _claim(
        "Instead of GATEWAY_JWT_ORGANIZATION: the claim that names a token's organization, by name or id."
    )
    jwt_namespaces_claim: str = _claim(
        "The claim with the namespaces that a token may name, by name or id; unset: all of its organization."
    )
    jwt_permissions_claim: str = _claim(
        "The claim with a token's permissions: `read`, `write`, `admin`, in a list or with spaces in between; unset: "
        "tokens may READ."
    )
    jwt_user_claim: str = _claim(
        "The claim with the user whose interactions and search requests alone a token may read and write, such as "
        "`sub`; unset: everybody's."
    )
