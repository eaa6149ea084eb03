"""Hashes of other systems: recognised, kept under our spelling, compared as those did."""

import base64
import hashlib
import json
import time

import bcrypt
import pytest
from argon2.low_level import Type, hash_secret
from hypothesis import given
from hypothesis import strategies as st

from app.security import foreign_hashes, hash_schemes, imported_hashes, passwords
from app.security.foreign_hashes import recognise
from app.security.hash_schemes import HashRefused, Problem
from tests.security.foreign import HASHES, PASSWORD

SALT = "c2FsdHNhbHRzYWx0c2FsdA"
SUM = "lU967SCquI49g2tvCTp2OtKgZCBqM4L0IjN3iD0pKCM"
SUM_HEX = "0" * 64


def taken_over(name: str) -> str:
    named, text = HASHES[name]
    return recognise(text, named)


@pytest.mark.parametrize("name", HASHES)
def test_the_old_password_matches_and_no_other(name: str) -> None:
    kept = taken_over(name)

    assert passwords.matches(PASSWORD, kept)
    assert not passwords.matches(PASSWORD[:-1], kept)
    assert not passwords.matches(PASSWORD + " ", kept)
    assert not passwords.matches("", kept)


@pytest.mark.parametrize("name", HASHES)
def test_what_was_brought_along_is_to_be_hashed_anew(name: str) -> None:
    assert passwords.needs_rehash(taken_over(name))


@pytest.mark.parametrize("name", HASHES)
def test_our_spelling_means_itself(name: str) -> None:
    kept = taken_over(name)

    assert imported_hashes.read(kept).spelled == kept


@pytest.mark.parametrize("name", HASHES)
def test_a_password_with_nul_never_matches(name: str) -> None:
    kept = taken_over(name)

    assert not passwords.matches(PASSWORD + "\0", kept)
    assert not passwords.matches("\0", kept)


