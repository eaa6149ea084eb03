"""Signing in: the one state machine behind every page and every contract.

    verify_password ──► Offer per way in ──► proceed ──┬─► SignedIn
     (identity,               (handle)        (handle) ├─► PinWanted ─────┐
      password)                                        ├─► CodeWanted ────┼─► answer ──► SignedIn
                                                       ├─► PasskeyWanted ─┤ (handle, code)
                                                       └─► Enrolment ─────┘

Where a person has several factors, `choose` leads from one to another; a recovery code answers
instead of a code or a passkey.

Who has to enrol and has an address is asked for a PIN first (PinWanted, then Enrolment): a stolen
password alone never binds an app.

Between calls the state lives in rows of `verifications` and `pending_sign_ins`; the caller keeps
only secrets: the verification's, and the *handle* of the way in that was chosen.
"""

from dataclasses import dataclass

from sqlalchemy import select, update

from app import db
from app.clock import now
from app.errors import TicketRefused, WrongCode
from app.models import (
    EmailedPin,
    Factor,
    PendingSignIn,
    Verification,
)
from app.operations import (
    audit,
    factor_locks,
    factors,
    memberships,
    passkey_answers,
    passkey_challenges,
    recovery_codes,
    remembered_devices,
    second_factor,
    steps,
    totp_setup,
    turned_away,
)
from app.operations.finishing import Answered, finish
from app.operations.passkey_step import verify_passkey
from app.operations.password_step import look_again, verify_another_password, verify_password
from app.operations.steps import (
    CodeWanted,
    Enrolment,
    PasskeyWanted,
    PinWanted,
    SignedIn,
    Step,
    Waiting,
)
from app.operations.visitor import Visitor
from app.operations.ways_in import Verified, decided_again, demand_of, find_pending, held
from app.security.tokens import is_recovery_code

__all__ = [
    "Alternatives",
    "CodeWanted",
    "Enrolment",
    "PasskeyWanted",
    "PinWanted",
    "SignedIn",
    "Step",
    "Waiting",
    "alternatives",
    "answer",
    "answer_latest",
    "choose",
    "look_again",
    "peek",
    "proceed",
    "resend",
    "verify_another_password",
    "verify_passkey",
    "verify_password",
    "waiting_pin",
]


@dataclass(frozen=True)
class Alternatives:
    """What else a person can do at the second step.

    `factors` are those that answer as well; `recovery_codes` how many are left; `trust_days` for
    how long this device may be trusted, 0 where it may not; `elsewhere` whether there are other
    ways in to choose from.
    """

    factors: tuple[Factor, ...]
    recovery_codes: int
    trust_days: int
    elsewhere: bool


def proceed(handle: str, visitor: Visitor) -> Step:
    """Go on with one offer: open the session, or ask for what it wants.

    A device that is trusted answers for itself. A second call mails nothing new. Raises
    TicketRefused, or ResendTooSoon where too many PINs went to this account.
    """
    with db.transaction() as session:
        pending = held(handle)
        if pending.factor is Factor.NONE:
            return finish(pending, Answered(Factor.NONE), visitor)
        if device := remembered_devices.standing_in(pending, visitor):
            return finish(pending, Answered(device.factor, device), visitor)
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


def alternatives(handle: str) -> Alternatives:
    """Return what else a waiting sign-in could be answered with, or raise TicketRefused."""
    pending = find_pending(handle)
    account = pending.verification.account
    elsewhere = len(memberships.of(account.id)) > 1
    if pending.factor is Factor.ENROLMENT:
        return Alternatives((), 0, 0, elsewhere)
    good = factors.choices(factors.of(account), demand_of(pending), pending.verification.interface)
    others = tuple(each for each in good if each not in {pending.factor, Factor.NONE})
    confirming = pending.verification.session_id is not None
    days = 0 if confirming else remembered_devices.days_allowed(account)
    return Alternatives(others, recovery_codes.left(account), days, elsewhere)


def choose(handle: str, factor: Factor, visitor: Visitor) -> Waiting:
    """Ask for another factor of the account instead; a PIN is mailed if none was yet.

    Refills no tries. Raises TicketRefused where that factor is not good here, and ResendTooSoon.
    """
    with db.transaction():
        pending = find_pending(handle)
        if pending.proceeded_at is None or factor is Factor.NONE:
            raise TicketRefused
        pending.chosen = factor
        if decided_again(pending).factor is not factor:
            raise TicketRefused
        steps.ask(pending)
        who = pending.verification.account_id
        audit.record("another_factor_chosen", visitor, account_id=who, factor=factor.value)
        return steps.waiting_at(handle, pending)


