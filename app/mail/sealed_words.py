"""The words that a mail's template is filled with: sealed while they wait, plain only in use."""

import json
import re
import uuid
from collections.abc import Mapping

from app import config
from app.models import OutgoingMail
from app.security import sealing

# Line ends and other controls, and marks that turn the reading direction of what follows: a
# name that carries them could forge lines of the mail, or headers.
NOT_IN_A_LINE = re.compile("[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def seal(mail_id: uuid.UUID, words: Mapping[str, str]) -> str:
    """Return `words`, each cut to one line, sealed for the mail of this id and no other."""
    plain = json.dumps({name: one_line(word) for name, word in words.items()})
    return sealing.seal(config.current().secret_keys, plain.encode(), str(mail_id))


def unseal(mail: OutgoingMail) -> dict[str, str]:
    """Return the words of a waiting mail; raise sealing.Unsealable."""
    keys = config.current().secret_keys
    plain = sealing.unseal(keys, mail.sealed or "", str(mail.id))
    found: dict[str, str] = json.loads(plain)
    return found


def one_line(text: str) -> str:
    """Return `text` on one line, with nothing in it that changes how the rest is read."""
    return " ".join(NOT_IN_A_LINE.sub(" ", text).split())
