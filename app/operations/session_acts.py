"""What administrators do to sessions: one of an account's, or everybody's."""

import uuid
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import InstrumentedAttribute

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import Membership, Seat, Session, Verification
from app.operations import audit, authority, sessions, withdrawal
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor

BATCH = 500  # sessions that end in one short transaction


def of_account(administrator: Administrator, account_id: uuid.UUID) -> list[Session]:
    """Return an account's live sessions that are this administrator's business.

    All of them where the account is; else those that hold a seat at the organisation. NotFound.
    """
    account = authority.see(administrator, account_id)
    live = sessions.all_of(account)
    if authority.belongs_here_alone(administrator, account_id):
        return live
    here = set(db.session().scalars(_seats_here(administrator, Seat.session_id, account_id)))
    return [each for each in live if each.id in here]


def end_one(
    administrator: Administrator, account_id: uuid.UUID, session_id: uuid.UUID, visitor: Visitor
) -> None:
    """End one session; from an organisation, what it holds there, and itself if nothing is left.

    Raises ProofRequired, NotFound and OutOfReach.
    """
    with authority.acting(administrator, Action.END_SEATS):
        authority.touch(administrator, Action.END_SEATS, account_id)
        if session_id not in {each.id for each in of_account(administrator, account_id)}:
            raise NotFound
        if authority.belongs_here_alone(administrator, account_id):
            db.session().execute(delete(Session).where(Session.id == session_id))
        else:
            _end_here(administrator, account_id, session_id)
        audit.record(
            "session_ended",
            visitor,
            account_id=account_id,
            by=administrator.account_id,
            organisation_id=administrator.organisation_id,
        )


def end_everybody(administrator: Administrator, visitor: Visitor) -> int:
    """End every session of the portal but this one, and every sign-in on its way; count them.

    In short transactions, so that nobody waits long. Raises ProofRequired and NotFound.
    """
    moment = now()
    with authority.acting(administrator, Action.END_EVERYBODY):
        audit.record("everybody_signed_out", visitor, by=administrator.account_id)
    sum(_ended(Verification, Verification.created_at <= moment))
    mine = Session.id == administrator.session_id
    return sum(_ended(Session, Session.opened_at <= moment, ~mine))


def _ended(table: type[Session] | type[Verification], *which: ColumnElement[bool]) -> Iterator[int]:
    """Delete rows batch by batch; yield how many went in each."""
    some = select(table.id).where(*which).limit(BATCH)
    gone = delete(table).where(table.id.in_(some)).returning(table.id)
    rows = BATCH
    while rows == BATCH:
        with db.transaction() as current:
            ended = current.scalars(gone.execution_options(synchronize_session=False))
            rows = len(ended.all())
        yield rows


def _end_here(administrator: Administrator, account_id: uuid.UUID, session_id: uuid.UUID) -> None:
    seats = _seats_here(administrator, Seat.id, account_id)
    mine = delete(Seat).where(Seat.session_id == session_id, Seat.id.in_(seats))
    db.session().execute(mine.execution_options(synchronize_session=False))
    withdrawal.end_empty(account_id)


def _seats_here(
    administrator: Administrator, column: InstrumentedAttribute[uuid.UUID], account_id: uuid.UUID
) -> Select[uuid.UUID]:
    return (
        select(column)
        .join(Membership, Seat.membership_id == Membership.id)
        .where(
            Membership.account_id == account_id,
            Membership.organisation_id == administrator.organisation_id,
        )
    )
