"""Time-based one-time passwords (RFC 6238), by pyotp."""

import base64
import re
from datetime import datetime, timedelta

import pyotp

PERIOD_SECONDS = 30
DRIFT_STEPS = 1  # RFC 6238 section 5.2: allow one step of network delay, and of a slow clock
CLOCK_STEPS = 120  # an hour either way: more than a clock without a network drifts
SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)  # pyotp alone would take full-width digits too
LONGEST_LABEL = 64  # characters; apps show less
# Other systems' apps have 80 bits as often as not. RFC 4226 section 4 asks for 128, so that is
# what ours have; but to take somebody's second factor away would be worse.
IMPORTED_BYTES = range(10, 65)


class _App(pyotp.TOTP):
    """pyotp's, for secrets of any length: it refuses those under 112 bits."""

    def byte_secret(self) -> bytes:
        """Return the secret's bytes; ValueError for what is not base32."""
        padded = self.secret + "=" * (-len(self.secret) % 8)
        return base64.b32decode(padded, casefold=True)


def new_secret() -> str:
    """Return a base32 secret of 160 bits, as RFC 4226 section 4 recommends."""
    return pyotp.random_base32(32)


def imported_secret(text: str) -> str:
    """Return another system's secret in base32 as we keep ours: capitals, without padding.

    Blanks and hyphens between its groups don't count. ValueError for what is no base32, under 80
    bits or over 512.
    """
    secret = re.sub(r"[\s-]", "", text).rstrip("=").upper()
    if len(_App(secret).byte_secret()) not in IMPORTED_BYTES:
        raise ValueError("no secret has this length")
    return secret


def step_at(moment: datetime) -> int:
    """Return the number of whole periods since the Unix epoch."""
    return int(moment.timestamp()) // PERIOD_SECONDS


def code_at(secret: str, step: int) -> str:
    """Return the code for one time step."""
    return _App(secret).generate_otp(step)


def matching_step(secret: str, code: str, moment: datetime, *, newer_than: int = 0) -> int | None:
    """Return the time step that `code` belongs to, or None if it fits none nearby.

    The caller keeps the step and refuses it, and those before, from then on: `newer_than` (RFC 6238
    section 5.2). Only six ASCII digits are a code.
    """
    if not SIX_DIGITS.fullmatch(code):
        return None
    here, app = step_at(moment), _App(secret)
    for step in range(here - DRIFT_STEPS, here + DRIFT_STEPS + 1):
        if step > newer_than and pyotp.utils.strings_equal(app.generate_otp(step), code):
            return step
    return None


def clock_offset(
    secret: str, code: str, moment: datetime, *, newer_than: int = 0
) -> timedelta | None:
    """Return how far the clock is off that made `code`, negative where it is slow.

    None where the code fits no time within an hour, or one that was used up already.
    """
    if not SIX_DIGITS.fullmatch(code):
        return None
    here, app = step_at(moment), _App(secret)
    for distance in range(DRIFT_STEPS + 1, CLOCK_STEPS + 1):
        for step in (here - distance, here + distance):
            if step > newer_than and pyotp.utils.strings_equal(app.generate_otp(step), code):
                return timedelta(seconds=(step - here) * PERIOD_SECONDS)
    return None


def uri(secret: str, account: str, issuer: str) -> str:
    """Return the otpauth URI that an authenticator app reads from a QR code."""
    label = account.replace(":", " ")[:LONGEST_LABEL]  # a colon would end the issuer's part
    place = issuer.replace(":", " ")[:LONGEST_LABEL]
    return _App(secret).provisioning_uri(name=label, issuer_name=place)
