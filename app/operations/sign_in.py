"""Signing in: the one state machine behind every page and every contract.

    verify_password ──► Offer per way in ──► proceed ──┬─► SignedIn
     (identity,               (handle)        (handle) ├─► PinWanted ──┐
      password)                                        ├─► CodeWanted ─┼─► answer ──► SignedIn
                                                       └─► Enrolment ──┘ (handle, code)

Who has to enrol and has an address is asked for a PIN first (PinWanted, then Enrolment): a stolen
password alone never binds an app.

Between calls the state lives in rows of `verifications` and `pending_sign_ins`; the caller keeps
only secrets: the verification's, and the *handle* of the way in that was chosen.
"""

from sqlalchemy import delete, select, update

from app import db
from app.clock import now
from app.errors import TicketRefused, WrongCode
from app.models import EmailedPin, Factor, Interface, Password, PendingSignIn, Verification
from app.operations import audit, known_devices, second_factor, sessions, steps, totp_setup
from app.operations.password_step import look_again, verify_another_password, verify_password
from app.operations.steps import CodeWanted, Enrolment, PinWanted, SignedIn, Step, Waiting
from app.operations.visitor import Visitor
from app.operations.ways_in import Verified, decided_again, find_pending

__all__ = [
    "CodeWanted",
    "Enrolment",
    "PinWanted",
    "SignedIn",
    "Step",
    "Waiting",
    "answer",
    "answer_latest",
    "look_again",
    "peek",
    "proceed",
    "resend",
    "verify_another_password",
    "verify_password",
    "waiting_pin",
]


def proceed(handle: str, visitor: Visitor) -> Step:
    """Go on with one offer: open the session, or ask for what it wants.

    A second call mails nothing new. Raises TicketRefused, or ResendTooSoon where too many PINs
    went to this account.
    """
    with db.transaction() as session:
        pending = find_pending(handle)
        if pending.factor is Factor.NONE:
            return _finish(pending, Factor.NONE, visitor)
        first = update(PendingSignIn).where(
            PendingSignIn.id == pending.id, PendingSignIn.proceeded_at.is_(None)
        )
        won = session.scalar(first.values(proceeded_at=now()).returning(PendingSignIn.id))
        if won is not None:
            steps.ask(pending)
        return steps.waiting_at(handle, pending)


def peek(handle: str) -> Waiting:
    """Return the step that a handle waits at, changing nothing; raise TicketRefused if at none."""
    return steps.waiting_at(handle, find_pending(handle))


def resend(handle: str, visitor: Visitor) -> PinWanted:
    """Mail a new PIN; the old one stops working. Raises ResendTooSoon and TicketRefused."""
    with db.transaction():
        pending = find_pending(handle)
        if second_factor.sent_pin(pending) is None:
            raise TicketRefused
        second_factor.send_another_pin(pending)
        audit.record("pin_resent", visitor, account_id=pending.verification.account_id)
        return steps.pin_wanted(handle, pending)


def answer(handle: str, code: str, visitor: Visitor) -> SignedIn | Enrolment:
    """Check the second factor's answer and open the session.

    The PIN of somebody who has to enrol leads to Enrolment. Raises WrongCode, TooManyCodes, or
    TicketRefused where the handle is over: after five wrong answers it is.
    """
    with db.transaction():
        done = _answer(handle, find_pending(handle), code, visitor)
    if done is None:
        raise WrongCode
    return done


def answer_latest(verified: Verified, code: str, visitor: Visitor) -> SignedIn | Enrolment:
    """Check an answer for an interface that has no handles: contract 001.

    A PIN is that of the account's latest sign-in through the same interface. Raises as `answer`.
    """
    [offer] = verified.offers
    with db.transaction():
        pending = _latest_waiting(verified, visitor) or find_pending(offer.handle)
        done = _answer(offer.handle, decided_again(pending), code, visitor)
    if done is None:
        raise WrongCode
    return done


