import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, insert, select

from app import db
from app.clock import now
from app.errors import TicketRefused
from app.models import (
    Account,
    ActivationTicket,
    Counted,
    FailedSignIns,
    Import,
    ImportRow,
    Invitation,
    KnownNetwork,
    OutgoingMail,
    PendingSignIn,
    ResetTicket,
    Role,
    Seat,
    Session,
    UnlockTicket,
    Verification,
)
from app.operations import opening, purging, sessions, sign_in
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.bringing_in import bring_in, people
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

MANY = 5_000
PAST = timedelta(seconds=1)


def count(table: type[db.Base]) -> int:
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def open_session(who: Account) -> sign_in.SignedIn:
    [offer, *_] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    step = sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(step, sign_in.SignedIn)
    return step


@pytest.fixture
def transactions() -> Iterator[list[str]]:
    """Count the transactions that delete something."""
    seen: list[str] = []

    def note(*_arguments: object) -> None:
        seen.append("commit")

    event.listen(db.db.engine, "commit", note)
    yield seen
    event.remove(db.db.engine, "commit", note)


def test_reports_of_dry_runs_go_and_imports_stay(clock: Clock) -> None:
    old = bring_in(*people(3), dry_run=True)
    done = bring_in(*people(3))
    clock.advance(purging.DRY_RUN_KEPT + PAST)
    fresh = bring_in(*people(3), dry_run=True)
    gone = old.id

    counts = purging.purge()

    assert (counts["import_rows"], counts["imports"]) == (3, 1)
    kept = set(db.session().scalars(select(ImportRow.import_id)))
    assert kept == set(db.session().scalars(select(Import.id))) == {done.id, fresh.id}
    assert gone not in kept


def test_what_is_alive_stays(clock: Clock) -> None:  # noqa: ARG001 (time stands still)
    who = factories.account()
    factories.membership(who)
    done = open_session(who)
    sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    counts = purging.purge()

    assert set(counts.values()) == {0}
    assert sessions.find(done.bearer).id == done.session.id


def test_an_expired_verification_goes_with_its_handles(clock: Clock) -> None:
    who = factories.account()
    sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    clock.advance(Verification.LIFETIME + PAST)
    counts = purging.purge()

    assert counts["verifications"] == 1
    assert count(PendingSignIn) == 0


def test_a_session_goes_when_it_was_idle_too_long_and_its_seats_with_it(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who)
    open_session(who)

    clock.advance(opening.PAGES_IDLE + PAST)
    counts = purging.purge()

    assert counts["sessions"] == 1
    assert count(Seat) == 0


def test_a_session_goes_at_its_absolute_end(clock: Clock) -> None:
    done = open_session(factories.account())
    done.session.idle_seconds = int(timedelta(days=90).total_seconds())
    db.session().commit()

    clock.advance(timedelta(hours=24) + PAST)

    assert purging.purge()["sessions"] == 1


@pytest.mark.parametrize("kind", [ActivationTicket, ResetTicket, UnlockTicket])
def test_tickets_go_when_they_expire(
    kind: type[ActivationTicket | ResetTicket | UnlockTicket], clock: Clock
) -> None:
    who = factories.account()
    ticket = kind(
        digest=uuid.uuid4().hex,
        code_digest="",
        account_id=who.id,
        expires_at=now() + kind.LIFETIME,
    )
    factories.saved(ticket)
    before = purging.purge()[kind.__tablename__]

    clock.advance(kind.LIFETIME + PAST)

    assert (before, purging.purge()[kind.__tablename__]) == (0, 1)


@pytest.mark.parametrize("fact", ["", "accepted_at", "withdrawn_at"])
def test_invitations_go_a_month_after_their_link_is_too_old(fact: str, clock: Clock) -> None:
    row = factories.invitation(factories.organisation())
    if fact:
        setattr(row, fact, now())
        factories.saved(row)
    clock.advance(Invitation.LIFETIME + purging.INVITATION_KEPT - PAST)
    before = purging.purge()["invitations"]

    clock.advance(PAST)

    assert (before, purging.purge()["invitations"]) == (0, 1)


def test_failures_count_until_their_window_and_their_lock_are_over(clock: Clock) -> None:
    hour = timedelta(hours=1)
    factories.saved(
        FailedSignIns(
            counted=Counted.NETWORK,
            subject="192.0.2.1",
            failures=50,
            window_ends_at=now() + hour,
            locked_until=now() + 2 * hour,
        )
    )
    clock.advance(hour + PAST)
    while_locked = purging.purge()["failed_sign_ins"]

    clock.advance(hour)

    assert (while_locked, purging.purge()["failed_sign_ins"]) == (0, 1)


