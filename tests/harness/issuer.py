"""An issuer of tokens, whose public keys are read from wherever its users want them."""

import json
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

ISSUER, AUDIENCE = "https://login.example", "gateway"

Key = RSAKey | ECKey | OctKey | OKPKey

# Making one takes a tenth of a second.
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "RS256"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "RS256"})


def elliptic(key_id: str = "ec", curve: str = "P-256", algorithm: str = "ES256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": key_id, "alg": algorithm})


EC = elliptic()


def key_set(*keys: Key) -> bytes:
    """What an issuer publishes."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def claims(**others: Any) -> dict[str, Any]:
    """Those of a valid token, with others; ... leaves one out."""
    now = int(time.time())
    # Tests may run long after they were collected, and the tokens that they are of were made.
    valid = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 86_400, **others}
    return {name: value for name, value in valid.items() if value is not ...}


def signed(content: Mapping[str, Any] | bytes, key: Key = RSA, algorithm: str = "RS256", **header: Any) -> str:
    """A token of these claims; ``header``: beside the algorithm and the key's id."""
    protected = {"alg": algorithm, "kid": key.kid, "typ": "JWT", **header}
    protected = {name: value for name, value in protected.items() if value is not ...}
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = 100_000
    # Whatever it is published for.
    signing = {name: value for name, value in key.as_dict(private=True).items() if name not in ("alg", "use")}
    return jws.serialize_compact(protected, payload, type(key).import_key(signing), registry=registry)


def token(key: Key = RSA, algorithm: str = "RS256", **others: Any) -> str:
    """A token that is valid but for these claims."""
    return signed(claims(**others), key, algorithm)
