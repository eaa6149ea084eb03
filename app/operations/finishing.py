"""The end of signing in: the handle is spent, and what was shown opens a session.

The device is known from then on, and trusted where that was asked for.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete

from app import db
from app.errors import TicketRefused
from app.models import Factor, Interface, Password, PendingSignIn, RememberedDevice, Session
from app.operations import known_devices, new_devices, opening, recovery_codes, remembered_devices
from app.operations.steps import SignedIn
from app.operations.visitor import Visitor


@dataclass(frozen=True)
class Answered:
    """The factor that was shown, and the remembered device where one stood in for it."""

    factor: Factor
    device: RememberedDevice | None = None
    trust: bool = False
    enrolled: bool = False


def finish(pending: PendingSignIn, answered: Answered, visitor: Visitor) -> SignedIn:
    """Spend the handle and open the session, in the caller's transaction."""
    spent = delete(PendingSignIn).where(PendingSignIn.id == pending.id)
    if db.session().scalar(spent.returning(PendingSignIn.id)) is None:
        raise TicketRefused
    verification, is_new = pending.verification, new_devices.is_new(pending, visitor)
    bearer, row = opening.open_or_join(verification, _proof(pending, answered), visitor)
    if verification.interface is Interface.PAGES:
        db.session().delete(verification)
    if is_new:
        new_devices.tell(row, pending, visitor, _place_of_password(pending))
    cookie = _remembered(pending, visitor)
    if answered.trust:
        remembered_devices.remember(verification.account, cookie, answered.factor, visitor)
    gave_codes = answered.enrolled and _gave_codes(row)
    return SignedIn(bearer, row, cookie, gave_codes, answered.factor)


def _gave_codes(row: Session) -> bool:
    """Make recovery codes for a new app, where the session may see them: on the pages."""
    if row.interface is not Interface.PAGES or row.account_proved_at is None:
        return False
    recovery_codes.make(row)
    return True


def _proof(pending: PendingSignIn, answered: Answered) -> opening.Proof:
    """Return what this sign-in showed. A passkey shows both password and factor."""
    by_passkey = pending.verification.passkey_id is not None
    return opening.Proof(
        pending.verification.account,
        pending.membership,
        pending.password_id,
        Factor.PASSKEY if by_passkey else answered.factor,
        answered.device,
    )


def _remembered(pending: PendingSignIn, visitor: Visitor) -> str:
    """Know the device from now on, if the password was typed on it: a seat may need none."""
    if pending.verification.session_id is not None and pending.membership is not None:
        return visitor.device or ""
    place = _place_of_password(pending)
    return known_devices.remember(pending.verification.account, visitor, place)


def _place_of_password(pending: PendingSignIn) -> uuid.UUID | None:
    """Return the organisation whose own password was typed; None for the account's, or none."""
    password = pending.password_id and db.session().get_one(Password, pending.password_id)
    return password.organisation_id if password else None
