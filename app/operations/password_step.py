"""The first step of signing in: proving a password, and what it opens."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from app import db
from app.directory import reader
from app.errors import (
    Locked,
    MembershipLocked,
    NoWayIn,
    Refusal,
    TicketRefused,
    TooManyTries,
    UnknownAccount,
    WrongPassword,
)
from app.models import Account, Counted, Membership, Password, PendingSignIn, Verification
from app.operations import (
    audit,
    directory_try,
    even_time,
    factors,
    known_devices,
    lock_mails,
    lockout,
    memberships,
    obstacles,
    password_try,
    try_charges,
    ways_in,
)
from app.operations.password_try import PasswordTry, StoredPassword
from app.operations.visitor import Visitor
from app.operations.ways_in import Offer, Opened, RefusedWay, Verified, find_pending
from app.security import hash_gate, passwords

log = structlog.get_logger("doorward.sign_in")


@dataclass(frozen=True)
class Wanted:
    """What kind of sign-in somebody asks for."""

    keep: bool
    whole: bool


Decided = tuple[list[PendingSignIn], list[RefusedWay]]


def verify_password(  # noqa: PLR0913 (the last three name kinds of sign-in, by keyword only)
    identity: str,
    password: str,
    visitor: Visitor,
    *,
    keep: bool = False,
    whole: bool = False,
    at: uuid.UUID | None = None,
) -> Verified:
    """Check a password and return every way in with its verdict.

    `keep` asks for a session that lasts; `whole` for the one way in of the account as a whole, as
    interfaces do that know no organisations; `at` names the one organisation to sign in at. Raises
    UnknownAccount, WrongPassword, NotActivated, AccountSuspended, NoWayIn, MembershipLocked,
    Locked, TooManyTries, Busy or DirectoryAway: most interfaces say the same for the first six.
    """
    began = even_time.begin()
    with hash_gate.gate().turn(visitor.network) as turn:
        tried = password_try.begin(identity, visitor, at=at)
        matched = password_try.compare(turn, tried, password)
        fresh = _rehashed(turn, tried, matched, password)
    tried, bound = _asked(tried, password, visitor, identity, began)
    matched = bound | {row.id for row in tried.stored if row.id in matched}
    try:
        verified = _settle(tried, matched, visitor, Wanted(keep, whole))
    except Refusal as refusal:
        _note_failure(tried, refusal, visitor)
        _wait(began)
        raise
    _keep_rehashed(fresh)
    return verified


def _asked(
    tried: PasswordTry, password: str, visitor: Visitor, identity: str, began: float
) -> directory_try.Asked:
    """Ask the directory; what it refuses is answered as late as what is refused here."""
    try:
        return directory_try.ask(tried, password, visitor, typed=identity)
    except (Locked, TooManyTries):
        _wait(began)
        raise
    except NoWayIn as refusal:
        _note_failure(tried, refusal, visitor)
        _wait(began)
        raise


def _wait(began: float) -> None:
    """Refuse as late whether a directory knows somebody, was asked twice, or not at all."""
    even_time.wait(began, floors=2 if reader.in_use() else 1)


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
    begin = partial(password_try.begin_for_membership, account, membership, visitor)
    tried, matched = directory_try.compared(begin, password, visitor)
    try:
        return _add_way(secret, membership_id, tried, matched)
    except Refusal as refusal:
        _note_failure(tried, refusal, visitor)
        raise


def _settle(
    tried: PasswordTry, matched: set[uuid.UUID], visitor: Visitor, wanted: Wanted
) -> Verified:
    """Decide on every way in, in one transaction; whatever is refused stays charged."""
    with db.transaction() as session:
        account = session.get(Account, tried.account_id) if tried.account_id else None
        if account is None:
            raise WrongPassword if tried.only_entry else UnknownAccount
        ways_in.require_open(account, password_matched=bool(matched))
        opened = ways_in.start(account, visitor)
        opened.row.keep = wanted.keep
        decide = _decide_whole if wanted.whole else _decide_each
        pending, refused = decide(opened, tried, matched)
        if not pending:
            raise why_shut(refused, matched=bool(matched))
        session.add_all([opened.row, *pending])
        offers = [ways_in.offer(opened.secret, each) for each in pending]
        password_try.opened(tried, [row for row in tried.stored if row.id in matched])
    return Verified(opened.secret, account, offers, refused)


def _decide_each(opened: Opened, tried: PasswordTry, matched: set[uuid.UUID]) -> Decided:
    """Decide on each membership; whoever has none comes in by the account as a whole."""
    ours = memberships.of(opened.row.account.id)
    if not ours:
        return _account_way(opened, tried, matched)
    matching = partial(_matching, tried, matched)
    return ways_in.open_up(opened, ours, matching, tried.locked)


def _decide_whole(opened: Opened, tried: PasswordTry, matched: set[uuid.UUID]) -> Decided:
    """Decide on the account's own way in; an organisation's own password opens that membership.

    The account's own is locked while all of its memberships are, and shut while none is live.
    """
    ours = memberships.of(opened.row.account.id)
    if _matching(tried, matched, None) is None:
        pending, refused = _decide_each(opened, tried, matched)
        return pending[:1], refused
    if not obstacles.is_whole_open(ours, tried.locked):
        _, refused = _decide_each(opened, tried, matched)
        return [], refused
    return _account_way(opened, tried, matched)


def _account_way(opened: Opened, tried: PasswordTry, matched: set[uuid.UUID]) -> Decided:
    factor = ways_in.account_factor(opened.row.account, opened.row.interface)
    return [ways_in.pend(opened, None, _matching(tried, matched, None), factor)], []


def _matching(
    tried: PasswordTry, matched: set[uuid.UUID], membership: Membership | None
) -> StoredPassword | None:
    row = password_try.row_for(tried, membership)
    return row if row is not None and row.id in matched else None


def why_shut(refused: list[RefusedWay], *, matched: bool) -> Refusal:
    """Return the refusal that stands for all of them where no way in opened."""
    locks = [way.refusal for way in refused if isinstance(way.refusal, MembershipLocked)]
    if len(locks) == len(refused):
        return min(locks, key=lambda lock: lock.until)
    return NoWayIn() if matched else WrongPassword()


def _note_failure(tried: PasswordTry, refusal: Refusal, visitor: Visitor) -> None:
    with db.transaction():
        lock_mails.tell(tried, visitor)
        audit.record(
            "sign_in_failed",
            visitor,
            account_id=tried.account_id,
            organisation_id=tried.only_place,
            reason=refusal.reason,
        )


def _pending_of(verification: Verification) -> list[PendingSignIn]:
    from_here = PendingSignIn.verification_id == verification.id
    return list(db.session().scalars(select(PendingSignIn).where(from_here)))


def _offer_again(
    secret: str, pending: PendingSignIn | None, membership: Membership, visitor: Visitor
) -> Offer:
    if pending is None:
        until = _locked_until(membership, visitor)
        ways_in.require_way(membership, opens=False, locked_until=until)
        raise WrongPassword
    shown = ways_in.offer(secret, pending)
    try:
        factor = find_pending(shown.handle).factor
    except TicketRefused:
        ways_in.require_way(membership, opens=True, locked_until=None)
        raise WrongPassword from None
    return Offer(shown.handle, membership, factor)


def _locked_until(membership: Membership, visitor: Visitor) -> datetime | None:
    own, place = password_try.own_places(membership.account_id), membership.organisation_id
    known = known_devices.known_as(membership.account, visitor)
    known_as = known.by(place if place in own else None)
    subject = try_charges.member_subject(membership, known_as)
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
        ways_in.require_way(membership, opens=opens, locked_until=until)
        held = factors.of(verification.account)
        factor = factors.due(held, membership.demand, verification.interface)
        pending = ways_in.pend(Opened(secret, verification), membership, row, factor)
        session.add(pending)
        password_try.opened(tried, [each for each in tried.stored if each.id in matched])
        return ways_in.offer(secret, pending)


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
