"""Keeping passwords and comparing with them.

A password is its exact characters in Unicode's NFC, nothing trimmed and nothing cut off. Hashes
that were brought along from other systems are compared as those did, until their owners sign in:
see `imported_hashes`.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from app.security import imported_hashes

LONGEST = 128  # code points
LONGEST_BYTES = 512  # of UTF-8: 128 code points of the widest kind
ARGON2 = "$argon2"  # ours; one that was brought along is spelled otherwise
NO_MEMORY = "Memory allocation error"  # argon2's words; its bindings keep no number for it

# The least that OWASP's Password Storage Cheat Sheet asks of Argon2id: 19 MiB, two passes.
hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def normal(password: str) -> str:
    """Return `password` in NFC, so that one key press is one password on every device."""
    return unicodedata.normalize("NFC", password)


def too_long(password: str) -> bool:
    """Tell whether no account can have this password, so that nobody need hash it.

    It is longer than 128 code points, or is no text that every system stores alike.
    """
    if len(password) > LONGEST_BYTES:  # before NFC, whose time grows with the square of it
        return True
    return len(normal(password)) > LONGEST or unstorable(password)


def unstorable(password: str) -> bool:
    """Tell whether `password` has a NUL, where C's strings end, or half a surrogate pair."""
    return "\0" in password or any("\ud800" <= each <= "\udfff" for each in password)


def hash_password(password: str) -> str:
    """Return an Argon2id hash, parameters included.

    ValueError for a password that could never match: `password_rules` refuses it first.
    """
    if too_long(password):
        raise ValueError("no account can have this password")
    return hasher.hash(normal(password).encode())


def matches(password: str, hashed: str) -> bool:
    """Tell whether `password` made `hashed`; what is no hash was made by none.

    MemoryError where the machine has no room to tell: that is not a wrong password.
    """
    if too_long(password):
        return False
    if hashed.startswith(ARGON2):
        return _matches_argon2(normal(password), hashed)
    return imported_hashes.matches(password, hashed)


def _matches_argon2(password: str, hashed: str) -> bool:
    try:
        return hasher.verify(hashed, password.encode())
    except (VerifyMismatchError, InvalidHashError, UnicodeEncodeError):
        return False
    except VerificationError as error:
        if str(error) == NO_MEMORY:
            raise MemoryError from error
        return False


def spend_decoy(password: str) -> None:
    """Do the work of `matches`, so that an unknown identity is refused as late as a known one."""
    if not too_long(password):
        hasher.hash(normal(password).encode())


def is_brought_along(hashed: str) -> bool:
    """Tell whether another system made `hashed`: its owner has not signed in since."""
    return not hashed.startswith(ARGON2)


def needs_rehash(hashed: str) -> bool:
    """Tell whether `hashed` was made elsewhere, or with other parameters than those of today."""
    return is_brought_along(hashed) or hasher.check_needs_rehash(hashed)
