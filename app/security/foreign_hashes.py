"""Recognising the hashes that other systems keep, each in its own spelling.

    $2b$12$…   $pbkdf2-sha256$29000$…   $scrypt$ln=16,…   $argon2id$v=19$…       passlib, crypt
    $bcrypt-sha256$v=2,t=2b,r=12$…   $bcrypt-sha256$2b,12$…                      passlib
    pbkdf2_sha256$600000$…   scrypt$16384$…   bcrypt_sha256$$2b$…   argon2$argon2id$…   Django
    pbkdf2:sha256:600000$…   scrypt:32768:8:1$…                                  Werkzeug
    {"secretData": …, "credentialData": …}   {"hashedSaltedValue": …, …}         Keycloak

Rocket.Chat's cannot be told from bcrypt by its looks: it has to be named.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from app.security.hash_schemes import (
    ENCODED,
    HEXED,
    SALTED,
    Argon2,
    Bcrypt,
    HashRefused,
    Pbkdf2,
    Problem,
    Scheme,
    Scrypt,
)
from app.security.imported_hashes import LONGEST, read, unbase64

_B64 = r"([A-Za-z0-9./+]*=*)"
_HEX = r"([0-9a-f]+)"
_TEXT = r"([^$]+)"  # a salt that is taken as the text it is
_PASSLIB_PBKDF2 = re.compile(
    rf"\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?([0-9]{{1,10}})\${_B64}\${_B64}"
)
_PASSLIB_BCRYPT = re.compile(
    r"\$bcrypt-sha256\$(?:v=2,t=(2[ab]),r=([0-9]{1,2})|(2[ab]),([0-9]{1,2}))"
    r"\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})"
)
_ARGON2 = re.compile(
    r"\$argon2(id|i|d)\$(?:v=([0-9]{1,3})\$)?m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,5})"
    rf"\${_B64}\${_B64}"
)
_DJANGO_PBKDF2 = re.compile(rf"pbkdf2_(sha1|sha256)\$([0-9]{{1,10}})\${_TEXT}\${_B64}")
_DJANGO_SCRYPT = re.compile(
    rf"scrypt\$([0-9]{{1,10}})\${_TEXT}\$([0-9]{{1,5}})\$([0-9]{{1,5}})\${_B64}"
)
_WERKZEUG_PBKDF2 = re.compile(rf"pbkdf2:(sha1|sha256|sha512):([0-9]{{1,10}})\${_TEXT}\${_HEX}")
_WERKZEUG_SCRYPT = re.compile(
    rf"scrypt:([0-9]{{1,10}}):([0-9]{{1,5}}):([0-9]{{1,5}})\${_TEXT}\${_HEX}"
)
_ARGON2_1_0 = 16  # the version where none is named
_KEYCLOAK_VERSIONS = {"1.3": 19, "1.0": _ARGON2_1_0}
_KEYCLOAK_DIGESTS = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}

_BEYOND = (RecursionError, OverflowError)  # of what is nested too deep; of 1e999, which JSON has

Reader = Callable[[str], Scheme | None]


def recognise(text: str, named: str | None = None) -> str:
    """Return a foreign hash in our spelling, for `passwords.matches` to compare with.

    `named` is one of FORMATS; without it the format is told by its looks. Raises HashRefused.
    """
    readers = FORMATS.get(named) if named else DETECTED
    if readers is None or len(text) > LONGEST:
        raise HashRefused(Problem.UNKNOWN if readers is None else Problem.MALFORMED)
    for reader in readers:
        if scheme := reader(text):
            return scheme.spelled
    raise HashRefused(Problem.UNKNOWN)


def _bcrypt(text: str) -> Scheme | None:
    return Bcrypt(text) if text.startswith(("$2a$", "$2b$", "$2y$")) else None


def _rocketchat(text: str) -> Scheme | None:
    return Bcrypt(text, HEXED) if _bcrypt(text) else None


def _passlib_bcrypt(text: str) -> Scheme | None:
    """Read passlib's bcrypt of a digest: before its version 1.7.3, without the HMAC."""
    if found := _PASSLIB_BCRYPT.fullmatch(text):
        kind, rounds = found[1] or found[3], int(found[2] or found[4])
        return Bcrypt(f"${kind}${rounds:02}${found[5]}{found[6]}", SALTED if found[1] else ENCODED)
    return None


def _passlib_pbkdf2(text: str) -> Scheme | None:
    if found := _PASSLIB_PBKDF2.fullmatch(text):
        digest, rounds, salt, checksum = found.groups()
        return Pbkdf2(digest or "sha1", int(rounds), unbase64(salt), unbase64(checksum))
    return None


def _scrypt(text: str) -> Scheme | None:
    return read(text) if text.startswith("$scrypt$") else None


