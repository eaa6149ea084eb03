"""Removing what has expired.

In batches, each a short transaction of its own: a sign-in that waits for one waits for some
milliseconds. Rows are looked for outside of them, and looked at again inside: a session that was
used meanwhile stays.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, inspect, or_, select, tuple_

from app import db
from app.clock import now
from app.models import (
    Account,
    ActivationTicket,
    AddressTicket,
    AuditEvent,
    Counted,
    DailyFactors,
    FailedSignIns,
    Import,
    ImportChunk,
    ImportRow,
    Invitation,
    KnownNetwork,
    Membership,
    NotMeTicket,
    OutgoingMail,
    PasskeyChallenge,
    RecoverySheet,
    RememberedDevice,
    RequestCount,
    ResetTicket,
    Session,
    Stage,
    UnlockTicket,
    Verification,
)
from app.operations import (
    audit_retention,
    counting,
    factor_census,
    impersonation_ends,
    import_work,
    lockout,
    removal,
    request_counts,
)

BATCH = 100  # rows; with what hangs on them some 20 ms on SQLite
MAIL_KEPT = timedelta(days=30)
NETWORK_KEPT = timedelta(days=30)
DRY_RUN_KEPT = timedelta(days=30)
INVITATION_KEPT = timedelta(days=30)  # once its link is too old, whatever became of it
NEVER_ACTIVATED_KEPT = timedelta(days=7)
EVERY = timedelta(hours=1)
ONCE = lockout.Limit(Counted.PURGING, 1, EVERY, EVERY)

EXPIRING = (
    Verification,
    ActivationTicket,
    AddressTicket,
    NotMeTicket,
    ResetTicket,
    UnlockTicket,
    PasskeyChallenge,
    RecoverySheet,
    RememberedDevice,
    Session,
)

Condition = ColumnElement[bool]


def purge() -> dict[str, int]:
    """Delete what has expired; return how many rows of each table.

    What hangs on a row goes with it and is not counted.
    """
    counts: dict[str, int] = {}
    for table, rows in batches():
        counts[table] = counts.get(table, 0) + rows
    return counts


def batches() -> Iterator[tuple[str, int]]:
    """Purge step by step: yield each table's name, and how many of its rows just went.

    Accounts whose owners wanted them removed go last, one by one: each is told by mail.
    """
    impersonation_ends.note_expired(removal.THE_PORTAL)
    for table, condition in _expired():
        for rows in _deleted(table, condition):
            yield table.__tablename__, rows
    for account_id in removal.due():
        yield Account.__tablename__, int(removal.remove_due(account_id))
    counting.catch_up()  # what happened is counted before its events go
    for rows in audit_retention.drop(BATCH):
        yield AuditEvent.__tablename__, rows


def take_turn() -> bool:
    """Tell whether it is the caller's turn to purge: of all who ask, one an hour is told so.

    Whoever was told so and dies loses that hour, not what there is to purge.
    """
    with db.transaction():
        return lockout.charge(ONCE, "all") is None


def _expired() -> Iterator[tuple[type[db.Base], Condition]]:
    moment = now()
    for table in EXPIRING:
        yield table, table.expires_at <= moment
    for idle_seconds in db.session().scalars(select(Session.idle_seconds).distinct()).all():
        idle_since = moment - timedelta(seconds=idle_seconds)
        unused = Session.last_seen_at <= idle_since
        yield Session, and_(Session.idle_seconds == idle_seconds, unused)
    yield FailedSignIns, _no_longer_counted()
    yield KnownNetwork, KnownNetwork.seen_at <= moment - NETWORK_KEPT
    yield OutgoingMail, _settled_long_ago()
    yield ImportChunk, _no_longer_needed()
    yield Import, _never_whole()
    long_ago = Import.dry_run.is_(True), Import.started_at <= moment - DRY_RUN_KEPT
    yield ImportRow, ImportRow.import_id.in_(select(Import.id).where(*long_ago))
    yield Import, and_(*long_ago)  # an import that was kept stays, for as long as it can be undone
    yield Invitation, Invitation.expires_at <= moment - INVITATION_KEPT
    yield DailyFactors, DailyFactors.day < (moment - factor_census.KEPT).date()
    yield RequestCount, RequestCount.hour < moment - request_counts.KEPT
    yield Account, _never_activated()


def _no_longer_counted() -> Condition:
    row, moment = FailedSignIns, now()
    unlocked = or_(row.locked_until.is_(None), row.locked_until <= moment)
    return and_(row.window_ends_at <= moment, unlocked)


def _settled_long_ago() -> Condition:
    row, long_ago = OutgoingMail, now() - MAIL_KEPT
    return or_(row.sent_at <= long_ago, row.failed_at <= long_ago, row.expires_at <= long_ago)


def _no_longer_needed() -> Condition:
    """Files that were uploaded a day ago, but for those that are worked on just now."""
    at_work = exists().where(Import.id == ImportChunk.import_id, Import.stage.in_(import_work.WORK))
    return and_(ImportChunk.expires_at <= now(), ~at_work)


def _never_whole() -> Condition:
    """Uploads that broke off, with what there was of their files."""
    return and_(Import.stage == Stage.UPLOADING, Import.started_at <= now() - ImportChunk.LIFETIME)


def _never_activated() -> Condition:
    """Accounts that somebody registered and nobody confirmed, unless an administrator cared."""
    own_ticket = ActivationTicket.account_id == Account.id
    return and_(
        Account.activated_at.is_(None),
        Account.suspended_at.is_(None),
        Account.created_at <= now() - NEVER_ACTIVATED_KEPT,
        ~exists().where(own_ticket, ActivationTicket.expires_at > now()),
        ~exists().where(Membership.account_id == Account.id),
    )


def _deleted(table: type[db.Base], condition: Condition) -> Iterator[int]:
    """Delete batch after batch; yield how many rows each took, at last fewer than a batch."""
    key = [*inspect(table).primary_key]
    found = select(*key).where(condition).limit(BATCH)
    rows = BATCH
    while rows >= BATCH:
        keys = [tuple(row) for row in db.session().execute(found)]
        rows = _delete(table, tuple_(*key).in_(keys), condition) if keys else 0
        yield rows


def _delete(table: type[db.Base], *conditions: Condition) -> int:
    with db.transaction() as session:
        gone: Any = session.execute(
            delete(table).where(*conditions).execution_options(synchronize_session=False)
        )
        return int(gone.rowcount)
