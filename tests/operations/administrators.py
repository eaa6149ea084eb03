"""People in administrators' seats, for tests of what they do from there."""

from sqlalchemy import select

from app import db
from app.models import Account, AuditEvent, Organisation, Role, Session
from app.operations import authority, sessions
from app.operations.authority import Administrator
from tests import factories
from tests.operations.signing_in import signed_in


def member(role: Role, at: Organisation | None = None, name: str = "") -> Account:
    who = factories.account(name=name)
    factories.membership(who, at, role)
    return who


def acting(who: Account, at: Organisation | None = None) -> Administrator:
    """Sign somebody in, and return the administrator in their seat."""
    return authority.administrator(signed_in(who).session, at.id if at else None)


def superuser() -> Administrator:
    return acting(member(Role.SUPERUSER))


def account_admin(at: Organisation) -> Administrator:
    return acting(member(Role.ACCOUNT_ADMIN, at), at)


def again(administrator: Administrator) -> Administrator:
    """Return the same administrator as another request finds them: with rows of its own."""
    session: Session = sessions.find_by_id(administrator.session_id)
    return authority.administrator(session, administrator.organisation_id)


def events(who: Account) -> list[tuple[str, Account | None]]:
    """Return what is recorded of somebody, and by whom, the sign-in left out."""
    db.session().rollback()
    mine = select(AuditEvent).where(AuditEvent.account_id == who.id).order_by(AuditEvent.position)
    found = [each for each in db.session().scalars(mine) if each.by_account_id]
    return [(each.what, db.session().get(Account, each.by_account_id)) for each in found]
