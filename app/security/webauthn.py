"""Passkeys (WebAuthn Level 3), by py_webauthn: what a browser is asked, and what it answers.

Answers are JSON that a stranger wrote. Whatever is wrong with one is the same refusal: WrongCode.
"""

import hmac
import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.errors import WrongCode

ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
REQUIRED = UserVerificationRequirement.REQUIRED
LONGEST_ID = 1_023  # bytes (section 7.1, step 25)
LONGEST_KEY = 1_100  # bytes: an RSA key of 8,192 bits; more would only cost us time


@dataclass(frozen=True)
class Site:
    """Whom passkeys belong to: a host, and the one origin that may use them there."""

    name: str
    base_url: str

    @property
    def rp_id(self) -> str:
        """The host, which authenticators bind a passkey to."""
        return urlsplit(self.base_url).hostname or ""


@dataclass(frozen=True)
class Owner:
    """Whom a new passkey is for; the authenticator shows both names."""

    id: uuid.UUID
    name: str
    shown_name: str


@dataclass(frozen=True)
class Known:
    """A passkey that is known already: its authenticator's name for it, and how to reach that."""

    credential_id: str
    transports: str


@dataclass(frozen=True)
class Presented:
    """What an answer says of itself. Nothing of it is proven yet."""

    credential_id: str
    challenge: str
    user_handle: bytes | None
    said: dict[str, Any]


@dataclass(frozen=True)
class NewPasskey:
    """What is kept of a passkey that was made for us."""

    credential_id: str
    public_key: bytes
    sign_count: int
    transports: str
    backed_up: bool


@dataclass(frozen=True)
class Use:
    """A right answer: what the authenticator says about itself now."""

    sign_count: int
    backed_up: bool


def making(
    site: Site, owner: Owner, challenge: str, known: Iterable[Known], timeout_ms: int
) -> dict[str, Any]:
    """Return the options for making a passkey, as JSON has them (section 5.4).

    It can be found without naming the account, verifies its user, and says nothing of who made the
    authenticator. One that has a `known` passkey makes no second one.
    """
    selection = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
    )
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_id=owner.id.bytes,
        user_name=owner.name,
        user_display_name=owner.shown_name,
        challenge=base64url_to_bytes(challenge),
        timeout=timeout_ms,
        authenticator_selection=selection,
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def using(site: Site, challenge: str, known: Iterable[Known], timeout_ms: int) -> dict[str, Any]:
    """Return the options for using a passkey, as JSON has them (section 5.5).

    Where none is `known` the person chooses among all that the device has for this site.
    """
    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=base64url_to_bytes(challenge),
        timeout=timeout_ms,
        allow_credentials=_descriptors(known),
        user_verification=REQUIRED,
    )
    return options_to_json_dict(options)


def read(credential: str) -> Presented:
    """Return what a browser's answer says of itself, or raise WrongCode."""
    with _one_refusal():
        said = json.loads(credential)
        response = said["response"]
        client = json.loads(base64url_to_bytes(response["clientDataJSON"]))
        if client.get("crossOrigin") or "topOrigin" in client:
            raise WrongCode  # made inside another site's page
        handle = response.get("userHandle")
        return Presented(
            credential_id=bytes_to_base64url(base64url_to_bytes(said["id"])),
            challenge=bytes_to_base64url(base64url_to_bytes(client["challenge"])),
            user_handle=base64url_to_bytes(handle) if handle else None,
            said=said,
        )


def verify_new(site: Site, presented: Presented) -> NewPasskey:
    """Return the passkey that was made, or raise WrongCode (section 7.1).

    The caller has spent the challenge that was presented.
    """
    with _one_refusal():
        made = verify_registration_response(
            credential=presented.said,
            expected_challenge=base64url_to_bytes(presented.challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.base_url,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        credential_id, key = made.credential_id, made.credential_public_key
        if len(credential_id) > LONGEST_ID or len(key) > LONGEST_KEY:
            raise WrongCode
        # One that no signature can ever be checked with is refused now, not when it is needed.
        decoded_public_key_to_cryptography(decode_credential_public_key(key))
        return NewPasskey(
            credential_id=bytes_to_base64url(credential_id),
            public_key=key,
            sign_count=made.sign_count,
            transports=_transports(presented.said),
            backed_up=made.credential_backed_up,
        )


def verify_use(site: Site, presented: Presented, public_key: bytes) -> Use:
    """Check an answer made with the passkey of `public_key`, or raise WrongCode (section 7.2).

    The caller has spent the challenge that was presented, and compares the count of signatures: a
    count that goes back tells of a copy only where the signature is right.
    """
    with _one_refusal():
        proven = verify_authentication_response(
            credential=presented.said,
            expected_challenge=base64url_to_bytes(presented.challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.base_url,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        return Use(proven.new_sign_count, proven.credential_backed_up)


def belongs_to(presented: Presented, owner_id: uuid.UUID) -> bool:
    """Tell whether the answer names this owner (section 7.2, step 6)."""
    return hmac.compare_digest(presented.user_handle or b"", owner_id.bytes)


@contextmanager
def _one_refusal() -> Iterator[None]:
    """Turn everything that goes wrong with a stranger's answer into WrongCode.

    The library raises a class of its own for what it thought of, and for the rest KeyError,
    TypeError, binascii.Error, RecursionError and whatever else the answer provokes.
    """
    try:
        yield
    except WrongCode:
        raise
    except Exception as malformed:
        raise WrongCode from malformed


def _descriptors(known: Iterable[Known]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(each.credential_id),
            transports=[AuthenticatorTransport(name) for name in each.transports.split()],
        )
        for each in known
    ]


def _transports(said: dict[str, Any]) -> str:
    """Return how to reach the authenticator, as the browser says; unknown words are left out."""
    named = parse_registration_credential_json(said).response.transports or []
    return " ".join(dict.fromkeys(each.value for each in named))
