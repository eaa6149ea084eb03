"""Hashes that other systems made of people's passwords, kept until their owners sign in.

Each kind has one spelling here, whatever it came in (`foreign_hashes`):

    $2b$12$salt and hash                                bcrypt; also 2a and 2y
    $bcrypt-sha256-hex$2b$10$salt and hash              bcrypt of the SHA-256 in hexadecimal
    $bcrypt-sha256-base64$2b$12$salt and hash           bcrypt of the SHA-256 in base64
    $bcrypt-hmac-sha256-base64$2b$12$salt and hash      the same of the HMAC under bcrypt's salt
    $pbkdf2-sha256$i=600000$salt$hash                   also sha1 and sha512
    $scrypt$ln=15,r=8,p=1$salt$hash
    $imported-argon2id$v=19$m=65536,t=3,p=4$salt$hash   also argon2i and argon2d
"""

import base64
import re
import unicodedata

from app.security.hash_schemes import (
    DIGESTS,
    Argon2,
    Bcrypt,
    HashRefused,
    Pbkdf2,
    Problem,
    Scheme,
    Scrypt,
)

LONGEST = 2_048  # characters, in any spelling

_TAIL = r"\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)"
_PBKDF2 = re.compile(r"\$pbkdf2-(sha1|sha256|sha512)\$i=([0-9]{1,10})" + _TAIL)
_SCRYPT = re.compile(r"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,5}),p=([0-9]{1,5})" + _TAIL)
_ARGON2 = re.compile(
    r"\$imported-argon2(id|i|d)\$v=([0-9]{1,3})\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,5})"
    + _TAIL
)


def matches(password: str, hashed: str) -> bool:
    """Tell whether `password` made `hashed`; what is no hash was made by none.

    Others hashed the very bytes that somebody typed, on some devices not in NFC: those are tried
    first, then their NFC. MemoryError where the machine has no room to tell.
    """
    try:
        scheme = read(hashed)
    except HashRefused:
        return False
    spellings = dict.fromkeys([password, unicodedata.normalize("NFC", password)])
    return any(scheme.made_of(each.encode()) for each in spellings)


def read(hashed: str) -> Scheme:
    """Return the hash that our own spelling means, or raise HashRefused."""
    if len(hashed) > LONGEST:
        raise HashRefused(Problem.MALFORMED)
    if found := _PBKDF2.fullmatch(hashed):
        return Pbkdf2(found[1], int(found[2]), *_tail_of(found))
    if found := _SCRYPT.fullmatch(hashed):
        return Scrypt(int(found[1]), int(found[2]), int(found[3]), *_tail_of(found))
    if found := _ARGON2.fullmatch(hashed):
        version, memory, passes, lanes = map(int, found.group(2, 3, 4, 5))
        return Argon2(found[1], version, memory, passes, lanes, *_tail_of(found))
    digested = next((each for each in DIGESTS if hashed.startswith(each)), "")
    return Bcrypt(hashed.removeprefix(digested), digested)


def unbase64(text: str) -> bytes:
    """Return what base64 means, with or without its padding, and in passlib's spelling with dots.

    HashRefused for what is none.
    """
    plain = text.rstrip("=").replace(".", "+")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError as error:
        raise HashRefused(Problem.MALFORMED) from error


def _tail_of(found: "re.Match[str]") -> tuple[bytes, bytes]:
    *_, salt, checksum = found.groups()
    return unbase64(salt), unbase64(checksum)
