"""What tokens must say to be taken, and what their claims mean: values only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from gateway.context import Permission
from gateway.model.wire.fields import MAX_ID

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Those that may be allowed: signatures by private keys. With a shared secret, whoever can verify could also sign."""

_MAX_SUBJECT = 512
_LABEL_LENGTH = 128
_MAX_NAMESPACES = 1_000
_LAST_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class WrongClaim(Exception):
    """A claim that is missing, or isn't what the policy expects; its text is for the log, and holds no value."""


class TokenSubject(NamedTuple):
    """What a token's claims say of its bearer. ``organization``: a name or an id; ``namespaces``: those that it may
    name, each by its name or id, None: all of the organization; ``user_id``: whose interactions alone it may read and
    write, None: anybody's."""

    id: str
    name: str
    expires_at: datetime
    organization: str
    namespaces: frozenset[str] | None
    permissions: frozenset[Permission]
    user_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """The tokens that are taken: by ``issuer``, for one of ``audiences``, signed by one of ``algorithms``.

    ``leeway_seconds``: by how much clocks may differ. ``organization``: that of all tokens, "": the one that
    ``organization_claim`` names. Where another claim is "", it isn't read: then a token may name all namespaces of its
    organization, may READ, and isn't restricted to a user. A claim that is named here, each token must have.
    """

    issuer: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    leeway_seconds: int = 30
    organization: str = ""
    organization_claim: str = ""
    namespaces_claim: str = ""
    permissions_claim: str = ""
    user_claim: str = ""

    def subject(self, claims: Mapping[str, Any]) -> TokenSubject:
        """Who the bearer of a verified token with these claims is. Raises `WrongClaim`."""
        subject, user_id = _text(claims, "sub"), None
        if self.user_claim:
            user_id = _user_id(_claim(claims, self.user_claim), self.user_claim)
        organization = self.organization or _text(claims, self.organization_claim)
        return TokenSubject(
            id=_token_id(self.issuer, subject, user_id),
            name=_label(subject),
            expires_at=_time(claims["exp"]) + timedelta(seconds=self.leeway_seconds),
            organization=organization,
            namespaces=_namespaces(claims, self.namespaces_claim) if self.namespaces_claim else None,
            permissions=_permissions(claims, self.permissions_claim)
            if self.permissions_claim
            else frozenset({Permission.READ}),
            user_id=user_id,
        )


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of this name, or else the one at this path: issuers use both dots in names and nested objects."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise WrongClaim(f"{name} is missing")
        value = value[step]
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = _claim(claims, name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_SUBJECT:
        raise WrongClaim(f"{name} is no text of 1 to {_MAX_SUBJECT} characters")
    return value


def _user_id(value: Any, name: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    # As what is recorded must be.
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        raise WrongClaim(f"{name} is no id of 1 to {MAX_ID} characters")
    return value


def _texts(claims: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts, or one text with spaces in between, as OAuth has scopes."""
    value = _claim(claims, name)
    texts = value.split() if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise WrongClaim(f"{name} is no list of texts")
    return texts


def _namespaces(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    namespaces = frozenset(_texts(claims, name))
    if len(namespaces) > _MAX_NAMESPACES:
        raise WrongClaim(f"{name} has more than {_MAX_NAMESPACES:,} namespaces")
    return namespaces


def _permissions(claims: Mapping[str, Any], name: str) -> frozenset[Permission]:
    """Those that are named; issuers name more than concerns this gateway."""
    named = {text.lower() for text in _texts(claims, name)}
    return frozenset(permission for permission in Permission if permission.value in named)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, _LAST_TIME.timestamp()), UTC)


def _token_id(issuer: str, subject: str, user_id: str | None) -> str:
    """Bounded, and told apart: two users that one subject speaks for share nothing."""
    parts = [issuer, subject] if user_id is None else [issuer, subject, user_id]
    return "tok_" + sha256("".join(f"{len(part)}:{part}" for part in parts).encode(errors="replace")).hexdigest()[:24]


def _label(subject: str) -> str:
    return re.sub(r"\s+", " ", "".join(filter(str.isprintable, subject)))[:_LABEL_LENGTH].strip() or "token"
