"""What happened to an account, for its owner: the audit trail, newest first, page by page."""

import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, ScalarSelect, and_, literal, not_, or_, select, tuple_

from app import db
from app.models import Account, AuditEvent, Interface, Organisation

PAGE = 25  # events
_MOMENT = tuple_(AuditEvent.at, AuditEvent.position)  # as an account's events are indexed
# Getting in, in which way, and out again. Whatever else happens is a change.
SIGN_INS = frozenset(
    {
        "signed_in",
        "sign_in_failed",
        "account_locked",
        "membership_locked",
        "wrong_code",
        "second_step_locked",
        "pin_resent",
        "another_factor_chosen",
        "seat_taken",
        "confirmed",
        "confirmation_failed",
        "signed_out",
        "session_ended",
        "sessions_ended",
        "tokens_revoked",
        "refresh_token_reused",
    }
)
# Somebody else did it: an administrator, or whoever runs the portal.
BY_ADMINISTRATOR = or_(
    and_(AuditEvent.by_account_id.is_not(None), AuditEvent.by_account_id != AuditEvent.account_id),
    AuditEvent.interface == Interface.COMMAND,
)


class Kind(enum.StrEnum):
    """What sort of events to look at; each event is of one sort."""

    SIGN_INS = "sign-ins"
    CHANGES = "changes"
    ADMINISTRATORS = "administrators"


@dataclass(frozen=True)
class Happened:
    """One event, with the name that its organisation has now, if it names one that is there."""

    event: AuditEvent
    organisation: str | None
    by_administrator: bool


@dataclass(frozen=True)
class Page:
    """Some events; `older` is the position after which the next page begins, if there is one."""

    events: list[Happened]
    older: int | None


def page(
    account: Account,
    kind: Kind | None = None,
    before: int | None = None,
    *,
    within: uuid.UUID | None = None,
) -> Page:
    """Return the newest events of an account, or those before a position; one statement.

    Of one `kind`, if it is named; `within` leaves out what other organisations bear. An account
    begins when it was made: what an older one of the same id did is not its own.
    """
    wanted = [AuditEvent.account_id == account.id, AuditEvent.at >= account.created_at]
    if before is not None:
        wanted.append(tuple_(_at(before), literal(before)) > _MOMENT)
    if within is not None:
        at = AuditEvent.organisation_id
        wanted.append(or_(at == within, at.is_(None)))
    if kind is not None:
        wanted.append(_is_of(kind))
    rows = db.session().execute(
        select(AuditEvent, Organisation.name, BY_ADMINISTRATOR)
        .outerjoin(Organisation, Organisation.id == AuditEvent.organisation_id)
        .where(*wanted)
        .order_by(AuditEvent.at.desc(), AuditEvent.position.desc())
        .limit(PAGE + 1)
    )
    return _page(rows.all())


def _at(position: int) -> ScalarSelect[datetime]:
    return select(AuditEvent.at).where(AuditEvent.position == position).scalar_subquery()


def _page(rows: Sequence[Row[AuditEvent, str, bool]]) -> Page:
    shown = [Happened(*row) for row in rows[:PAGE]]
    return Page(shown, shown[-1].event.position if len(rows) > PAGE else None)


def _is_of(kind: Kind) -> ColumnElement[bool]:
    signing_in = AuditEvent.what.in_(SIGN_INS)
    match kind:
        case Kind.ADMINISTRATORS:
            return BY_ADMINISTRATOR
        case Kind.SIGN_INS:
            return and_(not_(BY_ADMINISTRATOR), signing_in)
        case Kind.CHANGES:
            return and_(not_(BY_ADMINISTRATOR), not_(signing_in))
