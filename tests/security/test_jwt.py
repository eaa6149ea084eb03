"""Signed tokens: every way that RFC 8725 knows to get a false one past a verifier."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jws import JWSRegistry

from app.security import jwt

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECONDS = int(MOMENT.timestamp())
EXPECTED = {"iss": "https://accounts.example.org", "aud": "doorward"}
CLAIMS: dict[str, Any] = {
    **EXPECTED,
    "sub": "0175b2e2-b6b5-4d3f-a5db-5b2d4bfc2ce7",
    "sid": "6a135423-85c8-4c99-b9ca-3a0108202255",
    "jti": "259878d6-87be-4729-a3cc-53548f7ff72c",
    "iat": SECONDS,
    "nbf": SECONDS,
    "exp": SECONDS + 900,
}
ALGORITHMS = ["ES256", "RS256", "EdDSA"]
PAIR = jwt.new_key("ES256")
OTHER = jwt.new_key("ES256")
HEADER: dict[str, Any] = {"alg": "ES256", "typ": jwt.TYPE, "kid": PAIR.id}


def signed(claims: dict[str, Any] = CLAIMS, pair: jwt.KeyPair = PAIR) -> str:
    return jwt.sign(claims, jwt.read_key(pair.private), pair.public["alg"])


def verified(
    token: str, *pairs: jwt.KeyPair, algorithms: list[str] | None = None, moment: datetime = MOMENT
) -> dict[str, Any]:
    keys = jwt.key_set([pair.public for pair in pairs or [PAIR]])
    return jwt.verify(token, keys, algorithms or ["ES256"], EXPECTED, moment)


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def resigned(header: object, claims: object = CLAIMS) -> str:
    """Return a token with any header and payload under a right ES256 signature of our key."""
    key: Any = jwt.read_key(PAIR.private)
    signing = JWSRegistry.algorithms["ES256"]
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(signing.sign(text.encode(), key))}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_was_signed_is_read_back(algorithm: str) -> None:
    pair = jwt.new_key(algorithm)

    token = signed(pair=pair)

    assert verified(token, pair, algorithms=[algorithm]) == CLAIMS
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "==")) == {
        "alg": algorithm,
        "typ": "at+jwt",
        "kid": pair.id,
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_public_half_has_nothing_private_in_it(algorithm: str) -> None:
    public = jwt.new_key(algorithm).public

    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(public)
    assert public["use"] == "sig"
    assert public["alg"] == algorithm


def test_keys_of_several_algorithms_verify_each_their_own() -> None:
    pairs = [jwt.new_key(algorithm) for algorithm in ALGORITHMS]

    for pair in pairs:
        assert verified(signed(pair=pair), *pairs, algorithms=ALGORITHMS) == CLAIMS


def test_a_hand_made_token_under_the_right_key_is_read() -> None:
    """The tests below refuse what they change, not how they make it."""
    assert verified(resigned(HEADER)) == CLAIMS


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_no_algorithm_is_no_signature(name: str) -> None:
    for signature in ("", signed().split(".")[2]):
        with pytest.raises(jwt.BadToken):
            verified(f"{encoded({**HEADER, 'alg': name})}.{encoded(CLAIMS)}.{signature}")


@pytest.mark.parametrize("name", ["HS256", "HS512", "RS256", "ES384", "PS256", "EdDSA", "Ed25519"])
def test_another_algorithm_than_the_keys_own_is_refused(name: str) -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned({**HEADER, "alg": name}), algorithms=ALGORITHMS)


def test_a_public_key_is_no_shared_secret() -> None:
    text = f"{encoded({**HEADER, 'alg': 'HS256'})}.{encoded(CLAIMS)}"
    for secret in (json.dumps(PAIR.public), PAIR.public["x"], ""):
        code = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()

        with pytest.raises(jwt.BadToken):
            verified(f"{text}.{encoded(code)}", algorithms=["ES256", "HS256"])


def test_an_algorithm_that_we_do_not_offer_verifies_nothing() -> None:
    with pytest.raises(jwt.BadToken):
        verified(signed(), algorithms=["RS256"])


BROKEN: dict[str, Callable[[str], str]] = {
    "no signature": lambda token: token.rpartition(".")[0],
    "an empty signature": lambda token: token.rpartition(".")[0] + ".",
    "an empty part behind": lambda token: token + ".",
    "an empty part before": lambda token: "." + token,
    "two parts more": lambda token: token + ".e30.e30",
    "two parts in one": lambda token: token.replace(".", "", 1),
    "a signature alone": lambda token: ".." + token.split(".")[2],
    "other letters": lambda token: token.swapcase(),
    "another signature": lambda token: token[:-8] + "AAAAAAAA",
    "another payload": lambda token: token.replace(token.split(".")[1], encoded({"sub": "x"})),
    "dots alone": lambda _token: "..",
    "nothing": lambda _token: "",
    "no ASCII": lambda _token: "é.é.é",
    "half a character": lambda _token: "\ud800.\ud800.\ud800",
    "no base64": lambda _token: "a b.c d.e f",
    "a blank before": lambda token: " " + token,
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_not_the_token_that_we_signed_is_refused(how: str) -> None:
    with pytest.raises(jwt.BadToken):
        verified(BROKEN[how](signed()))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": SECONDS},
        {"exp": SECONDS - 1},
        {"exp": str(SECONDS + 900)},
        {"exp": SECONDS + 900.5},
        {"exp": True},
        {"exp": None},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": [SECONDS + 900]},
        {"nbf": SECONDS + 60},
        {"nbf": str(SECONDS)},
        {"iat": "now"},
        {"aud": "another"},
        {"aud": ["doorward"]},
        {"aud": None},
        {"iss": "https://elsewhere.example.org"},
        {"iss": EXPECTED["iss"] + "/"},
        {"sub": 12},
        {"sub": None},
        {"sid": {"$ne": ""}},
        {"jti": 7},
    ],
)
def test_a_claim_that_is_not_as_it_should_be_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned(HEADER, {**CLAIMS, **changed}))


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_claim_that_is_missing_is_refused(name: str) -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned(HEADER, {key: CLAIMS[key] for key in CLAIMS if key != name}))


@pytest.mark.parametrize(
    "payload", [[], "text", 7, None, True, b"", b"{", b"\xff\xfe", b"[" * 5_000, b"1" * 5_000]
)
def test_a_payload_that_is_no_object_is_refused(payload: object) -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned(HEADER, payload))


@pytest.mark.parametrize(
    "changed",
    [
        {"crit": ["exp"]},
        {"crit": ["unheard-of"], "unheard-of": True},
        {"crit": []},
        {"b64": False},
        {"b64": False, "crit": ["b64"]},
        {"jwk": OTHER.public},
        {"jwk": PAIR.public},
        {"jku": "http://127.0.0.1:1/keys.json"},
        {"x5u": "http://127.0.0.1:1/chain.pem"},
        {"x5c": ["MIIB"]},
        {"kid": OTHER.id},
        {"kid": "../../../../dev/null"},
        {"kid": "' OR '1'='1"},
        {"kid": 7},
        {"kid": None},
        {"kid": [PAIR.id]},
        {"typ": "JWT"},
        {"typ": None},
        {"cty": "JWT"},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"alg": None},
        {"alg": 7},
        {"alg": ["ES256"]},
        {"x": "y" * 600},
    ],
)
def test_a_header_that_says_anything_else_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned({**HEADER, **changed}))


@pytest.mark.parametrize("missing", sorted(HEADER))
def test_a_header_that_says_less_is_refused(missing: str) -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned({key: HEADER[key] for key in HEADER if key != missing}))


@pytest.mark.parametrize("header", [[], "text", 7, None, {}, b"", b"{", b"\xff", b"[" * 300])
def test_a_header_that_is_no_object_is_refused(header: object) -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned(header))


def test_an_encrypted_token_is_refused() -> None:
    header = {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": PAIR.id}

    with pytest.raises(jwt.BadToken):
        verified(f"{encoded(header)}.a2V5.aXY.Y2lwaGVy.dGFn")


def test_a_header_of_a_hundred_kilobytes_is_not_even_decoded() -> None:
    with pytest.raises(jwt.BadToken):
        verified(resigned({**HEADER, "x": "y" * 100_000}))


def test_another_key_that_claims_to_be_ours_is_refused() -> None:
    impostor: Any = jwt.read_key(OTHER.private)
    text = f"{encoded(HEADER)}.{encoded(CLAIMS)}"
    code = JWSRegistry.algorithms["ES256"].sign(text.encode(), impostor)

    with pytest.raises(jwt.BadToken):
        verified(f"{text}.{encoded(code)}")


def test_a_key_that_is_not_known_is_told_apart_so_that_newer_ones_can_be_read() -> None:
    with pytest.raises(jwt.UnknownKey):
        verified(signed(pair=OTHER))


def test_a_token_is_good_until_its_very_second() -> None:
    last = MOMENT + timedelta(seconds=899)

    assert verified(signed(), moment=last) == CLAIMS
    with pytest.raises(jwt.BadToken):
        verified(signed(), moment=last + timedelta(seconds=1))


def test_a_clock_that_is_a_little_behind_is_forgiven() -> None:
    assert verified(signed(), moment=MOMENT - timedelta(seconds=5)) == CLAIMS
    with pytest.raises(jwt.BadToken):
        verified(signed(), moment=MOMENT - timedelta(seconds=6))
