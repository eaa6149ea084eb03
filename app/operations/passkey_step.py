"""Where a passkey is asked for: instead of a password, beside one, and to confirm who one is.

A passkey verified its user, so it stands for the account's own password and for the factor. No
lock of a password stops it: a lock is for what can be guessed.
"""

import uuid
from typing import Any

from app import db
from app.errors import (
    NoWayIn,
    Refusal,
    ShutBy,
    TicketRefused,
    TooManyTries,
    WrongCode,
    WrongPassword,
)
from app.models import (
    ChallengeFor,
    Counted,
    Factor,
    Membership,
    Passkey,
    PendingSignIn,
    Session,
)
from app.operations import (
    audit,
    directory_people,
    factor_changes,
    factor_locks,
    lockout,
    memberships,
    passkey_answers,
    password_try,
    second_factor,
    turned_away,
    ways_in,
)
from app.operations.passkey_challenges import ANYBODY, of_session, of_sign_in
from app.operations.visitor import Visitor
from app.operations.ways_in import Offer, Opened, RefusedWay, Verified


def options_at_second_step(handle: str) -> dict[str, Any]:
    """Return what to hand to a browser where a passkey is due; TicketRefused where none is."""
    with db.transaction():
        pending = ways_in.find_pending(handle)
        if pending.factor is not Factor.PASSKEY or pending.proceeded_at is None:
            raise TicketRefused
        return passkey_answers.options(pending.verification.account, of_sign_in(pending))


def options_to_confirm(session: Session) -> dict[str, Any]:
    """Return what to hand to a browser so that somebody signed in proves again who they are."""
    with db.transaction():
        asking = of_session(ChallengeFor.CONFIRMING, session)
        return passkey_answers.options(session.account, asking)


def verify_passkey(credential: str, visitor: Visitor, *, keep: bool = False) -> Verified:
    """Check a passkey in the place of a password; return every way in with its verdict.

    An organisation where the account has a password of its own is refused with WrongPassword: that
    password may be shown next. `keep` asks for a session that lasts. Raises WrongCode,
    NotActivated, AccountSuspended, NoWayIn, DirectoryAway, and TooManyTries where one network
    failed too often.
    """
    with turned_away.noticed(visitor), db.transaction():
        if until := lockout.charge(lockout.NETWORK, visitor.network):
            by = ShutBy(Counted.NETWORK, visitor.network)
            raise TooManyTries(lockout.seconds_until(until), by)
    with db.transaction():
        done = _verify(credential, visitor, keep=keep)
    if isinstance(done, Refusal):
        raise done
    if not directory_people.still_there(done.account.id, visitor):
        raise WrongCode
    return done


def verify_passkey_again(session: Session, credential: str, visitor: Visitor) -> Offer:
    """Check a passkey for a fresh proof of the account's own way in.

    Counts like any answer of the account's second factor. Raises WrongCode and TooManyCodes, and
    NotSignedIn where the session ended meanwhile.
    """
    session_id = session.id
    with turned_away.noticed(visitor), db.transaction():
        factor_changes.held(session_id)
        done = _verify_again(session, credential, visitor)
    if isinstance(done, WrongCode):
        raise done
    return done


def _verify(credential: str, visitor: Visitor, *, keep: bool) -> Verified | Refusal:
    """Return what is refused, so that the spent challenge and the note of it are committed."""
    who = None
    try:
        passkey = passkey_answers.accept(ANYBODY, credential, visitor)
        who = passkey.account_id
        verified = _opened_by(passkey, visitor, keep=keep)
    except Refusal as refusal:
        _note("sign_in_failed", who, refusal, visitor)
        return refusal
    lockout.give_back(Counted.NETWORK, [visitor.network])
    return verified


def _opened_by(passkey: Passkey, visitor: Visitor, *, keep: bool) -> Verified:
    account = passkey.account
    ways_in.require_open(account, password_matched=True)
    opened = ways_in.start(account, visitor)
    opened.row.keep, opened.row.passkey_id = keep, passkey.id
    pending, refused = _decide(opened, memberships.of(account.id))
    if not pending and not any(isinstance(way.refusal, WrongPassword) for way in refused):
        raise NoWayIn
    db.session().add_all([opened.row, *pending])
    offers = [ways_in.offer(opened.secret, each) for each in pending]
    return Verified(opened.secret, account, offers, refused)


def _decide(opened: Opened, ours: list[Membership]) -> tuple[list[PendingSignIn], list[RefusedWay]]:
    """Decide on each membership; whoever has none comes in by the account as a whole."""
    if not ours:
        return [ways_in.pend_by_passkey(opened, None)], []
    own = password_try.own_places(opened.row.account.id)
    pending, refused = [], []
    for membership in ours:
        try:
            opens = membership.organisation_id not in own
            ways_in.require_way(membership, opens=opens, locked_until=None)
        except Refusal as refusal:
            refused.append(RefusedWay(membership, refusal))
        else:
            pending.append(ways_in.pend_by_passkey(opened, membership))
    return pending, refused


def _verify_again(session: Session, credential: str, visitor: Visitor) -> Offer | WrongCode:
    """Return a wrong answer's refusal, so that its charge is committed, not rolled back."""
    account, asking = session.account, of_session(ChallengeFor.CONFIRMING, session)
    second_factor.charge(account)
    try:
        passkey = passkey_answers.accept(asking, credential, visitor)
    except WrongCode as refusal:
        _note("confirmation_failed", account.id, refusal, visitor)
        factor_locks.tell(account, visitor, session.id)
        return refusal
    second_factor.forgive(account)
    opened = ways_in.start(account, visitor, session)
    opened.row.passkey_id = passkey.id
    pending = ways_in.pend_by_passkey(opened, None)
    db.session().add_all([opened.row, pending])
    return ways_in.offer(opened.secret, pending)


def _note(what: str, who: uuid.UUID | None, refusal: Refusal, visitor: Visitor) -> None:
    by = Factor.PASSKEY.value
    audit.record(what, visitor, account_id=who, reason=refusal.reason, factor=by)
