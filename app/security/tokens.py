"""Making secrets to hand out, and what we keep of them."""

import base64
import hashlib
import hmac
import secrets
import string
import uuid

SHORT_ID_LENGTH = 17  # contract 001 tells its user ids by this length
SHORT_ID_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
TYPED_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
TYPED_CODE_GROUP = 5  # characters; two groups of five bits each make 50 bits
RECOVERY_LETTERS = 16  # of five bits each: 80 bits
RECOVERY_GROUP = 4
LONGEST_TYPED = 64  # characters of what somebody typed that are looked at
LETTERS = 80  # contract 003's tokens have so many
LETTER_ALPHABET = string.ascii_letters + string.digits
_READ_WRONGLY = str.maketrans("ILO", "110", " -\u00a0\u2010\u2011\u2012\u2013\u2014\u2212")


def new_secret() -> str:
    """Return a secret for a cookie, a bearer or a link: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def new_uuid() -> str:
    """Return a version 4 UUID: 122 random bits, in the form some contracts ask for."""
    return str(uuid.uuid4())


def new_base64() -> str:
    """Return 256 random bits in base64: 44 characters, the last of them `=`."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def new_pin() -> str:
    """Return six random digits, leading zeros kept."""
    return f"{secrets.randbelow(1_000_000):06d}"


def new_short_id() -> str:
    """Return an identifier of 17 letters and digits. It is a name, not a secret."""
    return "".join(secrets.choice(SHORT_ID_ALPHABET) for _ in range(SHORT_ID_LENGTH))


def new_typed_code() -> str:
    """Return a secret for a person to copy by hand, such as `K7QF3-M9TXB`: 50 random bits.

    Keep the digest of its `normal_typed_code`, not of what is shown.
    """
    return f"{_typed_group()}-{_typed_group()}"


def new_recovery_code() -> str:
    """Return a secret to be kept on paper, such as `K7QF-3M9T-XB20-ZW5H`: 80 random bits."""
    groups = range(RECOVERY_LETTERS // RECOVERY_GROUP)
    return "-".join(_typed_letters(RECOVERY_GROUP) for _ in groups)


def is_recovery_code(text: str) -> bool:
    """Tell whether `text` has the form of a recovery code, however it was typed."""
    letters = normal_typed_code(text[:LONGEST_TYPED])
    return len(letters) == RECOVERY_LETTERS and set(letters) <= set(TYPED_CODE_ALPHABET)


def _typed_group() -> str:
    return _typed_letters(TYPED_CODE_GROUP)


def _typed_letters(count: int) -> str:
    return "".join(secrets.choice(TYPED_CODE_ALPHABET) for _ in range(count))


def normal_typed_code(text: str) -> str:
    """Return `text` without blanks and hyphens, in capitals, misread letters put right."""
    return text.strip().upper().translate(_READ_WRONGLY)


def digest(secret: str) -> str:
    """Return what the database keeps instead of a long random `secret`: its SHA-256, in hex."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


def keyed_digest(key: bytes, *parts: str) -> str:
    """Return the HMAC-SHA256 of `parts` under `key`, in hex.

    Each part's length goes before it, so that ("ab", "c") and ("a", "bc") differ.
    """
    encoded = [_bytes(part) for part in parts]
    message = b"".join(len(each).to_bytes(8, "big") + each for each in encoded)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def derived_letters(secret: str, *parts: str) -> str:
    """Return 80 letters and digits that only the holder of `secret` can tell."""
    number = int(
        keyed_digest(secret.encode(), *parts, "1") + keyed_digest(secret.encode(), *parts), 16
    )
    letters = []
    for _ in range(LETTERS):
        number, place = divmod(number, len(LETTER_ALPHABET))
        letters.append(LETTER_ALPHABET[place])
    return "".join(letters)


def derived_uuid(secret: str | bytes, *parts: str) -> str:
    """Return a version 4 UUID that only the holder of `secret` can tell: 122 bits."""
    key = _bytes(secret) if isinstance(secret, str) else secret
    return str(uuid.UUID(hex=keyed_digest(key, *parts)[:32], version=4))


def same(one: str, other: str) -> bool:
    """Tell whether the two are equal, in a time that says nothing about where they differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: str) -> bytes:
    # JSON can carry half a surrogate pair; it is a wrong secret, not a failure of ours.
    return text.encode("utf-8", "surrogatepass")