def test_networks_and_mails_are_kept_for_thirty_days(clock: Clock) -> None:
    who = factories.account()
    factories.saved(KnownNetwork(account_id=who.id, network="192.0.2.1", seen_at=now()))
    factories.saved(mail(sent_at=now()))
    factories.saved(mail(failed_at=now()))
    factories.saved(mail())
    clock.advance(timedelta(days=30) - PAST)
    before = purging.purge()

    clock.advance(2 * PAST)
    after = purging.purge()

    assert (before["known_networks"], before["outgoing_mails"]) == (0, 0)
    assert (after["known_networks"], after["outgoing_mails"]) == (1, 2)
    assert count(OutgoingMail) == 1


def mail(**times: object) -> OutgoingMail:
    address = "ana@example.org"
    return OutgoingMail(
        message_id=uuid.uuid4().hex, kind="pin", recipient=address, recipient_key=address, **times
    )


def test_an_account_that_nobody_activated_goes_after_a_week(clock: Clock) -> None:
    factories.account(activated=False)
    member = factories.account(activated=False)
    factories.membership(member, role=Role.SUPERUSER)
    activated = factories.account()
    clock.advance(purging.NEVER_ACTIVATED_KEPT - PAST)
    invited = factories.account(activated=False)
    before = purging.purge()["accounts"]

    clock.advance(2 * PAST)
    after = purging.purge()["accounts"]

    assert (before, after) == (0, 1)
    left = set(db.session().scalars(select(Account.id)))
    assert left == {member.id, activated.id, invited.id}


def test_an_account_that_can_still_be_activated_stays(clock: Clock) -> None:
    who = factories.account(activated=False)
    clock.advance(purging.NEVER_ACTIVATED_KEPT + PAST)
    factories.saved(
        ActivationTicket(digest="0", code_digest="", account_id=who.id, expires_at=now() + PAST)
    )

    assert purging.purge()["accounts"] == 0


def test_five_thousand_rows_go_in_short_transactions(transactions: list[str]) -> None:
    who = factories.account()
    gone, alive = now() - PAST, now() + timedelta(hours=1)
    rows = [session_row(who, alive if number % 10 == 0 else gone) for number in range(MANY)]
    db.session().execute(insert(Session), rows)
    db.session().commit()
    transactions.clear()

    counts = purging.purge()

    assert counts["sessions"] == MANY * 9 // 10
    assert count(Session) == MANY // 10
    assert len(transactions) >= counts["sessions"] / purging.BATCH


def session_row(who: Account, expires_at: object) -> dict[str, object]:
    return {
        "id": uuid.uuid4(),
        "digest": uuid.uuid4().hex,
        "account_id": who.id,
        "interface": "pages",
        "address": "192.0.2.1",
        "user_agent": "",
        "idle_seconds": 3600,
        "expires_at": expires_at,
    }


def test_a_session_that_was_used_meanwhile_stays() -> None:
    who = factories.account()
    db.session().execute(insert(Session), [session_row(who, now() - PAST)])
    db.session().commit()
    steps = purging.batches()

    db.session().query(Session).update({"expires_at": now() + timedelta(hours=1)})
    db.session().commit()

    assert {rows for _, rows in steps} == {0}


def test_accounts_that_are_due_go_and_those_that_nobody_could_replace_stay(clock: Clock) -> None:
    gone, kept, alive = factories.account(), factories.account(), factories.account()
    factories.membership(kept, role=Role.SUPERUSER)
    for who in (gone, kept):
        who.removal_due_at = now()
    alive.removal_due_at = now() + PAST
    db.session().commit()

    counts = purging.purge()

    assert counts["accounts"] == 1
    assert set(db.session().scalars(select(Account.id))) == {kept.id, alive.id}
    assert {mail.kind for mail in factories.mails()} == {"account_removed", "removal_refused"}
    clock.advance(2 * PAST)
    assert purging.purge()["accounts"] == 1


def test_of_all_servers_one_an_hour_is_told_to_purge(clock: Clock) -> None:
    assert [purging.take_turn() for _ in range(3)] == [True, False, False]

    clock.advance(timedelta(hours=1) - PAST)
    assert not purging.take_turn()
    clock.advance(PAST)
    assert [purging.take_turn() for _ in range(2)] == [True, False]


def test_a_purge_does_not_give_the_turn_away(clock: Clock) -> None:
    purging.take_turn()
    purging.purge()

    assert not purging.take_turn()
    clock.advance(timedelta(hours=1))
    purging.purge()
    assert purging.take_turn()


def test_of_fifty_who_come_at_once_one_purges(portal: Flask) -> None:
    def come(_number: int) -> None:
        if not purging.take_turn():
            raise TicketRefused

    assert at_once(portal, come)[WON] == 1
