"""Which tokens let their bearers in, and as whom: every known way to forge one is refused."""

import base64
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey, RSAKey

from gateway.auth.authenticator import Authenticator
from gateway.auth.issuer_keys import IssuerKeys
from gateway.auth.token_policy import TokenPolicy, WrongClaim
from gateway.auth.token_verifier import TokenRefused, TokenVerifier
from gateway.context import NO_NAMESPACE, CallerKind, Organization, Permission
from gateway.errors import NamespaceNotFound, Unauthenticated
from gateway.store.client import Database
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from tests.harness.issuer import AUDIENCE, EC, ISSUER, RSA, STRANGER, claims, elliptic, key_set, signed, token

POLICY = TokenPolicy(
    issuer=ISSUER,
    audiences=(AUDIENCE, "gateway-staging"),
    algorithms=("RS256", "ES256", "ES384", "Ed25519"),
    organization="Acme",
    leeway_seconds=30,
)
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "ed"})
WRONG_CURVE = elliptic("p384", "P-384")
ENCRYPTING = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
PUBLISHED = key_set(RSA, EC, EDWARDS, WRONG_CURVE, ENCRYPTING)


@pytest.fixture
async def acme(database: Database) -> Organization:
    return await Tenancy(database).create_organization("Acme")


def verifier(database: Database, policy: TokenPolicy = POLICY, published: bytes = PUBLISHED) -> TokenVerifier:
    return TokenVerifier(policy, IssuerKeys(lambda: published), Tenancy(database), cache_seconds=3)


@pytest.fixture
async def tokens(database: Database, acme: Organization) -> TokenVerifier:
    return verifier(database)


async def test_a_token_says_who_its_bearer_is(tokens: TokenVerifier, acme: Organization) -> None:
    exp = int(time.time()) + 600
    caller = await tokens.caller(token(exp=exp))
    assert (caller.kind, caller.name, caller.organization) == (CallerKind.TOKEN, "ada", acme)
    assert caller.permissions == {Permission.READ}
    assert caller.expires_at == datetime.fromtimestamp(exp + 30, UTC)
    assert (caller.default_namespace_id, caller.namespaces, caller.user_id) == (None, None, None)
    assert caller.id.startswith("tok_")
    assert "ada" not in caller.id


async def test_a_caller_is_the_same_by_each_of_its_tokens_and_no_other(tokens: TokenVerifier) -> None:
    ids = [
        (await tokens.caller(token(key, algorithm, **others))).id
        for key, algorithm, others in (
            (RSA, "RS256", {}),
            (EC, "ES256", {"aud": ["another", "gateway-staging"], "exp": int(time.time()) + 60}),
            (EDWARDS, "Ed25519", {}),
            (RSA, "RS256", {"sub": "ada2"}),
        )
    ]
    assert ids[0] == ids[1] == ids[2] != ids[3]


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(digest: str, secret: bytes) -> str:
    """Signed by a shared secret, for which the issuer's public key is taken: the library wouldn't."""
    signed_part = f"{_part({'alg': f'HS{digest[-3:]}', 'kid': 'rsa'})}.{_part(claims())}"
    signature = hmac.digest(secret, signed_part.encode(), digest)
    return f"{signed_part}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


