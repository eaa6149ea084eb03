"""Whose turn a mail is: a delivering process leases it, sends it, and settles it.

Each function is one short transaction, so that none is open while a mail server is spoken to.
A process that dies leaves a lease that ends; then another takes the mail over.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update

from app import db
from app.clock import now
from app.models import OutgoingMail

LEASE = timedelta(seconds=60)
EXPIRED = "expired"  # why a mail failed that was too old
ROW = OutgoingMail

# The database knows best what changed; what the session has loaded is not asked, but replaced.
FROM_THE_DATABASE: dict[str, Any] = {"synchronize_session": False, "populate_existing": True}


def is_any_due() -> bool:
    """Tell whether a mail waits for its turn to be sent, or is too old for it. Takes no lock."""
    moment = now()
    turn = or_(ROW.next_try_at <= moment, ROW.expires_at <= moment)
    due = or_(exists().where(_free(moment), turn), exists().where(_refused_too_long_ago(moment)))
    found = db.session().scalar(select(due))
    db.session().rollback()  # nothing stays open while the caller turns to the mail server
    return bool(found)


def drop_expired() -> Sequence[OutgoingMail]:
    """Give up the mails whose time is over, and forget their words; return them.

    The words of those that were refused before are forgotten, too: nobody can send them any more.
    """
    moment = now()
    dropped = update(ROW).where(_expired(moment)).returning(ROW)
    gone = {"failed_at": moment, "last_error": EXPIRED, "sealed": None}
    forgotten = update(ROW).where(_refused_too_long_ago(moment)).values(sealed=None)
    with db.transaction() as session:
        session.execute(forgotten, execution_options=FROM_THE_DATABASE)
        found = session.scalars(dropped.values(gone), execution_options=FROM_THE_DATABASE)
        return [_detached(mail) for mail in found.all()]


def lease_next() -> OutgoingMail | None:
    """Lease the mail that has been due longest, or return None. Counts an attempt."""
    moment = now()
    longest_due = select(ROW.id).where(_due(moment)).order_by(ROW.next_try_at).limit(1)
    free = longest_due.with_for_update(skip_locked=True).cte("free")
    leased = update(ROW).where(ROW.id.in_(select(free.c.id))).returning(ROW)
    mine = {"leased_until": moment + LEASE, "attempts": ROW.attempts + 1}
    with db.transaction() as session:
        mail = session.scalar(leased.values(mine), execution_options=FROM_THE_DATABASE)
        return mail and _detached(mail)


def settle_sent(mail: OutgoingMail) -> None:
    """Keep that the mail was sent, whoever has leased it by now, and forget its words."""
    sent = {"sent_at": now(), "failed_at": None, "last_error": None, "sealed": None}
    _settle(ROW.id == mail.id, sent)


def settle_failed(mail: OutgoingMail, error: str) -> None:
    """Keep that the mail was refused. Its words stay while it is of use: see send_again."""
    _settle(_still_ours(mail), {"failed_at": now(), "last_error": error})


def send_again(mail_id: uuid.UUID) -> bool:
    """Let a mail that was refused wait once more, in the caller's transaction; tell whether it is.

    One that is too old, or not refused any more, is left as it is.
    """
    moment = now()
    refused = ROW.failed_at.is_not(None), ROW.sealed.is_not(None), ROW.sent_at.is_(None)
    again = update(ROW).where(ROW.id == mail_id, ROW.expires_at > moment, *refused)
    waiting = {"failed_at": None, "next_try_at": moment, "leased_until": None}
    done = db.session().execute(
        again.values(waiting).returning(ROW.id), execution_options={"synchronize_session": False}
    )
    return done.first() is not None


def settle_retry(mail: OutgoingMail, error: str, after: timedelta) -> None:
    """Give the mail back, to be tried again after a while."""
    _settle(_still_ours(mail), {"next_try_at": now() + after, "last_error": error})


def _settle(condition: ColumnElement[bool], values: dict[str, Any]) -> None:
    settled = update(ROW).where(condition).values({"leased_until": None, **values})
    with db.transaction() as session:
        session.execute(settled, execution_options=FROM_THE_DATABASE)


def _still_ours(mail: OutgoingMail) -> ColumnElement[bool]:
    """Where sending took longer than the lease, somebody else may have it now."""
    return and_(ROW.id == mail.id, ROW.leased_until == mail.leased_until, ROW.sent_at.is_(None))


def _due(moment: datetime) -> ColumnElement[bool]:
    in_time = or_(ROW.expires_at.is_(None), ROW.expires_at > moment)
    return and_(_free(moment), ROW.next_try_at <= moment, in_time)


def _expired(moment: datetime) -> ColumnElement[bool]:
    return and_(_free(moment), ROW.expires_at <= moment)


def _refused_too_long_ago(moment: datetime) -> ColumnElement[bool]:
    return and_(ROW.failed_at.is_not(None), ROW.sealed.is_not(None), ROW.expires_at <= moment)


def _free(moment: datetime) -> ColumnElement[bool]:
    leased = ROW.leased_until
    return and_(
        ROW.sent_at.is_(None), ROW.failed_at.is_(None), or_(leased.is_(None), leased <= moment)
    )


def _detached(mail: OutgoingMail) -> OutgoingMail:
    """Take the mail out of the session, so that reading it later asks no database."""
    db.session().expunge(mail)
    return mail
