"""What every change of an account's second factors asks beforehand, and what follows it."""

import uuid

from sqlalchemy import func, select, update

from app import db
from app.clock import now
from app.errors import FactorDemanded, NotSignedIn, ProofRequired
from app.models import (
    Account,
    Demand,
    Factor,
    Interface,
    Passkey,
    Seat,
    Session,
    TotpDevice,
)
from app.operations import (
    audit,
    factors,
    memberships,
    news,
    recovery_codes,
    remembered_devices,
    second_factor,
    sessions,
)
from app.operations.factors import Held
from app.operations.news import Named
from app.operations.visitor import Visitor


def require_proof(session: Session) -> None:
    """Raise ProofRequired unless this session may give the account another factor.

    The account's own way in was met within ten minutes; where the account has no factor yet, an
    e-mailed PIN was answered too, so that a stolen password alone binds nothing.
    """
    sessions.require_account_proof(session)
    held = factors.of(session.account)
    unproved = session.fresh_factor(now()) is Factor.NONE
    if held.floor is Demand.NONE and held.address and unproved:
        raise ProofRequired(by_mail=True)


def require_not_demanded(account: Account, left: Held) -> None:
    """Raise FactorDemanded where, with what is `left`, an organisation would ask to enrol anew."""
    demand = factors.strictest_demand(memberships.of(account.id))
    if factors.choices(left, demand, Interface.PAGES) == (Factor.ENROLMENT,):
        raise FactorDemanded


def held(session_id: uuid.UUID) -> Account:
    """Return a session's account, held until the transaction ends: its factors change in turns.

    Whoever answers one holds it too, see ways_in.held; whoever only names the account may go on.
    Raises NotSignedIn where the session ended meanwhile.
    """
    mine = select(Account).join(Session, Session.account_id == Account.id)
    row = mine.where(Session.id == session_id).with_for_update(of=Account, key_share=True)
    account = db.session().scalar(row.execution_options(populate_existing=True))
    # Asked once more: whoever was waited for may have ended the session.
    still = db.session().scalar(select(Session.id).where(Session.id == session_id))
    if account is None or still is None:
        raise NotSignedIn
    return account


def has_answered(session: Session, factor: Factor) -> None:
    """Let the session that proved a new factor go on with it, in the caller's transaction."""
    session.factor, session.factor_proved_at = factor, now()
    seats = update(Seat).where(Seat.session_id == session.id)
    db.session().execute(seats.values(factor=factor))


def settle(
    session: Session,
    mail: str,
    what: str,
    visitor: Visitor,
    *,
    added: TotpDevice | Passkey | None = None,
) -> str | None:
    """End and forget what the old factors opened; tell the owner. In the caller's transaction.

    Every other session ends, no device is trusted any more, and codes that stand for nothing go.
    `added` is the app or passkey that is there now and took no other's place. Returns the
    session's new bearer where it is one of the pages; a program keeps its own.
    """
    account = session.account
    db.session().flush()
    if not factors.of(account).strong:
        recovery_codes.forget(account)
    remembered_devices.forget_all(account)
    second_factor.forgive(account)
    sessions.end_all_of(account.id, but=session.id)
    news.tell(mail, account, visitor, **undone_by_mail(account, added, session.id))
    audit.record(what, visitor, account_id=account.id)
    return sessions.rotate(session) if session.interface is Interface.PAGES else None


def undone_by_mail(
    account: Account, added: TotpDevice | Passkey | None, session_id: uuid.UUID | None
) -> Named:
    """Name what the mail about a change may undo: a factor only where it is the first strong one.

    Whoever adds another, or takes one's place, has shown a strong factor; a mailbox alone must not
    undo that.
    """
    if isinstance(added, TotpDevice) and not factors.of(account).passkey:
        return {"session_id": session_id, "totp_device_id": added.id}
    if isinstance(added, Passkey) and _is_alone(account):
        return {"session_id": session_id, "passkey_id": added.id}
    return {"session_id": session_id}


def _is_alone(account: Account) -> bool:
    """Tell whether a passkey just added is the only strong factor."""
    counted = select(func.count()).where(Passkey.account_id == account.id)
    return not factors.of(account).app and db.session().scalar(counted) == 1
