"""Reporting, by the link of a mail that told of something, that it was somebody else's doing."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.exc import IntegrityError

from app import db
from app.mail import outbox
from app.models import (
    Account,
    AddressTicket,
    Membership,
    NotMeTicket,
    Passkey,
    ResetTicket,
    Role,
    Session,
    Ticket,
    TotpDevice,
    UnlockTicket,
    Verification,
)
from app.operations import (
    accounts,
    addresses,
    audit,
    factors,
    kept_elsewhere,
    known_devices,
    memberships,
    recovery_codes,
    sessions,
    tickets,
    undoing,
)
from app.operations.undoing import Undoing
from app.operations.visitor import Visitor
from app.security.identities import address_key
from app.security.tokens import digest

MOST_TOLD = 20  # administrators, of all the account's organisations together
OTHERS: tuple[type[Ticket], ...] = (AddressTicket, ResetTicket, UnlockTicket)


def report(secret: str, visitor: Visitor) -> str:
    """Spend the ticket and take back what it names; return a reset ticket's secret.

    An empty one where a directory has the password: it is changed there. Ends sessions, forgets
    devices and other tickets, and tells administrators. Signs nobody in: the reset ticket sets a
    new password, and signing in then asks what it always asks. Raises TicketRefused.
    """
    try:
        return _report(secret, visitor)
    except IntegrityError:
        return _report(secret, visitor)  # somebody took the former address just now


def _report(secret: str, visitor: Visitor) -> str:
    with db.transaction():
        _hold_account(secret)
        taken_back = undoing.by(secret)
        account, place = taken_back.account, taken_back.organisation
        _spend(taken_back)
        ended = _end_sessions(taken_back)
        _take_away_factors(taken_back)
        put_back = _put_address_back(taken_back)
        _keep_account(account, visitor)
        known_devices.forget_all(account)
        for kind in OTHERS:
            tickets.forget(kind, account)
        _tell_administrators(account)
        _record(taken_back, visitor, ended=ended, put_back=put_back)
        place_id = place.id if place else None
        if place_id is None and kept_elsewhere.is_kept(account.id):
            return ""
        return tickets.issue(ResetTicket, account, organisation_id=place_id).secret


def _hold_account(secret: str) -> None:
    """Hold the ticket's account until the transaction ends: its tickets are reported in turn.

    Mails may be promised to it meanwhile: two administrators may tell each other.
    """
    whose = select(NotMeTicket.account_id).where(NotMeTicket.digest == digest(secret))
    accounts.hold(Account.id == whose.scalar_subquery())


def _spend(taken_back: Undoing) -> None:
    """Use up the ticket, and the later ones, whichever address those were mailed to."""
    tickets.spend(taken_back.ticket)
    later = NotMeTicket.id.in_([each.id for each in taken_back.later])
    db.session().execute(delete(NotMeTicket).where(later))


def _end_sessions(taken_back: Undoing) -> int:
    """End what is to end, what trusted devices opened, and half-finished sign-ins; count."""
    account_id, current = taken_back.account.id, db.session()
    if taken_back.sessions is None:
        return sessions.end_all_of(account_id)
    named = [each.id for each in taken_back.sessions]
    ending = or_(Session.id.in_(named), Session.remembered_device_id.is_not(None))
    current.execute(delete(Verification).where(Verification.account_id == account_id))
    ended = delete(Session).where(Session.account_id == account_id, ending)
    return len(current.scalars(ended.returning(Session.id)).all())


def _take_away_factors(taken_back: Undoing) -> None:
    """Take away the app or passkey named, and the codes that then stand for nothing.

    An app that waits to be confirmed goes too: somebody else may know its secret.
    """
    mine = TotpDevice.account_id == taken_back.account.id
    named = [taken_back.app.id] if taken_back.app else []
    apps = or_(TotpDevice.id.in_(named), TotpDevice.confirmed_at.is_(None))
    db.session().execute(delete(TotpDevice).where(mine, apps))
    passkeys = [each.id for each in taken_back.passkeys]
    db.session().execute(delete(Passkey).where(Passkey.id.in_(passkeys)))
    if not factors.of(taken_back.account).strong:
        recovery_codes.forget(taken_back.account)


def _put_address_back(taken_back: Undoing) -> bool:
    """Make the former address the account's again, if it can be; tell the one it had meanwhile."""
    account, email = taken_back.account, taken_back.former_email
    replaced = account.email
    if email is None or not addresses.make_room(email, account):
        return False
    account.email, account.email_key = email, address_key(email)
    db.session().flush()  # before any mail: see outbox
    words = {"name": account.shown_name}
    outbox.put("address_put_back", account, words, elsewhere=replaced)
    return True


def _keep_account(account: Account, visitor: Visitor) -> None:
    """Keep an account that was to be removed."""
    if account.removal_due_at is not None:
        account.removal_due_at = None
        audit.record("removal_withdrawn", visitor, account_id=account.id)


def _tell_administrators(account: Account) -> None:
    """Mail those who administer the account's organisations, or else the portal."""
    here = [m.organisation_id for m in memberships.of(account.id) if m.organisation_id]
    admins = Membership.role == Role.ACCOUNT_ADMIN, Membership.organisation_id.in_(here)
    told = _holders(account, *admins) or _holders(account, Membership.role == Role.SUPERUSER)
    said = {"person": account.shown_name, "identity": account.email or account.username or ""}
    for each in told:
        outbox.put("not_me_reported", each, {"name": each.shown_name, **said})


def _holders(account: Account, *of_role: ColumnElement[bool]) -> Sequence[Account]:
    """Return whoever else has such a role and an address, by name; twenty at most."""
    appointed = Account.id.in_(select(Membership.account_id).where(*of_role))
    reachable = (Account.email.is_not(None), Account.suspended_at.is_(None), appointed)
    others = select(Account).where(*reachable, Account.id != account.id)
    by_name = others.order_by(Account.name, Account.id)
    return db.session().scalars(by_name.limit(MOST_TOLD)).all()


def _record(taken_back: Undoing, visitor: Visitor, *, ended: int, put_back: bool) -> None:
    place = taken_back.organisation
    audit.record(
        "not_me",
        visitor,
        account_id=taken_back.account.id,
        organisation_id=place.id if place else None,
        sessions_ended=ended,
        address_put_back=int(put_back),
        app_removed=int(taken_back.app is not None),
        passkeys_removed=len(taken_back.passkeys),
    )
