"""Contract 000's `token`: a handle in an envelope that looks like the document's sample.

That sample, `eyJp....ifQ==`, is base64 of a JSON object as Laravel's encryption makes them.
"""

import base64
import hashlib
import json

from itsdangerous import BadSignature, Signer

from app import config
from app.errors import TicketRefused


def wrapped(handle: str) -> str:
    """Return the token for a handle. It is signed, so that a handle of another door is none."""
    envelope = {"intent": _signer().sign(handle).decode()}
    return base64.b64encode(json.dumps(envelope, separators=(",", ":")).encode()).decode()


def unwrapped(token: str) -> str:
    """Return the handle in a token of ours, or raise TicketRefused."""
    try:
        envelope = json.loads(base64.b64decode(token, validate=True))
        return _signer().unsign(envelope["intent"]).decode()
    except (ValueError, TypeError, LookupError, RecursionError, BadSignature):
        raise TicketRefused from None


def _signer() -> Signer:
    newest_last = list(reversed(config.current().secret_keys))
    return Signer(newest_last, salt="doorward-mikrocloud-token", digest_method=hashlib.sha256)