@pytest.mark.parametrize("name", HASHES)
def test_a_hash_that_lost_its_end_is_refused(name: str) -> None:
    named, text = HASHES[name]

    for length in range(len(text) // 2):
        with pytest.raises(HashRefused):
            recognise(text[:length], named)


def test_rocket_chats_is_not_told_by_its_looks() -> None:
    kept = recognise(HASHES["Rocket.Chat"][1])

    assert not passwords.matches(PASSWORD, kept)


@pytest.mark.parametrize("ident", ["2a", "2b", "2y"])
def test_bcrypt_looks_at_72_bytes_and_never_raises(ident: str) -> None:
    made = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()
    kept = recognise(f"${ident}${made.split('$', 2)[2]}")

    assert passwords.matches("a" * 72, kept)
    assert passwords.matches("a" * 128, kept)
    assert not passwords.matches("a" * 71, kept)
    assert not passwords.matches("\U0001f469" * 128, kept)


def test_bcrypt_letters_with_bits_to_spare_are_put_right() -> None:
    kept = recognise(HASHES["bcrypt 2b"][1])
    letters = hash_schemes._BCRYPT_LETTERS
    salt_end, end = letters.index(kept[28]), letters.index(kept[-1])
    untidy = kept[:28] + letters[salt_end + 3] + kept[29:-1] + letters[end + 1]

    assert recognise(untidy) == kept
    assert passwords.matches(PASSWORD, untidy)


def test_the_exact_bytes_are_tried_and_then_their_nfc() -> None:
    two_strokes, one = "zoe\u0308 sleeps well", "zo\u00eb sleeps well"
    of_two = recognise(bcrypt.hashpw(two_strokes.encode(), bcrypt.gensalt(4)).decode())
    of_one = recognise(bcrypt.hashpw(one.encode(), bcrypt.gensalt(4)).decode())

    assert passwords.matches(two_strokes, of_two)
    assert not passwords.matches(one, of_two)  # nobody can tell what it was made of
    assert passwords.matches(two_strokes, of_one)
    assert passwords.matches(one, of_one)


def test_an_imported_argon2_hash_is_no_hash_of_ours() -> None:
    two_strokes = "zoe\u0308 sleeps well"
    made = hash_secret(two_strokes.encode(), b"saltsalt", 1, 64, 1, 32, Type.ID).decode()

    assert passwords.matches(two_strokes, recognise(made))
    assert not passwords.matches(two_strokes, made)


def test_argon2_without_a_version_is_of_the_first() -> None:
    made = hash_secret(b"correct horse", b"saltsalt", 1, 64, 1, 32, Type.ID, version=16).decode()
    _, kind, _, *rest = made.split("$")

    kept = recognise("$".join(["", kind, *rest]))

    assert "$v=16$" in kept
    assert passwords.matches("correct horse", kept)


def test_keycloaks_64_bytes_of_sha256_are_compared_whole() -> None:
    made = hashlib.pbkdf2_hmac("sha256", b"correct horse", b"salt" * 4, 27_500, 64)
    kept = recognise(keycloak(made, hashIterations=27_500, algorithm="pbkdf2-sha256"))
    cut = recognise(
        keycloak(made[:32] + bytes(32), hashIterations=27_500, algorithm="pbkdf2-sha256")
    )

    assert passwords.matches("correct horse", kept)
    assert not passwords.matches("correct horse", cut)


def keycloak(made: bytes, **credential: object) -> str:
    secret = {
        "value": base64.b64encode(made).decode(),
        "salt": base64.b64encode(b"salt" * 4).decode(),
    }
    return json.dumps({"secretData": json.dumps(secret), "credentialData": json.dumps(credential)})


COSTLY = [
    "$2b$15$" + "a" * 53,
    "$2b$31$" + "a" * 53,
    f"$pbkdf2-sha256$6000001${SALT}${SUM}",
    f"$pbkdf2-sha512$2500001${SALT}${SUM}A{SUM}",
    f"pbkdf2_sha256$999999999$salt${SUM}=",
    f"pbkdf2:sha1:3000001$salt${SUM_HEX}",  # two blocks of 20 bytes each
    f"$scrypt$ln=18,r=8,p=1${SALT}${SUM}",
    f"$scrypt$ln=31,r=8,p=1${SALT}${SUM}",
    f"$scrypt$ln=99,r=99999,p=1${SALT}${SUM}",
    f"$scrypt$ln=14,r=8,p=99999${SALT}${SUM}",
    f"scrypt:1073741824:8:1$salt${SUM_HEX}",
    f"$argon2id$v=19$m=4194304,t=1,p=1${SALT}${SUM}",
    f"$argon2id$v=19$m=131072,t=9,p=1${SALT}${SUM}",
    f"$argon2id$v=19$m=64,t=999999999,p=1${SALT}${SUM}",
    f"argon2$argon2id$v=19$m=131072,t=1,p=17${SALT}${SUM}",
]


@pytest.mark.parametrize("text", COSTLY)
def test_what_takes_a_minute_or_gigabytes_is_refused(text: str) -> None:
    assert problem(text) is Problem.COSTLY


@pytest.mark.parametrize("text", COSTLY)
def test_nor_is_it_compared_with_where_it_stands_already(text: str) -> None:
    spelled = text.replace("$argon2id", "$imported-argon2id").replace("sha256$6", "sha256$i=6")
    began = time.thread_time()

    assert not passwords.matches("anything", spelled.removeprefix("argon2"))
    assert time.thread_time() - began < 0.5


MALFORMED = [
    "$2b$12$tooshort",
    "$2b$12$" + "!" * 53,
    "bcrypt$nothing",
    "$pbkdf2-sha256$0$c2FsdA$" + SUM,
    "$pbkdf2-sha256$1000$$" + SUM,
    "$pbkdf2-sha256$1000$c2FsdA$c2hvcnQ",
    "$pbkdf2-sha256$1000$a$" + SUM,
    "$pbkdf2-sha256$1000$c2FsdA$" + "AAAA" * 50,
    "pbkdf2:sha256:1000$salt$abc",
    f"scrypt:1000:8:1$salt${SUM_HEX}",
    f"scrypt:1:8:1$salt${SUM_HEX}",
    f"scrypt:65536:1:1$salt${SUM_HEX}",  # RFC 7914: N < 2 ** (16 × r)
    f"scrypt:1024:0:1$salt${SUM_HEX}",
    f"scrypt:1024:8:0$salt${SUM_HEX}",
    f"$argon2id$v=19$m=64,t=0,p=1${SALT}${SUM}",
    f"$argon2id$v=19$m=8,t=1,p=2${SALT}${SUM}",
    f"$argon2id$v=18$m=64,t=1,p=1${SALT}${SUM}",
    f"$argon2id$v=19$m=64,t=1,p=1$c2FsdA${SUM}",
    "{",
    "{}",
    '{"secretData": "[]", "credentialData": "{}"}',
    '{"secretData": 1, "credentialData": 2}',
    '{"secretData": {"value": 1, "salt": 2}, "credentialData": {"hashIterations": 1}}',
    '{"secretData": ' + "[" * 1_000 + "}",
    keycloak(bytes(32), hashIterations=float("inf"), algorithm="pbkdf2-sha256"),
    keycloak(bytes(32), hashIterations=float("nan"), algorithm="pbkdf2-sha256"),
    '{"hashedSaltedValue": "AAAA"}',
    '{"hashedSaltedValue": "", "salt": "", "hashIterations": 1, "algorithm": "pbkdf2"}',
    "$2b$12$" + "a" * 3_000,
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_whole_hash_is_refused(text: str) -> None:
    assert problem(text) is Problem.MALFORMED


@pytest.mark.parametrize(
    "text",
    ["", "plain text", "5f4dcc3b5aa765d61d8327deb882cf99", "$2x$04$" + "a" * 53, "$1$salt$abc",
     "$6$salt$abc", "sha1$salt$abc", "pbkdf2:md5:1000$salt$00", "$argon2x$v=19$m=64,t=1,p=1$a$b"],
)  # fmt: skip
def test_what_nobody_knows_is_refused(text: str) -> None:
    assert problem(text) is Problem.UNKNOWN


@pytest.mark.parametrize("name", [*foreign_hashes.FORMATS])
def test_a_named_format_takes_no_other(name: str) -> None:
    with pytest.raises(HashRefused) as refused:
        recognise("$6$salt$of something else", name)

    assert refused.value.problem is Problem.UNKNOWN


def test_a_format_that_nobody_knows_is_refused() -> None:
    with pytest.raises(HashRefused):
        recognise(HASHES["bcrypt 2b"][1], "md5")


def test_keycloaks_other_algorithms_are_refused() -> None:
    assert problem(keycloak(bytes(32), hashIterations=1, algorithm="scrypt")) is Problem.UNKNOWN


@given(st.text(max_size=300))
def test_whatever_stands_there_is_refused_or_kept_and_never_raises(text: str) -> None:
    for prefix in ("", "$2b$04$", "$pbkdf2-sha256$1$", "scrypt:2:1:1$", "{", "$argon2id$v=19$m=8"):
        for named in (None, "rocketchat", "keycloak"):
            assert passwords.matches("x", prefix + text) in {True, False}
            try:
                kept = recognise(prefix + text, named)
            except HashRefused:
                continue
            assert imported_hashes.read(kept).spelled == kept


def problem(text: str) -> Problem | None:
    try:
        recognise(text)
    except HashRefused as refused:
        return refused.problem
    return None
