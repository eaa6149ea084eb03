"""Passkeys, answered by an authenticator of our own with real signatures."""

import json
import uuid
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webauthn.helpers import base64url_to_bytes

from app.errors import WrongCode
from app.security import webauthn
from app.security.tokens import new_secret
from app.security.webauthn import Known, NewPasskey, Owner, Presented, Site
from tests import authenticator
from tests.authenticator import (
    BACKED_UP,
    BACKUP_ELIGIBLE,
    EDDSA,
    ES256,
    ORIGIN,
    PRESENT,
    RS256,
    VERIFIED,
    Authenticator,
    changed,
    encoded,
)

SITE = Site("Doorward", ORIGIN)
OWNER = Owner(uuid.UUID(int=7), "ann@example.org", "Ann")
MINUTE_MS = 60_000


def making(challenge: str = "", known: list[Known] | None = None) -> dict[str, Any]:
    return webauthn.making(SITE, OWNER, challenge or new_secret(), known or [], MINUTE_MS)


def using(known: list[Known] | None = None) -> dict[str, Any]:
    return webauthn.using(SITE, new_secret(), known or [], MINUTE_MS)


def made_by(holder: Authenticator) -> NewPasskey:
    return webauthn.verify_new(SITE, webauthn.read(holder.make(making())))


def presented(holder: Authenticator) -> Presented:
    return webauthn.read(holder.use(using()))


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_passkey_is_made_and_used(algorithm: int) -> None:
    holder = Authenticator(algorithm)

    made = made_by(holder)
    use = webauthn.verify_use(SITE, presented(holder), made.public_key)

    assert made.credential_id == encoded(holder.credential_id)
    assert made.transports == "internal hybrid"
    assert (made.sign_count, use.sign_count) == (1, 2)


def test_whoever_makes_a_passkey_is_asked_for_what_we_need() -> None:
    challenge = new_secret()
    old = Known(encoded(b"an older one"), "usb nfc")

    options = making(challenge, [old])

    assert options["challenge"] == challenge
    assert len(base64url_to_bytes(challenge)) >= 32
    assert options["rp"] == {"name": "Doorward", "id": "localhost"}
    assert base64url_to_bytes(options["user"]["id"]) == OWNER.id.bytes
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [ES256, EDDSA, RS256]
    [excluded] = options["excludeCredentials"]
    assert excluded == {"id": old.credential_id, "type": "public-key", "transports": ["usb", "nfc"]}
    assert json.loads(json.dumps(options)) == options


def test_whoever_uses_a_passkey_is_asked_to_verify_who_they_are() -> None:
    options = using([Known(encoded(b"mine"), "")])

    assert options["rpId"] == "localhost"
    assert options["userVerification"] == "required"
    assert options["allowCredentials"] == [{"id": encoded(b"mine"), "type": "public-key"}]
    assert using()["allowCredentials"] == []


def test_the_answer_says_which_challenge_and_whose_it_is() -> None:
    holder, options = Authenticator(), using()
    made_by(holder)

    said = webauthn.read(holder.use(options))

    assert said.challenge == options["challenge"]
    assert webauthn.belongs_to(said, OWNER.id)
    assert not webauthn.belongs_to(said, uuid.UUID(int=8))
    holder.user_handle = b""
    assert not webauthn.belongs_to(webauthn.read(holder.use(options)), OWNER.id)


WRONG_SITE: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "http://localhost:8001"},
    "another scheme": {"origin": "https://localhost:8000"},
    "a path behind": {"origin": ORIGIN + "/"},
    "another host": {"rp_id": "example.org"},
    "nobody present": {"flags": VERIFIED},
    "nobody verified": {"flags": PRESENT},
    "backed up although it cannot be": {"flags": PRESENT | VERIFIED | BACKED_UP},
    "inside another site's page": {"client": {"crossOrigin": True}},
    "below another site": {"client": {"topOrigin": "https://evil.example"}},
    "the wrong ceremony": {"client": {"type": "payment.get"}},
}


@pytest.mark.parametrize("wrong", WRONG_SITE.values(), ids=WRONG_SITE.keys())
def test_what_is_not_ours_makes_no_passkey(wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongCode):
        made_by(Authenticator(**wrong))


@pytest.mark.parametrize("wrong", WRONG_SITE.values(), ids=WRONG_SITE.keys())
def test_what_is_not_ours_opens_nothing(wrong: dict[str, Any]) -> None:
    holder = Authenticator()
    made = made_by(holder)
    for name, value in wrong.items():
        setattr(holder, name, value)

    with pytest.raises(WrongCode):
        webauthn.verify_use(SITE, presented(holder), made.public_key)


def test_another_key_opens_nothing() -> None:
    holder, other = Authenticator(), Authenticator()
    made_by(holder)

    with pytest.raises(WrongCode):
        webauthn.verify_use(SITE, presented(holder), made_by(other).public_key)


def test_a_signature_is_good_for_one_challenge() -> None:
    holder = Authenticator()
    made = made_by(holder)
    old, new = (json.loads(holder.use(using())) for _ in range(2))
    old["response"]["clientDataJSON"] = new["response"]["clientDataJSON"]

    with pytest.raises(WrongCode):
        webauthn.verify_use(SITE, webauthn.read(json.dumps(old)), made.public_key)


def test_a_synchronised_passkey_says_so() -> None:
    made = made_by(Authenticator(flags=PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP))

    assert made.backed_up


