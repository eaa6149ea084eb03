"""Asking for a second factor, and checking the answer."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from app import config, db
from app.clock import now
from app.errors import FactorUnavailable, ResendTooSoon, TooManyCodes, WrongCode
from app.mail import outbox
from app.models import Account, Demand, EmailedPin, Factor, Membership, PendingSignIn
from app.operations import lockout
from app.security.tokens import keyed_digest, new_pin

RESEND_AFTER = timedelta(seconds=60)
SENDS_OF_ONE_SIGN_IN = 4  # the first, and three more
TOO_MANY_MAILS_RETRY_S = 900


def due(account: Account, demand: Demand) -> Factor:
    """Return what `demand` means for this account; raise FactorUnavailable if it cannot be met.

    A PIN needs an address to go to, and does not answer a demand for an app.
    """
    if demand is Demand.NONE:
        return Factor.NONE
    if demand is Demand.ANY and account.email is not None:
        return Factor.PIN
    raise FactorUnavailable


def satisfies(factor: Factor, demand: Demand) -> bool:
    """Tell whether having answered `factor` meets `demand`."""
    return demand is Demand.NONE or (demand is Demand.ANY and factor is Factor.PIN)


def strictest_demand(memberships: Iterable[Membership]) -> Demand:
    """Return the strictest that any live membership asks: what the account as a whole needs."""
    live = (membership.demand for membership in memberships if not membership.suspended)
    return max(live, default=Demand.NONE)


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
            raise TooManyCodes(until)


def forgive(account: Account) -> None:
    """Forget the account's wrong answers, after a right one."""
    for limit in (lockout.FACTOR, lockout.FACTOR_EVER):
        lockout.clear(limit.counted, [str(account.id)])


def spend_pin(pending_id: uuid.UUID, pin: str) -> None:
    """Use the PIN up, or raise WrongCode: wrong, expired, replaced or used a moment ago."""
    row = EmailedPin
    fitting = [_digest(key, pending_id, pin) for key in config.current().secret_keys]
    spent = delete(row).where(
        row.pending_sign_in_id == pending_id, row.digest.in_(fitting), row.expires_at > now()
    )
    if db.session().scalar(spent.returning(row.pending_sign_in_id)) is None:
        raise WrongCode


def _mail(pending: PendingSignIn, pin: EmailedPin) -> None:
    digits = new_pin()
    pin.digest = _digest(config.current().secret_keys[0], pending.id, digits)
    pin.expires_at = now() + EmailedPin.LIFETIME
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
