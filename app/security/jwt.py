"""JSON Web Tokens (RFC 7519), by joserfc: signed with one algorithm, verified with no other."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwa import EdDSAAlgorithm
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

TYPE = "at+jwt"  # RFC 9068 section 2.1
LONGEST = 4_096  # characters; ours have some 700
PARTS = 3
LEEWAY_SECONDS = 5
RSA_BITS = 2048
WHAT_IT_MUST_SAY = {"iss": str, "aud": str, "sub": str, "sid": str, "jti": str}
TIMES = ("iat", "nbf", "exp")


class BadToken(Exception):
    """This is no token of ours that is good now. Nobody is told why."""


class UnknownKey(BadToken):
    """None of the keys is the one that the token names: perhaps it is newer than they are."""


class _EdDSA(EdDSAAlgorithm):
    """EdDSA without the warning that its name leaves the curve open (RFC 9864): ours is Ed25519."""

    security_warning = ""


class _Registry(jws.JWSRegistry):
    """The three algorithms that the settings offer, and no other."""

    algorithms = {  # noqa: RUF012 (as in its parent)
        "ES256": jws.JWSRegistry.algorithms["ES256"],
        "RS256": jws.JWSRegistry.algorithms["RS256"],
        "EdDSA": _EdDSA(),
    }


@dataclass(frozen=True)
class KeyPair:
    """A new key: its id (RFC 7638), the private half as JSON, the public half as JWK."""

    id: str
    private: bytes
    public: dict[str, Any]


def new_key(algorithm: str) -> KeyPair:
    """Return a new key pair for ES256, RS256 or EdDSA."""
    key = _generate(algorithm)
    identifier = key.thumbprint()
    marks = {"kid": identifier, "alg": algorithm, "use": "sig"}
    private = {**key.as_dict(private=True), **marks}
    public = {**key.as_dict(private=False), **marks}
    return KeyPair(identifier, json.dumps(private).encode(), public)


def read_key(private: bytes) -> Key:
    """Return the key that new_key made, ready to sign."""
    parameters = json.loads(private)
    return KeySet.import_key_set({"keys": [parameters]}).keys[0]


def key_set(public: list[dict[str, Any]]) -> KeySet:
    """Return public keys, ready to verify."""
    return KeySet.import_key_set({"keys": public})


def sign(claims: dict[str, Any], key: Key, algorithm: str) -> str:
    """Return `claims` as a token."""
    header = {"alg": algorithm, "typ": TYPE, "kid": key.kid}
    return jwt.encode(header, claims, key, registry=_Registry(algorithms=[algorithm]))


def verify(
    token: str, keys: KeySet, algorithms: list[str], expected: dict[str, str], moment: datetime
) -> dict[str, Any]:
    """Return the claims of a token that is good at `moment`, or raise BadToken (RFC 8725).

    UnknownKey where a look at newer keys may help. `expected` are claims that have to stand there
    exactly: issuer and audience. Keys come from `keys` alone, whatever the token's header offers;
    the algorithm has to be one of ours, and the key's own.
    """
    if len(token) > LONGEST or token.count(".") != PARTS - 1:
        raise BadToken
    try:
        decoded = jws.deserialize_compact(
            token, lambda found: _key_for(found, keys), registry=_Registry(algorithms=algorithms)
        )
        claims = json.loads(decoded.payload)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadToken from error
    _check_header(decoded.headers())
    _check_claims(claims, expected, int(moment.timestamp()))
    checked: dict[str, Any] = claims
    return checked


def _generate(algorithm: str) -> Key:
    if algorithm == "RS256":
        return RSAKey.generate_key(RSA_BITS)
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519")
    return ECKey.generate_key("P-256")


def _key_for(found: Any, keys: KeySet) -> Key:
    """Return the key named by `kid`, if it is meant for the algorithm that the header claims."""
    header = found.headers()
    for key in keys.keys:
        if key.kid == header.get("kid") and key.alg == header.get("alg"):
            return key
    raise UnknownKey


def _check_header(header: dict[str, Any]) -> None:
    if header.get("typ") != TYPE or set(header) - {"alg", "typ", "kid"}:
        raise BadToken


def _check_claims(claims: Any, expected: dict[str, str], seconds: int) -> None:
    if not isinstance(claims, dict):
        raise BadToken
    if any(not isinstance(claims.get(name), kind) for name, kind in WHAT_IT_MUST_SAY.items()):
        raise BadToken
    if any(type(claims.get(name)) is not int for name in TIMES):
        raise BadToken
    if any(claims[name] != value for name, value in expected.items()):
        raise BadToken
    if not claims["nbf"] - LEEWAY_SECONDS <= seconds < claims["exp"]:
        raise BadToken
