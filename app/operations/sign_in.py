"""Signing in: the one state machine behind every page and every contract.

    verify_password ──► Offer per way in ──► proceed ──┬─► SignedIn
     (identity,               (handle)        (handle) │
      password)                                        └─► PinWanted ──► answer ──► SignedIn
                                                                      (handle, code)

Between calls the state lives in rows of `verifications` and `pending_sign_ins`; the caller keeps
only secrets: the verification's, and the *handle* of the way in that was chosen.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from app import db
from app.clock import now
from app.errors import (
    FactorUnavailable,
    MembershipLocked,
    NoWayIn,
    Refusal,
    TicketRefused,
    UnknownAccount,
    WrongCode,
    WrongPassword,
)
from app.models import (
    Account,
    Counted,
    EmailedPin,
    Factor,
    Interface,
    Membership,
    Organisation,
    Password,
    PendingSignIn,
    Session,
    Verification,
)
from app.operations import (
    audit,
    known_devices,
    lockout,
    memberships,
    password_try,
    second_factor,
    sessions,
    ways_in,
)
from app.operations.password_try import PasswordTry, StoredPassword
from app.operations.visitor import Visitor
from app.operations.ways_in import Offer, Opened, RefusedWay, Verified, find_pending
from app.security import hash_gate, passwords

log = structlog.get_logger("doorward.sign_in")


@dataclass(frozen=True)
class PinWanted:
    """A PIN is on its way by e-mail; another can be sent from `resend_at` on."""

    handle: str
    sent_to: str
    organisation: Organisation | None
    resend_at: datetime


@dataclass(frozen=True)
class SignedIn:
    """Done. `bearer` is the session's secret, shown this once.

    `device` is the new value of the known-device cookie.
    """

    bearer: str
    session: Session
    device: str


Step = PinWanted | SignedIn


def verify_password(
    identity: str,
    password: str,
    visitor: Visitor,
    *,
    keep: bool = False,
    at: uuid.UUID | None = None,
) -> Verified:
    """Check a password and return every way in with its verdict.

    `keep` asks for a session that lasts; `at` names the one organisation to sign in at. Raises
    UnknownAccount, WrongPassword, NotActivated, AccountSuspended, NoWayIn, MembershipLocked,
    Locked, TooManyTries or Busy: most interfaces say the same for the first six.
    """
    with hash_gate.gate().turn(visitor.network) as turn:
        tried = password_try.begin(identity, visitor, at=at)
        matched = password_try.compare(turn, tried, password)
        fresh = _rehashed(turn, tried, matched, password)
    try:
        verified = _settle(tried, matched, visitor, keep=keep)
    except Refusal as refusal:
        _note_failure(tried.account_id, refusal, visitor)
        raise
    _keep_rehashed(fresh)
    return verified


def look_again(secret: str, visitor: Visitor) -> Verified:
    """Return the ways in behind a verification's secret as they are now, or raise TicketRefused."""
    verification = ways_in.find_verification(secret)
    pending = {row.membership_id: row for row in _pending_of(verification)}
    offers, refused = [], []
    for membership in memberships.of(verification.account_id):
        try:
            offers.append(_offer_again(secret, pending.get(membership.id), membership, visitor))
        except Refusal as refusal:
            refused.append(RefusedWay(membership, refusal))
    return Verified(secret, verification.account, offers, refused)


def verify_another_password(
    secret: str, membership_id: uuid.UUID, password: str, visitor: Visitor
) -> Offer:
    """Check the password of one organisation, for somebody who has proven another already.

    Counts like any try. Raises WrongPassword, MembershipLocked, Locked, TooManyTries, Busy, and
    TicketRefused where the verification is over.
    """
    verification = ways_in.find_verification(secret)
    membership = _membership_of(verification.account, membership_id)
    account = verification.account
    with hash_gate.gate().turn(visitor.network) as turn:
        tried = password_try.begin_for_membership(account, membership, visitor)
        matched = password_try.compare(turn, tried, password)
    try:
        return _add_way(secret, membership_id, tried, matched)
    except Refusal as refusal:
        _note_failure(tried.account_id, refusal, visitor)
        raise


