"""The PINs that sign-ins wait for, where an interface has no handles: contract 001."""

from contextlib import suppress

from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import ResendTooSoon, TicketRefused
from app.models import Account, EmailedPin, PendingSignIn, Verification
from app.operations import accounts, audit, second_factor, sign_in, ways_in
from app.operations.visitor import Visitor
from app.operations.ways_in import Verified


def usable(verified: Verified, visitor: Visitor) -> EmailedPin | None:
    """Return the PIN that the account's latest sign-in waits for, unless its tries are used up."""
    pin = sign_in.waiting_pin(verified, visitor)
    return None if pin is None or _tries_left(pin) == 0 else pin


def is_used_up(verified: Verified, visitor: Visitor) -> bool:
    """Tell whether the latest sign-in's PIN was answered wrongly as often as it can be."""
    pin = sign_in.waiting_pin(verified, visitor)
    return pin is not None and _tries_left(pin) == 0


def send_another(identity: str, visitor: Visitor) -> None:
    """Mail a new PIN for the latest sign-in of this account from this network; never tell whether.

    Nobody has proven a password here: without such a sign-in, and within the limits of resending,
    nothing happens.
    """
    with suppress(ResendTooSoon, TicketRefused), db.transaction():
        account = accounts.find(identity)
        pending = _latest(account, visitor) if account else None
        if account is None or pending is None:
            return
        second_factor.send_another_pin(ways_in.decided_again(pending))
        audit.record("pin_resent", visitor, account_id=account.id)


def _tries_left(pin: EmailedPin) -> int:
    of_it = PendingSignIn.id == pin.pending_sign_in_id
    return db.session().scalar(select(PendingSignIn.tries_left).where(of_it)) or 0


def _latest(account: Account, visitor: Visitor) -> PendingSignIn | None:
    row = PendingSignIn
    return db.session().scalar(
        select(row)
        .join(Verification)
        .join(EmailedPin, EmailedPin.pending_sign_in_id == row.id)
        .where(
            Verification.account_id == account.id,
            Verification.interface == visitor.interface,
            Verification.network == visitor.network,
            Verification.expires_at > now(),
            row.tries_left > 0,
        )
        .order_by(EmailedPin.sent_at.desc())
        .limit(1)
    )
