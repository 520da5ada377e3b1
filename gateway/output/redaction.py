"""Text without the secrets that it may quote: keys, other credentials of headers, and those of addresses."""

import re

_SECRETS = (
    # A key, or what is left of one that was cut; see `gateway.model.secret_keys`.
    (re.compile(r"(?<![0-9A-Za-z])sk_[0-9A-Za-z]+"), "sk_…"),
    # A token (JWT), or what is left of one: JSON that begins with a name, in base64.
    (re.compile(r"\beyJ[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]*)*"), "eyJ…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;}\])]+"), r"\1 …"),
    (re.compile(r"(?i)\b(authorization\b[\"']?\s*[:=,]\s*b?[\"']?)(?!(?:bearer|basic) )[^\s\"',;}\])]+"), r"\1…"),
    # As far as the last @: a password in which it wasn't encoded has some.
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s\"'<>]*@"), r"\1…@"),
)
# What some secret has, in lower case.
_SIGNS = ("sk_", "eyj", "bearer", "basic", "authorization", "://")


def redacted(text: str) -> str:
    """``text`` with an ellipsis for each secret; to be asked before anything is cut out of it."""
    # All but a few lines hold nothing of the kind, and are looked through for it in a tenth of the time.
    lower = text.lower()
    if not any(sign in lower for sign in _SIGNS):
        return text
    for secret, replacement in _SECRETS:
        text = secret.sub(replacement, text)
    return text