def proceed(handle: str, visitor: Visitor) -> Step:
    """Go on with one offer: open the session, or mail the PIN that it wants.

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
        if session.execute(first.values(proceeded_at=now())).rowcount:  # type: ignore[attr-defined]
            _sent(pending, second_factor.send_first_pin(pending))
        return _pin_wanted(handle, pending)


def peek(handle: str) -> PinWanted:
    """Return the step that a handle waits at, changing nothing; raise TicketRefused if at none."""
    return _pin_wanted(handle, find_pending(handle))


def resend(handle: str, visitor: Visitor) -> PinWanted:
    """Mail a new PIN; the old one stops working. Raises ResendTooSoon and TicketRefused."""
    with db.transaction():
        pending = find_pending(handle)
        if second_factor.sent_pin(pending) is None:
            raise TicketRefused
        _sent(pending, second_factor.send_another_pin(pending))
        audit.record("pin_resent", visitor, account_id=pending.verification.account_id)
        return _pin_wanted(handle, pending)


def answer(handle: str, code: str, visitor: Visitor) -> SignedIn:
    """Check the second factor's answer and open the session.

    Raises WrongCode, TooManyCodes, or TicketRefused where the handle is over: after five wrong
    answers it is.
    """
    with db.transaction():
        done = _answer(find_pending(handle), code, visitor)
    if done is None:
        raise WrongCode
    return done


def _answer(pending: PendingSignIn, code: str, visitor: Visitor) -> SignedIn | None:
    """Return None for a wrong code, so that the try's charge is committed, not rolled back."""
    account = pending.verification.account
    if pending.factor is Factor.NONE or second_factor.sent_pin(pending) is None:
        return None
    _charge_handle(pending)
    second_factor.charge(account)
    try:
        second_factor.spend_pin(pending.id, code)
    except WrongCode:
        audit.record("wrong_pin", visitor, account_id=account.id)
        return None
    second_factor.forgive(account)
    return _finish(pending, Factor.PIN, visitor)


def _charge_handle(pending: PendingSignIn) -> None:
    row = PendingSignIn
    charged = update(row).where(row.id == pending.id, row.tries_left > 0)
    left = charged.values(tries_left=row.tries_left - 1).returning(row.id)
    if db.session().scalar(left) is None:
        raise TicketRefused


def _settle(
    tried: PasswordTry, matched: set[uuid.UUID], visitor: Visitor, *, keep: bool
) -> Verified:
    """Decide on every way in, in one transaction; whatever is refused stays charged."""
    with db.transaction() as session:
        account = session.get(Account, tried.account_id) if tried.account_id else None
        if account is None:
            raise UnknownAccount
        ways_in.require_open(account, password_matched=bool(matched))
        opened = ways_in.start(account, visitor)
        opened.row.keep = keep
        pending, refused = _decide_all(opened, tried, matched)
        if not pending:
            raise _why_shut(refused, matched)
        session.add_all([opened.row, *pending])
        offers = [ways_in.offer(opened.secret, each) for each in pending]
        password_try.opened(tried, [row for row in tried.stored if row.id in matched])
    return Verified(opened.secret, account, offers, refused)


def _decide_all(
    opened: Opened, tried: PasswordTry, matched: set[uuid.UUID]
) -> tuple[list[PendingSignIn], list[RefusedWay]]:
    ours = memberships.of(opened.row.account.id)

    def matching(membership: Membership | None) -> StoredPassword | None:
        row = password_try.row_for(tried, membership)
        return row if row is not None and row.id in matched else None

    if ours:
        return ways_in.open_up(opened, ours, matching, tried.locked)
    factor = ways_in.account_factor(opened.row.account)
    return [ways_in.pend(opened, None, matching(None), factor)], []


def _why_shut(refused: list[RefusedWay], matched: set[uuid.UUID]) -> Refusal:
    """Return the refusal that stands for all of them where no way in opened."""
    locks = [way.refusal for way in refused if isinstance(way.refusal, MembershipLocked)]
    if len(locks) == len(refused):
        return min(locks, key=lambda lock: lock.until)
    if any(isinstance(way.refusal, FactorUnavailable) for way in refused):
        return FactorUnavailable()
    return NoWayIn() if matched else WrongPassword()


