"""The kinds of hashes that other systems make of passwords, and what each may cost.

What would take too long or too much memory to compare with is none: making it raises HashRefused.
"""

import base64
import enum
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Protocol

import bcrypt
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw

BCRYPT_BYTES = 72  # all of a password that bcrypt ever looked at
SALT = slice(7, 29)  # of bcrypt's text
BCRYPT_COSTS = range(4, 15)  # 14 takes a second
# Rounds of HMAC that a comparison may take: about a second each.
PBKDF2_ROUNDS = {"sha1": 6_000_000, "sha256": 6_000_000, "sha512": 2_500_000}
MOST_MEMORY_KIB = 131_072  # of scrypt and Argon2; with two at once a quarter of a gigabyte
SCRYPT_WORK = 1 << 21  # N × r × p; two thirds of a second
SCRYPT_BYTES = 32  # at least: the beginning of a right one is right, too
ARGON2_WORK = 1 << 20  # KiB × passes; three quarters of a second
ARGON2_LANES = 16
SALT_BYTES = range(1, 129)
HASH_BYTES = range(16, 129)
HEXED = "$bcrypt-sha256-hex"
ENCODED = "$bcrypt-sha256-base64"
SALTED = "$bcrypt-hmac-sha256-base64"

_BCRYPT = re.compile(r"\$(2[aby])\$([0-9]{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})")
_BCRYPT_LETTERS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}


class Problem(enum.StrEnum):
    """Why a hash cannot be taken over."""

    UNKNOWN = "hash_unknown"
    MALFORMED = "hash_malformed"
    COSTLY = "hash_too_costly"