def waiting_pin(verified: Verified, visitor: Visitor) -> EmailedPin | None:
    """Return the PIN that the account's latest sign-in through this interface waits for."""
    pending = _latest_waiting(verified, visitor)
    return second_factor.sent_pin(pending) if pending else None


def _answer(
    handle: str, pending: PendingSignIn, code: str, visitor: Visitor
) -> SignedIn | Enrolment | None:
    """Return None for a wrong code, so that the try's charge is committed, not rolled back."""
    account = pending.verification.account
    if pending.factor is Factor.NONE or _unasked(pending):
        return None
    _charge_handle(pending)
    second_factor.charge(account)
    try:
        return _accept(handle, pending, code, visitor)
    except WrongCode:
        audit.record("wrong_code", visitor, account_id=account.id, factor=pending.factor.value)
        return None


def _accept(
    handle: str, pending: PendingSignIn, code: str, visitor: Visitor
) -> SignedIn | Enrolment:
    """Spend the answer, whichever is due, or raise WrongCode."""
    account, answered = pending.verification.account, pending.factor
    if answered is Factor.CODE:
        second_factor.spend_code(account, code)
    elif answered is Factor.ENROLMENT and not steps.pin_due(pending):
        totp_setup.confirm_first(account, code, but=pending.verification.session_id)
        answered = Factor.CODE
    else:
        second_factor.spend_pin(pending.id, code)
    if answered is Factor.ENROLMENT:
        pending.pin_proved_at = now()
        totp_setup.pending_secret(account)
        return steps.enrolment(handle, pending)
    second_factor.forgive(account)
    return _finish(pending, answered, visitor)


def _unasked(pending: PendingSignIn) -> bool:
    """Tell whether a PIN is due that was never sent: there is nothing to compare yet."""
    return steps.pin_due(pending) and second_factor.sent_pin(pending) is None


def _charge_handle(pending: PendingSignIn) -> None:
    row = PendingSignIn
    charged = update(row).where(row.id == pending.id, row.tries_left > 0)
    left = charged.values(tries_left=row.tries_left - 1).returning(row.id)
    if db.session().scalar(left) is None:
        raise TicketRefused


def _latest_waiting(verified: Verified, visitor: Visitor) -> PendingSignIn | None:
    """Return the newest sign-in by the same password and interface that waits for a live PIN."""
    row, proven = PendingSignIn, find_pending(verified.offers[0].handle)
    return db.session().scalar(
        select(row)
        .join(Verification)
        .join(EmailedPin, EmailedPin.pending_sign_in_id == row.id)
        .where(
            row.password_id == proven.password_id,
            Verification.session_id.is_(None),
            Verification.interface == visitor.interface,
            Verification.expires_at > now(),
        )
        .order_by(EmailedPin.sent_at.desc())
        .limit(1)
    )


def _finish(pending: PendingSignIn, answered: Factor, visitor: Visitor) -> SignedIn:
    """Spend the handle and open the session, in the caller's transaction."""
    spent = delete(PendingSignIn).where(PendingSignIn.id == pending.id)
    if db.session().scalar(spent.returning(PendingSignIn.id)) is None:
        raise TicketRefused
    verification, membership = pending.verification, pending.membership
    proof = sessions.Proof(verification.account, membership, pending.password_id, answered)
    bearer, row = sessions.open_or_join(verification, proof, visitor)
    if verification.interface is Interface.PAGES:
        db.session().delete(verification)
    return SignedIn(bearer, row, _remembered(pending, visitor))


def _remembered(pending: PendingSignIn, visitor: Visitor) -> str:
    """Know the device from now on, if the password was typed on it: a seat may need none."""
    if pending.verification.session_id is not None and pending.membership is not None:
        return visitor.device or ""
    place = db.session().get_one(Password, pending.password_id).organisation_id
    return known_devices.remember(pending.verification.account, visitor, place)