def _note_failure(account_id: uuid.UUID | None, refusal: Refusal, visitor: Visitor) -> None:
    with db.transaction():
        audit.record("sign_in_failed", visitor, account_id=account_id, reason=refusal.reason)


def _pending_of(verification: Verification) -> list[PendingSignIn]:
    from_here = PendingSignIn.verification_id == verification.id
    return list(db.session().scalars(select(PendingSignIn).where(from_here)))


def _offer_again(
    secret: str, pending: PendingSignIn | None, membership: Membership, visitor: Visitor
) -> Offer:
    if pending is None:
        until = _locked_until(membership, visitor)
        ways_in.decide(membership, opens=False, locked_until=until)
        raise WrongPassword
    shown = ways_in.offer(secret, pending)
    try:
        factor = find_pending(shown.handle).factor
    except TicketRefused:
        ways_in.decide(membership, opens=True, locked_until=None)
        raise WrongPassword from None
    return Offer(shown.handle, membership, factor)


def _locked_until(membership: Membership, visitor: Visitor) -> datetime | None:
    known_as = known_devices.known_as(membership.account, visitor)
    subject = password_try.member_subject(membership, known_as)
    counted = Counted.MEMBERSHIP
    return lockout.locked_until([(counted, subject)]).get((counted, subject))


def _membership_of(account: Account, membership_id: uuid.UUID) -> Membership:
    for membership in memberships.of(account.id):
        if membership.id == membership_id:
            return membership
    raise TicketRefused


def _add_way(
    secret: str, membership_id: uuid.UUID, tried: PasswordTry, matched: set[uuid.UUID]
) -> Offer:
    with db.transaction() as session:
        verification = ways_in.find_verification(secret)
        membership = _membership_of(verification.account, membership_id)
        row = password_try.row_for(tried, membership)
        opens = row is not None and row.id in matched
        until = tried.locked.get(membership_id)
        factor = ways_in.decide(membership, opens=opens, locked_until=until)
        pending = ways_in.pend(Opened(secret, verification), membership, row, factor)
        session.add(pending)
        password_try.opened(tried, [each for each in tried.stored if each.id in matched])
        return ways_in.offer(secret, pending)


def _sent(pending: PendingSignIn, pin: EmailedPin) -> None:
    """Let the handle live as long as the PIN that was just mailed for it."""
    pending.verification.expires_at = pin.expires_at


def _pin_wanted(handle: str, pending: PendingSignIn) -> PinWanted:
    pin = second_factor.sent_pin(pending)
    if pin is None:
        raise TicketRefused
    place = pending.membership.organisation if pending.membership else None
    sent_to = masked(pending.verification.account.email or "")
    return PinWanted(handle, sent_to, place, pin.sent_at + second_factor.RESEND_AFTER)


def masked(address: str) -> str:
    """Return enough of an address for its owner to know it: `j•••@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


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
    device = known_devices.remember(verification.account, visitor)
    return SignedIn(bearer, row, device)


def _rehashed(
    turn: hash_gate.Turn, tried: PasswordTry, matched: set[uuid.UUID], password: str
) -> dict[StoredPassword, str]:
    """Return new hashes for matched rows whose parameters are older than today's."""
    old = [row for row in tried.stored if row.id in matched and passwords.needs_rehash(row.hash)]
    return {row: turn.run(passwords.hash_password, password) for row in old}


def _keep_rehashed(fresh: dict[StoredPassword, str]) -> None:
    """Store the new hashes; the sign-in stands even where that fails (ASVS 5.0, 11.2.2)."""
    if not fresh:
        return
    try:
        with db.transaction() as session:
            for row, hashed in fresh.items():
                unchanged = (Password.id == row.id, Password.hash == row.hash)
                session.execute(update(Password).where(*unchanged).values(hash=hashed))
    except SQLAlchemyError:
        log.exception("rehash_not_stored")