def _argon2(text: str) -> Scheme | None:
    if found := _ARGON2.fullmatch(text):
        memory, passes, lanes = map(int, found.group(3, 4, 5))
        version, tail = int(found[2] or _ARGON2_1_0), (unbase64(found[6]), unbase64(found[7]))
        return Argon2(found[1], version, memory, passes, lanes, *tail)
    return None


def _django_pbkdf2(text: str) -> Scheme | None:
    if found := _DJANGO_PBKDF2.fullmatch(text):
        return Pbkdf2(found[1], int(found[2]), found[3].encode(), unbase64(found[4]))
    return None


def _django_scrypt(text: str) -> Scheme | None:
    if found := _DJANGO_SCRYPT.fullmatch(text):
        n, salt, r, p, checksum = found.groups()
        return Scrypt(_log2(n), int(r), int(p), salt.encode(), unbase64(checksum))
    return None


def _django_bcrypt(text: str) -> Scheme | None:
    kind, separator, rest = text.partition("$")
    if not separator or kind not in {"bcrypt", "bcrypt_sha256"}:
        return None
    return Bcrypt(rest, HEXED if kind == "bcrypt_sha256" else "")


def _django_argon2(text: str) -> Scheme | None:
    return _argon2(text.removeprefix("argon2")) if text.startswith("argon2$") else None


def _werkzeug_pbkdf2(text: str) -> Scheme | None:
    if found := _WERKZEUG_PBKDF2.fullmatch(text):
        return Pbkdf2(found[1], int(found[2]), found[3].encode(), _unhex(found[4]))
    return None


def _werkzeug_scrypt(text: str) -> Scheme | None:
    if found := _WERKZEUG_SCRYPT.fullmatch(text):
        n, r, p, salt, checksum = found.groups()
        return Scrypt(_log2(n), int(r), int(p), salt.encode(), _unhex(checksum))
    return None


def _keycloak(text: str) -> Scheme | None:
    """Read a credential of Keycloak: its two columns are JSON themselves, or hold it.

    Before version 8 all of it stood in one object.
    """
    if not text.startswith("{"):
        return None
    try:
        whole = _object(text)
        if "hashedSaltedValue" in whole:
            return _keycloak_scheme(whole | {"value": whole["hashedSaltedValue"]}, whole)
        secret, made = (_object(whole[name]) for name in ("secretData", "credentialData"))
        return _keycloak_scheme(secret, made)
    except HashRefused:
        raise
    except (LookupError, ValueError, TypeError, AttributeError, *_BEYOND) as error:
        raise HashRefused(Problem.MALFORMED) from error


def _keycloak_scheme(secret: dict[str, Any], made: dict[str, Any]) -> Scheme:
    salt, checksum = unbase64(secret["salt"]), unbase64(secret["value"])
    iterations = int(made["hashIterations"])
    if digest := _KEYCLOAK_DIGESTS.get(made["algorithm"]):
        return Pbkdf2(digest, iterations, salt, checksum)
    if made["algorithm"] != "argon2":
        raise HashRefused(Problem.UNKNOWN)
    said = {name: values[0] for name, values in made["additionalParameters"].items()}
    memory, lanes = int(said["memory"]), int(said["parallelism"])
    version = _KEYCLOAK_VERSIONS[said.get("version", "1.3")]
    return Argon2(said["type"], version, memory, iterations, lanes, salt, checksum)


def _object(json_or_object: str | dict[str, Any]) -> dict[str, Any]:
    read_ = json.loads(json_or_object) if isinstance(json_or_object, str) else json_or_object
    if not isinstance(read_, dict):
        raise HashRefused(Problem.MALFORMED)
    return read_


def _log2(text: str) -> int:
    """Return how often two has to be doubled to make N, which has to be a power of two."""
    number = int(text)
    if number < 2 or number & (number - 1):  # noqa: PLR2004 (the first power)
        raise HashRefused(Problem.MALFORMED)
    return number.bit_length() - 1


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise HashRefused(Problem.MALFORMED) from error


_PASSLIB = (_bcrypt, _passlib_bcrypt, _passlib_pbkdf2, _scrypt, _argon2)
_DJANGO = (_django_pbkdf2, _django_scrypt, _django_bcrypt, _django_argon2)
_WERKZEUG = (_werkzeug_pbkdf2, _werkzeug_scrypt)
DETECTED: tuple[Reader, ...] = (*_PASSLIB, *_DJANGO, *_WERKZEUG, _keycloak)
FORMATS: dict[str, tuple[Reader, ...]] = {
    "bcrypt": (_bcrypt, _passlib_bcrypt, _django_bcrypt),
    "rocketchat": (_rocketchat,),
    "pbkdf2": (_passlib_pbkdf2, _django_pbkdf2, _werkzeug_pbkdf2),
    "scrypt": (_scrypt, _django_scrypt, _werkzeug_scrypt),
    "argon2": (_argon2, _django_argon2),
    "passlib": _PASSLIB,
    "django": _DJANGO,
    "werkzeug": _WERKZEUG,
    "keycloak": (_keycloak,),
}
