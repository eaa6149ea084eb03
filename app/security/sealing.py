"""Secrets the portal must be able to read again, sealed for the database.

A sealed value reads `key id.nonce and ciphertext`. It is bound to its place (say, the row
it stands in): moved elsewhere, it does not open.
"""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID_BYTES = 4  # tells a deployment's few keys apart; it is no secret
NONCE_BYTES = 12  # NIST SP 800-38D section 8.2.2: random nonces have 96 bits


class Unsealable(Exception):
    """The value was sealed with a key we no longer have, for another place, or tampered with."""


def seal(keys: tuple[bytes, ...], plain: bytes, bound_to: str) -> str:
    """Return `plain` sealed with the first of `keys`, to be opened only for `bound_to`."""
    key_id, cipher = _cipher(keys[0])
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, plain, bound_to.encode())
    return f"{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(keys: tuple[bytes, ...], sealed: str, bound_to: str) -> bytes:
    """Return what was sealed for `bound_to` with any of `keys`; raise Unsealable."""
    key_id, _, payload = sealed.partition(".")
    cipher = dict(map(_cipher, keys)).get(key_id)
    if cipher is None:
        raise Unsealable("no key of this id")
    try:
        raw = base64.b64decode(payload, altchars=b"-_", validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise Unsealable("not sealed by this key for this place") from error


def _cipher(key: bytes) -> tuple[str, AESGCM]:
    """Return the key's id and its cipher, neither of which tells the key."""
    derived = HKDF(
        algorithm=SHA256(), length=KEY_BYTES + KEY_ID_BYTES, salt=None, info=b"doorward sealing 1"
    ).derive(key)
    return derived[KEY_BYTES:].hex(), AESGCM(derived[:KEY_BYTES])