class HashRefused(ValueError):
    """A hash that cannot be taken over; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class Scheme(Protocol):
    """One hash with all that its comparison needs."""

    @property
    def spelled(self) -> str:
        """The hash in the spelling that `imported_hashes` reads."""

    def made_of(self, secret: bytes) -> bool:
        """Tell whether these bytes made it."""


def _hexed(secret: bytes, _salt: bytes) -> bytes:
    return hashlib.sha256(secret).hexdigest().encode()


def _encoded(secret: bytes, _salt: bytes) -> bytes:
    return base64.b64encode(hashlib.sha256(secret).digest())


def _salted(secret: bytes, salt: bytes) -> bytes:
    return base64.b64encode(hmac.digest(salt, secret, "sha256"))


# What some systems hand to bcrypt instead of the password, by the beginning of our spelling.
DIGESTS = {HEXED: _hexed, ENCODED: _encoded, SALTED: _salted}


@dataclass(frozen=True)
class Bcrypt:
    """bcrypt, of the password or of one of DIGESTS."""

    text: str
    digested: str = ""

    def __post_init__(self) -> None:
        found = _BCRYPT.fullmatch(self.text)
        if found is None:
            raise HashRefused(Problem.MALFORMED)
        _costs_no_more(int(found[2]) in BCRYPT_COSTS)

    @property
    def spelled(self) -> str:
        """The hash in our spelling."""
        return self.digested + self._clear

    def made_of(self, secret: bytes) -> bool:
        """Tell whether these bytes, as far as bcrypt looks at them, made it."""
        hashed = self._clear.encode()
        if digest := DIGESTS.get(self.digested):
            secret = digest(secret, hashed[SALT])
        return bcrypt.checkpw(secret[:BCRYPT_BYTES], hashed)

    @property
    def _clear(self) -> str:
        """The hash without the bits that its letters have to spare: bcrypt takes no others."""
        salt, checksum = self.text[SALT], self.text[SALT.stop :]
        return self.text[:7] + _without_low_bits(salt, 4) + _without_low_bits(checksum, 2)


@dataclass(frozen=True)
class Pbkdf2:
    """PBKDF2 with HMAC over `digest`."""

    digest: str
    iterations: int
    salt: bytes
    checksum: bytes

    def __post_init__(self) -> None:
        block = hashlib.new(self.digest).digest_size
        whole = len(self.checksum) >= block  # the beginning of a right one is right, too
        _well_formed(self.salt, self.checksum, whole, self.iterations >= 1)
        blocks = -(-len(self.checksum) // block)
        _costs_no_more(self.iterations * blocks <= PBKDF2_ROUNDS[self.digest])

    @property
    def spelled(self) -> str:
        """The hash in our spelling."""
        return f"$pbkdf2-{self.digest}$i={self.iterations}{_tail(self.salt, self.checksum)}"

    def made_of(self, secret: bytes) -> bool:
        """Tell whether these bytes made it."""
        size = len(self.checksum)
        made = hashlib.pbkdf2_hmac(self.digest, secret, self.salt, self.iterations, size)
        return hmac.compare_digest(made, self.checksum)


@dataclass(frozen=True)
class Scrypt:
    """scrypt (RFC 7914), N = 2 ** `log_n`."""

    log_n: int
    r: int
    p: int
    salt: bytes
    checksum: bytes

    def __post_init__(self) -> None:
        whole = len(self.checksum) >= SCRYPT_BYTES
        _well_formed(self.salt, self.checksum, whole, 1 <= self.log_n < 16 * self.r, self.p >= 1)
        _costs_no_more(self.log_n < 32)  # noqa: PLR2004 (before it is raised to a power)
        _costs_no_more(self._n * self.r <= MOST_MEMORY_KIB * 8)
        _costs_no_more(self._n * self.r * self.p <= SCRYPT_WORK)

    @property
    def spelled(self) -> str:
        """The hash in our spelling."""
        costs = f"ln={self.log_n},r={self.r},p={self.p}"
        return f"$scrypt${costs}{_tail(self.salt, self.checksum)}"

    def made_of(self, secret: bytes) -> bool:
        """Tell whether these bytes made it; MemoryError where there is no room to tell."""
        n, r, p, size = self._n, self.r, self.p, len(self.checksum)
        most = 128 * r * (n + p + 2) + 4096  # bytes; OpenSSL's own limit is below what we allow
        try:
            made = hashlib.scrypt(secret, salt=self.salt, n=n, r=r, p=p, maxmem=most, dklen=size)
        except ValueError as error:  # the parameters are right, so only the room can lack
            raise MemoryError from error
        return hmac.compare_digest(made, self.checksum)

    @property
    def _n(self) -> int:
        return int(2**self.log_n)


@dataclass(frozen=True)
class Argon2:
    """Argon2 (RFC 9106) of any type, with parameters that are not ours."""

    kind: str
    version: int
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes
    checksum: bytes

    def __post_init__(self) -> None:
        _well_formed(self.salt, self.checksum, self.kind in _TYPES, self.version in {16, 19})
        least = len(self.salt) >= 8 and self.passes >= 1 and self.lanes >= 1  # noqa: PLR2004 (RFC)
        _well_formed(self.salt, self.checksum, least, self.memory_kib >= 8 * self.lanes)
        _costs_no_more(self.memory_kib <= MOST_MEMORY_KIB and self.lanes <= ARGON2_LANES)
        _costs_no_more(self.memory_kib * self.passes <= ARGON2_WORK)

    @property
    def spelled(self) -> str:
        """The hash in our spelling."""
        costs = f"m={self.memory_kib},t={self.passes},p={self.lanes}"
        tail = _tail(self.salt, self.checksum)
        return f"$imported-argon2{self.kind}$v={self.version}${costs}{tail}"

    def made_of(self, secret: bytes) -> bool:
        """Tell whether these bytes made it; MemoryError where there is no room to tell."""
        costs = (self.passes, self.memory_kib, self.lanes, len(self.checksum))
        try:
            made = hash_secret_raw(secret, self.salt, *costs, _TYPES[self.kind], self.version)
        except HashingError as error:  # the parameters are right, so only the room can lack
            raise MemoryError from error
        return hmac.compare_digest(made, self.checksum)


def _well_formed(salt: bytes, checksum: bytes, *true: bool) -> None:
    if not all([len(salt) in SALT_BYTES, len(checksum) in HASH_BYTES, *true]):
        raise HashRefused(Problem.MALFORMED)


def _costs_no_more(affordable: bool) -> None:  # noqa: FBT001 (it is all that this is about)
    if not affordable:
        raise HashRefused(Problem.COSTLY)


def _tail(salt: bytes, checksum: bytes) -> str:
    encoded = [base64.b64encode(each).decode().rstrip("=") for each in (salt, checksum)]
    return "$" + "$".join(encoded)


def _without_low_bits(text: str, bits: int) -> str:
    """Clear the last letter's unused bits; some implementations left them to chance."""
    last = _BCRYPT_LETTERS.index(text[-1]) >> bits << bits
    return text[:-1] + _BCRYPT_LETTERS[last]
