"""Refresh tokens: each use makes the next, and a copied one ends the session (RFC 9700, 4.14)."""

from sqlalchemy import delete, select, update

from app import config, db
from app.clock import now
from app.errors import TicketRefused
from app.models import Account, Interface, RefreshToken, Session
from app.operations import audit, news, sessions
from app.operations.visitor import Visitor
from app.security.tokens import derived_uuid, digest, new_uuid


def begin(session: Session) -> str:
    """Return the first refresh token of a session."""
    first = new_uuid()
    with db.transaction() as current:
        current.add(RefreshToken(session_id=session.id, digest=digest(first)))
    return first


def renew(token: str, visitor: Visitor) -> tuple[Session, str]:
    """Trade a refresh token for the next; return it with its session.

    For ten seconds a used token is answered with the same successor, so that a client that lost the
    answer can ask again; after that, or once the successor was used, its use ends the session and
    mails its owner. Renewing proves nothing anew and lengthens nothing. Raises TicketRefused.
    """
    with db.transaction():
        session = _family_of(token)
        row, successor = _find(token), _successor(token)
        if row is None:
            raise TicketRefused
        copied = not (_use(row, successor) or _again(row, successor))
        if copied:
            _end(session, visitor)
    if copied:
        raise TicketRefused
    return session, successor


def revoke(account: Account, visitor: Visitor) -> None:
    """End every session of the account that was opened through contract 004."""
    account_id = account.id  # now: the account itself may be gone by the time it is our turn
    opened_here = Session.interface == Interface.HASURA_BACKEND_PLUS
    with db.transaction() as current:
        current.execute(delete(Session).where(Session.account_id == account_id, opened_here))
        audit.record("tokens_revoked", visitor, account_id=account_id)


def session_of(token: str) -> Session:
    """Return the session that a refresh token belongs to, to end it; raise TicketRefused."""
    row = _find(token)
    if row is None:
        raise TicketRefused
    return sessions.live(Session.id == row.session_id)


def _family_of(token: str) -> Session:
    """Return the session behind a token, held until the transaction ends: its tokens take turns."""
    named = select(RefreshToken.session_id).where(RefreshToken.digest == digest(token))
    mine = select(Session.id).where(Session.id == named.scalar_subquery())
    session_id = db.session().scalar(mine.with_for_update())
    if session_id is None:
        raise TicketRefused
    return sessions.live(Session.id == session_id)


def _find(token: str) -> RefreshToken | None:
    return db.session().scalar(select(RefreshToken).where(RefreshToken.digest == digest(token)))


def _successor(token: str) -> str:
    """Derive the next token from this one, so that asking again needs no stored secret."""
    key = config.current().secret_keys[-1]  # the oldest: rotation must not change the successor
    return derived_uuid(key, "refresh", token)


def _use(row: RefreshToken, successor: str) -> bool:
    unused = update(RefreshToken).where(RefreshToken.id == row.id, RefreshToken.used_at.is_(None))
    won = db.session().scalar(unused.values(used_at=now()).returning(RefreshToken.id))
    if won is not None:
        db.session().add(RefreshToken(session_id=row.session_id, digest=digest(successor)))
    return won is not None


def _again(row: RefreshToken, successor: str) -> bool:
    """Tell whether the token was used only just now, and its successor not yet."""
    following = _find(successor)
    lately = row.used_at is not None and row.used_at > now() - RefreshToken.GRACE
    return lately and following is not None and following.used_at is None


def _end(session: Session, visitor: Visitor) -> None:
    account = session.account
    audit.record("refresh_token_reused", visitor, account_id=account.id)
    news.tell("sessions_ended", account, visitor)
    db.session().execute(delete(Session).where(Session.id == session.id))