def test_a_count_that_goes_back_is_the_callers_to_judge() -> None:
    holder = Authenticator(count=9)
    made = made_by(holder)
    holder.count = 0

    assert webauthn.verify_use(SITE, presented(holder), made.public_key).sign_count == 1


def test_an_overlong_name_is_refused() -> None:
    assert made_by(Authenticator(credential_id=b"x" * webauthn.LONGEST_ID))
    with pytest.raises(WrongCode):
        made_by(Authenticator(credential_id=b"x" * (webauthn.LONGEST_ID + 1)))


BAD_KEYS: dict[str, object] = {
    "no key": {},
    "a word": "key",
    "an algorithm that we did not ask for": {1: 2, 3: -36, -1: 3, -2: b"x" * 66, -3: b"y" * 66},
    "a point on no curve": {1: 2, 3: ES256, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32},
    "half a point": {1: 2, 3: ES256, -1: 1, -2: b"\x01" * 32},
    "a curve that nobody knows": {1: 2, 3: ES256, -1: 99, -2: b"\x01" * 32, -3: b"\x02" * 32},
    "an EdDSA key too short": {1: 1, 3: EDDSA, -1: 6, -2: b"x"},
    "an RSA key that takes long": {1: 3, 3: RS256, -1: b"\xff" * 2_000, -2: b"\xff" * 1_999},
    "an RSA exponent of one": {1: 3, 3: RS256, -1: b"\xff" * 256, -2: b"\x01"},
    "numbers for bytes": {1: 3, 3: RS256, -1: 5, -2: 3},
    "a tag for an algorithm": {1: 2, 3: cbor2.CBORTag(4, [2_147_483_647, 1])},
}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_key_that_cannot_verify_is_refused(key: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authenticator, "public_key", lambda _: key)

    with pytest.raises(WrongCode):
        made_by(Authenticator())


JUNK = [
    "",
    "{}",
    "[]",
    "null",
    "1",
    '"text"',
    "[" * 9_000,
    '{"id": NaN}',
    "\x00",
    "{" * 9,
    "\ud800",
]
PARTS = ["id", "rawId", "type", "response", "response/clientDataJSON"]
OF_MAKING = [*PARTS, "response/attestationObject"]
OF_USING = [*PARTS, "response/authenticatorData", "response/signature"]
WRONG_VALUES: list[object] = [
    None,
    "",
    "!",
    "AAAA",
    "é",
    "\x00",
    7,
    True,
    [],
    {},
    ["x"],
    "A" * 9_000,
]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_one_refusal(junk: str) -> None:
    with pytest.raises(WrongCode):
        webauthn.read(junk)


@pytest.mark.parametrize("value", WRONG_VALUES, ids=repr)
@pytest.mark.parametrize("part", OF_MAKING)
def test_a_broken_part_makes_no_passkey(part: str, value: object) -> None:
    credential = changed(Authenticator().make(making()), part, value)

    with pytest.raises(WrongCode):
        webauthn.verify_new(SITE, webauthn.read(credential))


@pytest.mark.parametrize("value", WRONG_VALUES, ids=repr)
@pytest.mark.parametrize("part", OF_USING)
def test_a_broken_part_opens_nothing(part: str, value: object) -> None:
    holder = Authenticator()
    made = made_by(holder)
    credential = changed(holder.use(using()), part, value)

    with pytest.raises(WrongCode):
        webauthn.verify_use(SITE, webauthn.read(credential), made.public_key)


CLIENT_DATA = [
    b"",
    b"null",
    b"[]",
    b"\xff\xff",
    b"{}",
    b'{"type":1}',
    b'{"challenge":{}}',
    b"[" * 9_000,
]


@pytest.mark.parametrize("data", CLIENT_DATA, ids=lambda data: repr(data[:20]))
def test_broken_client_data_is_one_refusal(data: bytes) -> None:
    credential = changed(Authenticator().make(making()), "response/clientDataJSON", encoded(data))

    with pytest.raises(WrongCode):
        webauthn.verify_new(SITE, webauthn.read(credential))


noise = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@noise
@given(st.binary(max_size=300))
def test_noise_for_an_attestation_is_one_refusal(data: bytes) -> None:
    credential = changed(
        Authenticator().make(making()), "response/attestationObject", encoded(data)
    )

    with pytest.raises(WrongCode):
        webauthn.verify_new(SITE, webauthn.read(credential))


HOLDER = Authenticator()
MADE = made_by(HOLDER)


@noise
@given(st.integers(0, 36), st.integers(0, 255))
def test_one_changed_byte_is_one_refusal(place: int, value: int) -> None:
    said = json.loads(HOLDER.use(using()))
    data = bytearray(base64url_to_bytes(said["response"]["authenticatorData"]))
    if data[place] == value:
        return
    data[place] = value
    said["response"]["authenticatorData"] = encoded(bytes(data))

    with pytest.raises(WrongCode):
        webauthn.verify_use(SITE, webauthn.read(json.dumps(said)), MADE.public_key)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@noise
@given(json_values, st.sampled_from(["id", "rawId", "response", "type"]))
def test_any_json_is_one_refusal(value: object, part: str) -> None:
    credential = changed(HOLDER.use(using()), part, value)

    with pytest.raises(WrongCode):
        webauthn.verify_use(SITE, webauthn.read(credential), MADE.public_key)