NOW = int(time.time())
VALID = token()
REFUSED = {
    "nothing": "",
    "no token": "a.b.c",
    "two parts": VALID.rpartition(".")[0],
    "unsigned": VALID.rpartition(".")[0] + ".",
    "alg none": f"{_part({'alg': 'none', 'kid': 'rsa'})}.{_part(claims())}.",
    "alg None": f"{_part({'alg': 'None', 'kid': 'rsa'})}.{_part(claims())}.",
    "no alg": f"{_part({'kid': 'rsa'})}.{_part(claims())}.AAAA",
    "alg of another type": f"{_part({'alg': ['RS256'], 'kid': 'rsa'})}.{_part(claims())}.AAAA",
    "a shared secret: the public key as PEM": forged("sha256", RSA.as_pem(private=False)),
    "a shared secret: the public key as DER": forged("sha512", RSA.as_der(private=False)),
    "an algorithm that isn't allowed": signed(claims(), RSA, "PS256"),
    "another algorithm of the key's type": f"{_part({'alg': 'ES384', 'kid': 'ec'})}.{_part(claims())}.{'A' * 128}",
    "a key of the wrong curve": signed(claims(), WRONG_CURVE, "ES384", kid="p384"),
    "a key for encryption": signed(claims(), ENCRYPTING),
    "a swapped kid": signed(claims(), RSA, "RS256", kid="ec"),
    "a swapped kid of the same type": signed(claims(), STRANGER),
    "an unknown kid": signed(claims(), RSA, kid="nobody"),
    "a kid of another type": f"{_part({'alg': 'RS256', 'kid': {'a': 1}})}.{_part(claims())}.AAAA",
    "no kid among several keys": signed(claims(), RSA, kid=...),
    "its own key": signed(claims(), STRANGER, jwk=STRANGER.as_dict(private=False)),
    "an address of its own key": signed(claims(), STRANGER, jku="https://evil.example/jwks.json", kid="evil"),
    "a certificate": signed(claims(), STRANGER, x5u="https://evil.example/x.pem", kid="evil"),
    "something critical": f"{_part({'alg': 'RS256', 'kid': 'rsa', 'crit': ['exp'], 'exp': 1})}.{_part(claims())}.AAAA",
    "a changed signature": VALID[:-8] + "AAAAAAAA",
    "of another type": signed(claims(), RSA, typ="logout+jwt"),
    "changed claims": ".".join([VALID.split(".")[0], _part(claims(sub="eve")), VALID.split(".")[2]]),
    "a foreign issuer": token(iss="https://evil.example"),
    "a foreign issuer beside the right one": token(iss=[ISSUER, "https://evil.example"]),
    "no issuer": token(iss=...),
    "another audience": token(aud="shop"),
    "other audiences": token(aud=["shop", "mail"]),
    "no audience": token(aud=...),
    "expired": token(exp=NOW - 31),
    "never expires": token(exp=...),
    "expires at no time": signed(json.dumps(claims(exp=float("nan"))).encode()),
    "expiry as a text": token(exp=str(NOW + 86_400)),
    "not yet valid": token(nbf=NOW + 86_400),
    "issued in the future": token(iat=NOW + 86_400),
    "nobody": token(sub=...),
    "an empty subject": token(sub=""),
    "a subject that is no text": token(sub=17),
    "a long subject": token(sub="x" * 513),
    "no object": signed(b"[]"),
    "no JSON": signed(b"{"),
    "deep JSON": signed(b'{"a":' * 2_000 + b"1" + b"}" * 2_000),
    "too long": token(filler="x" * 9_000),
    "no ASCII": VALID + "é",
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_wrong_is_refused(case: str, tokens: TokenVerifier) -> None:
    with pytest.raises(TokenRefused) as caught:
        await tokens.caller(REFUSED[case])
    assert "ada" not in str(caught.value)
    assert await tokens.caller(VALID), "the others are taken all the same"


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("another audience", "Invalid claim: 'aud'"),
        ("a foreign issuer", "Invalid claim: 'iss'"),
        ("no audience", "Missing claim: 'aud'"),
        ("expired", "it has expired"),
        ("alg none", "its algorithm isn't one of GATEWAY_JWT_ALGORITHMS"),
        ("an unknown kid", "the issuer has no key of its `kid` and algorithm"),
        ("a swapped kid of the same type", "it isn't signed by the key of its `kid`"),
        ("of another type", "its `typ` or `kid` is no token's"),
    ],
)
async def test_whoever_runs_the_gateway_is_told_what_is_wrong(case: str, reason: str, tokens: TokenVerifier) -> None:
    with pytest.raises(TokenRefused) as caught:
        await tokens.caller(REFUSED[case])
    assert str(caught.value) == reason


@pytest.mark.parametrize("others", [{"exp": -10}, {"nbf": 10}, {"iat": 10}, {"exp": 10**400}])
async def test_clocks_may_differ_by_the_leeway(others: dict[str, int], tokens: TokenVerifier) -> None:
    times = {name: int(time.time()) + seconds for name, seconds in others.items()}
    assert await tokens.caller(signed(claims(**times)))


async def test_a_token_is_refused_once_it_expires_however_long_it_is_kept(database: Database, acme: object) -> None:
    tokens = TokenVerifier(
        TokenPolicy(issuer=ISSUER, audiences=(AUDIENCE,), algorithms=("RS256",), organization="Acme", leeway_seconds=0),
        IssuerKeys(lambda: PUBLISHED),
        Tenancy(database),
        cache_seconds=3_600,
    )
    # Long enough to be verified once, whatever else the machine does.
    short = token(exp=time.time() + 5)
    caller = await tokens.caller(short)
    assert caller.expires_at is not None
    while datetime.now(UTC) < caller.expires_at:
        assert await tokens.caller(VALID)
    with pytest.raises(TokenRefused):
        await tokens.caller(short)


async def test_a_token_without_a_kid_is_verified_by_the_only_key(database: Database, acme: object) -> None:
    tokens = verifier(database, published=key_set(EC))
    assert await tokens.caller(signed(claims(), EC, "ES256", kid=...))
    with pytest.raises(TokenRefused):
        await tokens.caller(signed(claims(), elliptic(), "ES256", kid=...))


async def test_an_organization_that_is_not_there_has_no_bearers(database: Database) -> None:
    with pytest.raises(TokenRefused):
        await verifier(database).caller(VALID)


def policy(**claim_names: Any) -> TokenPolicy:
    return TokenPolicy(
        issuer=ISSUER,
        audiences=(AUDIENCE,),
        algorithms=("RS256",),
        **{"organization": "" if "organization_claim" in claim_names else "Acme", **claim_names},
    )


