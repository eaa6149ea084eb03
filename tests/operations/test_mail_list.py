"""What is told of the portal's mail: to superusers, in pages, never what it says."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.errors import NotFound, ProofRequired
from app.models import AuditEvent, OutgoingMail
from app.operations import keyset, mail_list, sessions
from app.operations.authority import Administrator
from app.operations.mail_list import LATE, Filter, State
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, again, superuser
from tests.operations.test_account_list import counted

pytestmark = pytest.mark.usefixtures("portal")

SECOND = timedelta(seconds=1)


@pytest.fixture
def who() -> Administrator:
    made = superuser()
    factories.forget_mails()
    return made


def found(who: Administrator, **wanted: object) -> list[str]:
    rows = mail_list.find(who, Filter(**wanted)).rows  # type: ignore[arg-type]
    return [each.recipient.partition("@")[0] for each in rows]


def a_mixture(clock: Clock) -> None:
    for name, state, kind in (
        ("ann", "waiting", "pin"),
        ("anna", "failed", "reset"),
        ("bob", "sent", "pin"),
        ("Ann.B", "sent", "reset"),
    ):
        factories.mail(kind, f"{name}@example.org", state=state)
        clock.advance(SECOND)


def test_the_newest_comes_first(who: Administrator, clock: Clock) -> None:
    a_mixture(clock)

    assert found(who) == ["Ann.B", "bob", "anna", "ann"]


def test_state_kind_and_the_beginning_of_the_address_narrow_the_list(
    who: Administrator, clock: Clock
) -> None:
    a_mixture(clock)

    assert [found(who, state=state) for state in State] == [["ann"], ["anna"], ["Ann.B", "bob"]]
    assert found(who, kind="pin") == ["bob", "ann"]
    assert found(who, text="ANN") == ["Ann.B", "anna", "ann"]
    assert found(who, text="ann@") == ["ann"]
    assert found(who, text="ann", state=State.SENT, kind="reset") == ["Ann.B"]
    assert found(who, text="nn") == found(who, text="%") == found(who, text="a_n") == []


def test_pages_follow_one_another_and_none_is_told_twice(who: Administrator, clock: Clock) -> None:
    for number in range(mail_list.PAGE * 2 + 3):
        factories.mail(to=f"mail{number:02}@example.org")
        clock.advance(SECOND if number % 3 else timedelta())

    told, after = [], None
    while True:
        page = mail_list.find(who, Filter(), after)
        told += [each.id for each in page.rows]
        if not (after := page.next):
            break

    assert len(told) == len(set(told)) == mail_list.PAGE * 2 + 3


def test_each_state_is_counted(who: Administrator, clock: Clock) -> None:
    a_mixture(clock)

    assert mail_list.counts(who) == {State.WAITING: 1, State.FAILED: 1, State.SENT: 2}


def test_mail_that_nobody_sends_is_late_after_some_minutes(
    who: Administrator, clock: Clock
) -> None:
    factories.mail(state="failed")
    factories.mail(state="sent")
    clock.advance(timedelta(hours=1))
    assert mail_list.late_since(who) is None

    waits = factories.mail().next_try_at
    clock.advance(LATE - SECOND)
    assert mail_list.late_since(who) is None
    clock.advance(SECOND)

    assert mail_list.late_since(who) == waits


def test_mail_that_the_server_put_off_or_that_is_being_sent_is_not_late(
    who: Administrator, clock: Clock
) -> None:
    put_off, leased = factories.mail(attempts=3), factories.mail(attempts=1)
    clock.advance(LATE)
    put_off.next_try_at = put_off.created_at + LATE
    leased.leased_until = leased.created_at + LATE + SECOND
    factories.saved(put_off)

    assert mail_list.late_since(who) is None


def test_an_export_reads_all_in_batches_with_no_transaction_between(
    who: Administrator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "BATCH", 2)
    a_mixture(clock)

    rows = mail_list.begin_export(who, Filter(), VISITOR)
    with counted() as sent:
        told = [next(rows).recipient for _ in range(2)]
        reading = len(sent)
        told += [each.recipient for each in rows]

    assert told == [f"{name}@example.org" for name in ("Ann.B", "bob", "anna", "ann")]
    assert (reading, len(sent)) == (1, 2)
    assert not db.session().in_transaction()


def test_an_export_is_recorded_before_the_first_row_is_read(who: Administrator) -> None:
    with counted() as sent:
        mail_list.begin_export(who, Filter(text="ann", state=State.FAILED, kind="pin"), VISITOR)

    assert not [each for each in sent if "outgoing_mails" in each]
    [event] = db.session().scalars(select(AuditEvent).where(AuditEvent.what == "mail_exported"))
    assert factories.told(event) == {"state": "failed", "kind": "pin", "searched": 1}
    assert event.by_account_id == who.account_id


def test_an_export_asks_for_a_fresh_proof(who: Administrator, clock: Clock) -> None:
    clock.advance(sessions.STEP_UP)

    with pytest.raises(ProofRequired):
        mail_list.begin_export(again(who), Filter(), VISITOR)


def test_account_administrators_see_no_mail() -> None:
    chief = account_admin(factories.organisation())

    for ask in (
        lambda: mail_list.find(chief, Filter()),
        lambda: mail_list.begin_export(chief, Filter(), VISITOR),
        lambda: mail_list.counts(chief),
        lambda: mail_list.late_since(chief),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_page_takes_as_many_statements_however_much_mail_there_is(who: Administrator) -> None:
    taken = []
    for more in (1, 30, 60):
        for _ in range(more):
            factories.mail()
        with counted() as sent:
            mail_list.find(who, Filter())
            mail_list.counts(who)
            mail_list.late_since(who)
        taken.append(len(sent))

    assert taken == [3, 3, 3]


def test_the_list_s_order_comes_from_an_index(who: Administrator) -> None:
    order = mail_list.ORDER.sorting
    statement = select(OutgoingMail.id).order_by(*order).limit(26)
    compiled = statement.compile(db.db.engine, compile_kwargs={"literal_binds": True})
    if db.db.engine.dialect.name == "postgresql":
        db.session().connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        db.session().connection().exec_driver_sql("SET LOCAL enable_sort = off")
        plan = db.session().connection().exec_driver_sql(f"EXPLAIN {compiled}").all()
    else:
        plan = db.session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()

    assert who
    assert "ix_outgoing_mails_by_age" in str(plan)
