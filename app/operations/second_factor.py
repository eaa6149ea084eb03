"""Asking for a second factor, and checking the answer."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app import config, db
from app.clock import now
from app.errors import ResendTooSoon, ShutBy, TooManyCodes, WrongCode
from app.mail import outbox
from app.models import Account, Counted, EmailedPin, PendingSignIn, TotpDevice
from app.operations import factors, lockout
from app.security import sealing, totp
from app.security.tokens import keyed_digest, new_pin

RESEND_AFTER = timedelta(seconds=60)
SENDS_OF_ONE_SIGN_IN = 4  # the first, and three more
TOO_MANY_MAILS_RETRY_S = 900
# One mention uses a code up until long after the hour in which it could have been right.
TOLD = lockout.Limit(Counted.FACTOR, 1, timedelta(hours=2), timedelta(hours=2))


def device_of(account: Account) -> TotpDevice | None:
    """Return the account's confirmed authenticator app, if it has one."""
    theirs = TotpDevice.account_id == account.id
    return db.session().scalar(
        select(TotpDevice).where(theirs, TotpDevice.confirmed_at.is_not(None))
    )


def spend_code(account: Account, code: str) -> None:
    """Accept a code whose time step is newer than any accepted before, or raise WrongCode.

    Nor is a code good that was told to be ahead of its time.
    """
    device = device_of(account)
    if device is None:
        raise WrongCode
    secret = secret_of(device)
    step = totp.matching_step(secret, code, now(), newer_than=device.last_step)
    if step is None:
        raise WrongCode(_clock_offset(device, code))
    if lockout.locked_until([(TOLD.counted, _told(device, step))]):
        raise WrongCode
    newer = update(TotpDevice).where(TotpDevice.id == device.id, TotpDevice.last_step < step)
    if db.session().scalar(newer.values(last_step=step).returning(TotpDevice.id)) is None:
        raise WrongCode


def secret_of(device: TotpDevice, asked_by: uuid.UUID | None = None) -> str:
    """Return an authenticator app's secret, in base32.

    One that waits to be confirmed was sealed for `asked_by`; raises Unsealable for anybody else.
    """
    keys, place = config.current().secret_keys, place_of(device, asked_by)
    return sealing.unseal(keys, device.sealed_secret, place).decode()


def place_of(device: TotpDevice, asked_by: uuid.UUID | None = None) -> str:
    """Return what an app's secret is bound to: its row, and while it waits whoever asked for it."""
    return f"totp:{device.id}:{asked_by}" if asked_by else f"totp:{device.id}"


def send_first_pin(pending: PendingSignIn) -> EmailedPin:
    """Mail the first PIN of a sign-in, in the caller's transaction."""
    pin = EmailedPin(pending_sign_in_id=pending.id, digest="", sent_at=now(), sends=1)
    _mail(pending, pin)
    db.session().add(pin)
    return pin


def send_another_pin(pending: PendingSignIn) -> EmailedPin:
    """Mail a new PIN and forget the old, or raise ResendTooSoon.

    Not within a minute of the last, and three times at most.
    """
    row, moment = EmailedPin, now()
    free = update(row).where(row.pending_sign_in_id == pending.id)
    if config.current().rate_limits:
        free = free.where(row.sent_at <= moment - RESEND_AFTER, row.sends < SENDS_OF_ONE_SIGN_IN)
    won = db.session().scalar(
        free.values(sends=row.sends + 1, sent_at=moment).returning(row.pending_sign_in_id)
    )
    pin = db.session().get_one(EmailedPin, pending.id, populate_existing=True)
    if won is None:
        raise ResendTooSoon(_seconds_to_wait(pin, moment))
    _mail(pending, pin)
    return pin


def sent_pin(pending: PendingSignIn) -> EmailedPin | None:
    """Return the PIN that this sign-in waits for, if one was sent."""
    return db.session().get(EmailedPin, pending.id)


def charge(account: Account) -> None:
    """Count a try of the account's second factor, or raise TooManyCodes.

    Ten in an hour and a hundred in a row, over all sign-ins, interfaces and addresses.
    """
    for limit in (lockout.FACTOR, lockout.FACTOR_EVER):
        if until := lockout.charge(limit, str(account.id)):
            by = ShutBy(limit.counted, str(account.id), account.id)
            raise TooManyCodes(until, by)


def forgive(account: Account) -> None:
    """Forget the account's wrong answers, after a right one."""
    for limit in (lockout.FACTOR, lockout.FACTOR_EVER):
        lockout.clear(limit.counted, [str(account.id)])


def forgive_after_reset(account: Account) -> None:
    """Open the lock of a hundred wrong PINs: whoever reset the password has read the mail.

    That of an app or a passkey stays, for a mail is no answer to it; so does the hourly limit.
    """
    if not factors.of(account).strong:
        lockout.clear(lockout.FACTOR_EVER.counted, [str(account.id)])


def spend_pin(pending_id: uuid.UUID, pin: str) -> None:
    """Use the PIN up, or raise WrongCode: wrong, expired, replaced or used a moment ago."""
    row = EmailedPin
    fitting = [_digest(key, pending_id, pin) for key in config.current().secret_keys]
    spent = delete(row).where(
        row.pending_sign_in_id == pending_id, row.digest.in_(fitting), row.expires_at > now()
    )
    if db.session().scalar(spent.returning(row.pending_sign_in_id)) is None:
        raise WrongCode


def _clock_offset(device: TotpDevice, code: str) -> timedelta | None:
    """Return how far the clock is off that made a wrong code, in the caller's transaction.

    A code that is ahead of its time is used up by that: whoever guesses must not learn of one
    that will be right within the hour.
    """
    moment, secret = now(), secret_of(device)
    offset = totp.clock_offset(secret, code, moment, newer_than=device.last_step)
    if offset is not None and offset > timedelta(0):
        lockout.charge(TOLD, _told(device, totp.step_at(moment + offset)))
    return offset


def _told(device: TotpDevice, step: int) -> str:
    return f"{device.id}:{step}"


def _mail(pending: PendingSignIn, pin: EmailedPin) -> None:
    digits = new_pin()
    pin.digest = _digest(config.current().secret_keys[0], pending.id, digits)
    pin.expires_at = now() + EmailedPin.LIFETIME
    pending.verification.expires_at = pin.expires_at  # the handle lives as long as its PIN
    place = pending.membership.organisation if pending.membership else None
    words = {"pin": digits, "organisation": place.name if place else ""}
    account = pending.verification.account
    if not outbox.put("pin", account, words, expires_at=pin.expires_at):
        raise ResendTooSoon(TOO_MANY_MAILS_RETRY_S)


def _digest(key: bytes, pending_id: uuid.UUID, pin: str) -> str:
    return keyed_digest(key, "pin", str(pending_id), pin)


def _seconds_to_wait(pin: EmailedPin, moment: datetime) -> int:
    if pin.sends >= SENDS_OF_ONE_SIGN_IN:
        return TOO_MANY_MAILS_RETRY_S
    return max(1, round((pin.sent_at + RESEND_AFTER - moment).total_seconds()))