def test_claims_are_found_by_their_names_and_by_paths() -> None:
    by_name = policy(organization_claim="https://shop.example/org")
    by_path = policy(permissions_claim="realm.roles")
    assert by_name.subject(claims(**{"https://shop.example/org": "Initech"})).organization == "Initech"
    assert by_path.subject(claims(realm={"roles": ["WRITE", "other"]})).permissions == {Permission.WRITE}
    assert by_path.subject(claims(realm={"roles": "read admin"})).permissions == {Permission.READ, Permission.ADMIN}
    assert by_path.subject(claims(realm={"roles": []})).permissions == frozenset()


@pytest.mark.parametrize("name", ["organization_claim", "namespaces_claim", "permissions_claim", "user_claim"])
@pytest.mark.parametrize("value", [..., None, {}, True, 1.5, [1], "", "x" * 513])
def test_a_claim_that_is_named_must_be_there_and_of_its_type(name: str, value: object) -> None:
    if name in ("namespaces_claim", "permissions_claim") and isinstance(value, str):
        # Words, none of which is a namespace or a permission.
        assert not policy(**{name: "named"}).subject(claims(named=value)).permissions - {Permission.READ}
        return
    with pytest.raises(WrongClaim):
        policy(**{name: "named"}).subject(claims(named=value))


def test_users_of_one_subject_are_callers_of_their_own() -> None:
    of_user = policy(user_claim="customer")
    first, second, number = [of_user.subject(claims(customer=customer)) for customer in ("u1", "u2", 5)]
    assert (first.user_id, second.user_id, number.user_id) == ("u1", "u2", "5")
    assert len({subject.id for subject in (first, second, number)}) == 3


@given(st.text())
def test_a_name_is_a_label_whatever_the_subject(subject: str) -> None:
    name = policy().subject(claims(sub=(subject or "x")[:512])).name
    assert 0 < len(name) <= 128
    assert name.isprintable()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_a_claim_is_taken_or_wrong_whatever_it_is(value: object) -> None:
    everything = policy(organization_claim="a.b", namespaces_claim="c", permissions_claim="scope", user_claim="user")
    named = {"a.b": value, "c": value, "scope": value, "user": value}
    if isinstance(value, str) and 0 < len(value) <= 512:
        assert everything.subject(claims(**named)).user_id == value
    else:
        with pytest.raises(WrongClaim):
            everything.subject(claims(**named))


@pytest.fixture
async def access(database: Database, acme: Organization) -> Authenticator:
    of_namespaces = verifier(database, policy(namespaces_claim="namespaces"))
    return Authenticator(Keys(database), Tenancy(database), tokens=of_namespaces, cache_seconds=3)


async def test_a_token_enters_the_namespaces_that_it_names(
    database: Database, access: Authenticator, acme: Organization
) -> None:
    tenancy = Tenancy(database)
    shop, _ = await tenancy.create_namespace(acme, "shop")
    media, _ = await tenancy.create_namespace(acme, "media")
    both = f"Bearer {token(namespaces=['shop', media.id])}"
    for reference, namespace in (("shop", shop), (shop.id, shop), ("media", media), (media.id, media)):
        assert (await access.context(both, reference)).namespace == namespace
    assert (await access.context(both, None)).namespace is NO_NAMESPACE
    one = f"Bearer {token(namespaces='shop')}"
    assert (await access.context(one, None)).namespace == shop
    messages = set()
    for reference in ("media", media.id, "missing"):
        with pytest.raises(NamespaceNotFound) as caught:
            await access.context(one, reference)
        messages.add(caught.value.message)
    assert len(messages) == 1


async def test_tokens_are_refused_alike_and_only_taken_where_the_settings_say_so(
    database: Database, access: Authenticator, acme: Organization
) -> None:
    messages = set()
    for case in ("nothing", "alg none", "a foreign issuer", "expired", "an unknown kid"):
        with pytest.raises(Unauthenticated) as caught:
            await access.authenticate(f"Bearer {REFUSED[case]}")
        messages.add(caught.value.message)
    assert messages == {"A valid key or token is required, as in: Authorization: Bearer sk_…"}
    for authorization in (f"Bearer {VALID}", f"Basic {VALID}", VALID):
        with pytest.raises(Unauthenticated):
            await Authenticator(Keys(database), Tenancy(database), cache_seconds=3).authenticate(authorization)


async def test_a_connection_ends_when_its_token_expires(
    database: Database, access: Authenticator, acme: Organization
) -> None:
    shop, _ = await Tenancy(database).create_namespace(acme, "shop")
    lasting = await access.context(f"Bearer {token(namespaces='shop')}", None)
    ending = await access.context(f"Bearer {token(namespaces='shop', exp=time.time() - 25)}", None)
    assert (lasting.namespace, ending.namespace) == (shop, shop)
    assert ending.caller.expires_at is not None
    while datetime.now(UTC) < ending.caller.expires_at:
        assert lasting not in await access.revoked({lasting})
    revoked = await access.revoked({lasting, ending})
    assert [type(revoked[context]) for context in revoked] == [Unauthenticated]
    assert ending in revoked
