"""An authenticator made of software: it makes passkeys, and signs what a site asks it to.

What a browser would send is JSON text; everything that a test wants otherwise is an attribute.
"""

import hashlib
import json
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

ES256, EDDSA, RS256 = -7, -8, -257
PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
ORIGIN = "http://localhost:8000"  # where the portal of the tests believes to be

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Options = Mapping[str, Any]


@dataclass
class Authenticator:
    """Holds one passkey; `counts` says whether it counts its signatures."""

    algorithm: int = ES256
    counts: bool = True
    count: int = 0
    flags: int = PRESENT | VERIFIED
    origin: str = ORIGIN
    rp_id: str = "localhost"
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    transports: list[str] = field(default_factory=lambda: ["internal", "hybrid"])
    client: dict[str, Any] = field(default_factory=dict)
    user_handle: bytes = b""
    key: PrivateKey | None = None

    def make(self, options: Options) -> str:
        """Make the passkey that a site asks for, and answer as a browser does."""
        assert self.algorithm in {each["alg"] for each in options["pubKeyCredParams"]}
        self.key = new_key(self.algorithm)
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        public = cbor2.dumps(public_key(self.key))
        data = self._data(ATTESTED) + bytes(16) + struct.pack(">H", len(self.credential_id))
        data += self.credential_id + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": encoded(self._client("webauthn.create", options)),
            "attestationObject": encoded(attestation),
            "transports": self.transports,
        }
        return self._answer(response)

    def use(self, options: Options) -> str:
        """Sign what a site asks for, and answer as a browser does."""
        client, data = self._client("webauthn.get", options), self._data()
        signature = signed(self.key, data + hashlib.sha256(client).digest())
        response = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(signature),
            "userHandle": encoded(self.user_handle) if self.user_handle else None,
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> str:
        name = encoded(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _client(self, kind: str, options: Options) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps({**said, "crossOrigin": False, **self.client}).encode()

    def _data(self, more: int = 0) -> bytes:
        self.count += self.counts
        rp_id_hash = hashlib.sha256(self.rp_id.encode()).digest()
        return rp_id_hash + bytes([self.flags | more]) + struct.pack(">I", self.count)


def new_key(algorithm: int) -> PrivateKey:
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == RS256:
        return rsa.generate_private_key(65_537, 2_048)
    return ec.generate_private_key(ec.SECP256R1())


def public_key(key: PrivateKey) -> dict[int, int | bytes]:
    """Return the public half as COSE has it (RFC 9053)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: EDDSA, -1: 6, -2: key.public_key().public_bytes_raw()}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {1: 3, 3: RS256, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)}
    point = key.public_key().public_numbers()
    return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}


def signed(key: PrivateKey | None, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    assert key is not None, "no passkey was made yet"
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def encoded(data: bytes) -> str:
    return bytes_to_base64url(data)


def changed(credential: str, path: str, value: object) -> str:
    """Return an answer with one part (`response/signature`) replaced, as a forger would."""
    said = json.loads(credential)
    *way, last = path.split("/")
    place = said
    for step in way:
        place = place[step]
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return json.dumps(said)