def resend(handle: str, visitor: Visitor) -> PinWanted:
    """Mail a new PIN; the old one stops working. Raises ResendTooSoon and TicketRefused."""
    with db.transaction():
        pending = find_pending(handle)
        if not steps.pin_due(pending) or second_factor.sent_pin(pending) is None:
            raise TicketRefused
        second_factor.send_another_pin(pending)
        audit.record("pin_resent", visitor, account_id=pending.verification.account_id)
        return steps.pin_wanted(handle, pending)


def answer(
    handle: str, code: str, visitor: Visitor, *, trust: bool = False
) -> SignedIn | Enrolment:
    """Check the second factor's answer and open the session.

    `code` is a PIN, an app's code, a recovery code, or what a browser made with a passkey. The PIN
    of somebody who has to enrol leads to Enrolment. `trust` remembers the device where policies
    allow it. Raises WrongCode, TooManyCodes, or TicketRefused where the handle is over: after five
    wrong answers it is.
    """
    with turned_away.noticed(visitor), db.transaction():
        done = _answer(handle, held(handle), code, visitor, trust=trust)
    if isinstance(done, WrongCode):
        raise done
    return done


def answer_latest(verified: Verified, code: str, visitor: Visitor) -> SignedIn | Enrolment:
    """Check an answer for an interface that has no handles: contract 001.

    A PIN is that of the account's latest sign-in through the same interface. Raises as `answer`.
    """
    [offer] = verified.offers
    with turned_away.noticed(visitor), db.transaction():
        pending = held(offer.handle)
        pending = _latest_waiting(verified, visitor) or pending
        done = _answer(offer.handle, decided_again(pending), code, visitor)
    if isinstance(done, WrongCode):
        raise done
    return done


def waiting_pin(verified: Verified, visitor: Visitor) -> EmailedPin | None:
    """Return the PIN that the account's latest sign-in through this interface waits for."""
    pending = _latest_waiting(verified, visitor)
    return second_factor.sent_pin(pending) if pending else None


def _answer(
    handle: str, pending: PendingSignIn, code: str, visitor: Visitor, *, trust: bool = False
) -> SignedIn | Enrolment | WrongCode:
    """Return a wrong code's refusal, so that the try's charge is committed, not rolled back."""
    account = pending.verification.account
    if pending.factor is Factor.NONE or _unasked(pending):
        return WrongCode()
    _charge_handle(pending)
    second_factor.charge(account)
    try:
        return _accept(handle, pending, code, visitor, trust=trust)
    except WrongCode as refusal:
        _note_wrong(pending, refusal, visitor)
        return refusal


def _note_wrong(pending: PendingSignIn, refusal: WrongCode, visitor: Visitor) -> None:
    offset, membership = refusal.clock_offset, pending.membership
    audit.record(
        "wrong_code",
        visitor,
        account_id=pending.verification.account_id,
        organisation_id=membership.organisation_id if membership else None,
        factor=pending.factor.value,
        clock_offset_s=None if offset is None else int(offset.total_seconds()),
    )
    factor_locks.tell(pending.verification.account, visitor, pending.verification.session_id)


def _accept(
    handle: str, pending: PendingSignIn, code: str, visitor: Visitor, *, trust: bool
) -> SignedIn | Enrolment:
    """Spend the answer, whichever is due, or raise WrongCode."""
    account = pending.verification.account
    if pending.factor is not Factor.ENROLMENT:
        answered = Answered(_spend(pending, code, visitor), trust=trust)
    elif steps.pin_due(pending):
        second_factor.spend_pin(pending.id, code)
        pending.pin_proved_at = now()
        totp_setup.pending_secret(account, pending.id)
        return steps.enrolment(handle, pending)
    else:
        asking = pending.verification.session_id
        totp_setup.confirm_first(account, code, pending.id, visitor, but=asking)
        answered = Answered(Factor.CODE, enrolled=True)
    second_factor.forgive(account)
    return finish(pending, answered, visitor)


def _spend(pending: PendingSignIn, code: str, visitor: Visitor) -> Factor:
    """Spend whichever answer this is; return which factor it was, or raise WrongCode."""
    account = pending.verification.account
    if is_recovery_code(code):
        recovery_codes.spend(account, code, visitor)
        return Factor.RECOVERY
    if pending.factor is Factor.PIN:
        second_factor.spend_pin(pending.id, code)
    elif pending.factor is Factor.CODE:
        second_factor.spend_code(account, code)
    elif pending.factor is Factor.PASSKEY:
        passkey_answers.accept(passkey_challenges.of_sign_in(pending), code, visitor)
    else:
        raise WrongCode
    return pending.factor


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
