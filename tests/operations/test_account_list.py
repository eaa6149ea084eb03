"""Finding accounts, within what a seat sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import Account, Counted, FailedSignIns, Organisation, Role
from app.operations import account_list, authority
from app.operations.account_list import Filter, Sort, State
from app.operations.authority import Administrator
from tests import factories
from tests.conftest import Clock
from tests.operations.administrators import account_admin, superuser

pytestmark = pytest.mark.usefixtures("portal")

GROWING = {"accounts", "memberships", "failed_sign_ins", "sessions"}


def names(who: Administrator, sort: Sort = Sort.NAME, **wanted: Any) -> list[str]:
    """Return the names of those found, the administrators of these tests left out."""
    found = account_list.find(who, Filter(**wanted), sort)
    return [line.account.name for line in found.lines if not line.account.name.startswith("Person")]


def people(*named: str, at: Organisation | None = None, role: Role = Role.STUDENT) -> list[Account]:
    made = [factories.account(name=each, password=None) for each in named]
    for each in made:
        if at is not None:
            factories.membership(each, at, role)
    return made


def lock(counted: Counted, subject: str, minutes: int = 15) -> None:
    until = now() + timedelta(minutes=minutes)
    row = FailedSignIns(counted=counted, subject=subject, failures=10, window_ends_at=until)
    row.locked_until = until
    db.session().merge(row)  # tries that succeeded have left a row there, too
    db.session().commit()


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements that a block sends."""
    sent: list[str] = []

    def note(*about: Any) -> None:
        if about[2] != "BEGIN":
            sent.append(about[2])

    event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.db.engine, "before_cursor_execute", note)


def test_a_superuser_sees_everybody_by_name() -> None:
    people("Zoë", "ann", "Ben")

    assert names(superuser()) == ["ann", "Ben", "Zoë"]


def test_an_account_administrator_sees_who_belongs_there_and_nobody_else() -> None:
    here, elsewhere = factories.organisation(), factories.organisation()
    people("Here", at=here)
    people("Elsewhere", at=elsewhere)
    people("Nowhere")

    assert names(account_admin(here)) == ["Here"]


def test_who_has_two_roles_stands_there_once() -> None:
    here = factories.organisation()
    [twice] = people("Twice", at=here)
    factories.membership(twice, here, Role.TEACHER)

    assert names(account_admin(here)) == ["Twice"]


@pytest.mark.parametrize(
    "text",
    [
        "ann",
        "ANN",
        "Ann Sm",
        "ann  smith",
        "smi",
        "Smith Ann",
        "ann.smith@",
        "ANN.SMITH@EXAMPLE",
        "ann.smith@example.org",
        "asmith",
        "\uff41\uff4e\uff4e",
    ],
)
def test_the_beginning_of_address_username_and_names_finds_in_any_spelling(text: str) -> None:
    factories.account("ann.smith@example.org", username="ASmith", name="Ann Smith", password=None)
    people("Bea Jones")

    assert names(superuser(), text=text) == ["Ann Smith"]


@pytest.mark.parametrize("text", ["mith", "%", "_nn", "a%h", "example", "*", "'", '"', "\\"])
def test_nothing_but_the_beginning_finds(text: str) -> None:
    factories.account("ann.smith@example.org", name="Ann Smith", password=None)

    assert names(superuser(), text=text) == []


def test_who_has_a_password_of_an_organisation_s_own_is_found_there_and_at_no_other() -> None:
    here, other = factories.organisation(), factories.organisation()
    ann, ben, _cat = people("Ann", "Ben", "Cat", at=here)
    factories.membership(ann, other)
    factories.own_password(ben, here)
    factories.own_password(ann, other)
    state = State.WITH_OWN

    assert names(superuser(), state=state) == ["Ann", "Ben"]
    assert names(superuser(), state=state, organisation_id=here.id) == ["Ben"]
    assert names(account_admin(here), state=state) == ["Ben"]
    assert names(account_admin(here), state=state, organisation_id=other.id) == ["Ben"]
    assert names(account_admin(other), state=state) == ["Ann"]
    assert names(superuser(), state=state, text="an") == ["Ann"]


def test_an_international_address_is_found_in_either_spelling() -> None:
    factories.account("jürgen@bücher.example", name="Jürgen", password=None)

    assert names(superuser(), text="jürgen@bücher.example") == ["Jürgen"]
    assert names(superuser(), text="JÜRGEN@xn--bcher-kva.example") == ["Jürgen"]


def test_a_name_that_changes_is_found_by_the_new_one() -> None:
    [who] = people("Ann Smith")
    who.name = "Ann Baker"
    factories.saved(who)

    assert names(superuser(), text="smith") == []
    assert names(superuser(), text="baker") == ["Ann Baker"]


def test_a_name_that_comes_past_the_models_is_found_too() -> None:
    row = {"email": "a@example.org", "email_key": "a@example.org", "name": "Ann Smith"}
    with db.transaction() as session:
        session.execute(insert(Account), [row])

    assert names(superuser(), text="smith") == ["Ann Smith"]


def test_names_of_several_scripts_are_sorted_alike_on_both_databases() -> None:
    people("Émile", "Zed", "emma", "Ömer", "中村", "a b", "A-b", "ab")

    assert names(superuser()) == ["a b", "A-b", "ab", "emma", "Zed", "Émile", "Ömer", "中村"]


def test_filters_by_organisation_and_role() -> None:
    x, y = factories.organisation(), factories.organisation()
    people("Pupil", at=x)
    people("Teacher", at=x, role=Role.TEACHER)
    people("Other", at=y)
    who = superuser()

    assert names(who, organisation_id=x.id) == ["Pupil", "Teacher"]
    assert names(who, role=Role.TEACHER) == ["Teacher"]
    assert names(who, organisation_id=x.id, role=Role.STUDENT) == ["Pupil"]
    assert names(who, organisation_id=x.id, role=Role.STUDENT, text="other") == []


def test_a_filter_never_widens_what_a_seat_sees() -> None:
    x, y = factories.organisation(), factories.organisation()
    people("Mine", at=x)
    people("Theirs", at=y)

    assert names(account_admin(x), organisation_id=y.id) == ["Mine"]


def test_filters_by_state() -> None:
    _active, suspended, waiting = people("Active", "Suspended", "Waiting")
    suspended.suspended_at = now()
    waiting.activated_at = None
    factories.saved(suspended)
    factories.saved(waiting)
    who = superuser()

    assert names(who, state=State.ACTIVE) == ["Active"]
    assert names(who, state=State.SUSPENDED) == ["Suspended"]
    assert names(who, state=State.NOT_ACTIVATED) == ["Waiting"]
    assert names(who, state=State.SUSPENDED, text="act") == []


@pytest.mark.parametrize("counted", [Counted.IDENTITY, Counted.FACTOR, Counted.FACTOR_EVER])
def test_filters_who_is_locked_until_the_lock_ends(counted: Counted, clock: Clock) -> None:
    locked, _free = people("Locked", "Free")
    lock(counted, f"account:{locked.id}" if counted is Counted.IDENTITY else str(locked.id))
    lock(Counted.IDENTITY, "nobody:77")
    lock(Counted.IDENTITY, f"account:{_free.id}:device:abc")
    who = superuser()

    assert names(who, state=State.LOCKED) == ["Locked"]
    clock.advance(timedelta(minutes=15))
    assert names(superuser(), state=State.LOCKED) == []


def test_of_locks_elsewhere_an_organisation_learns_nothing() -> None:
    x, y = factories.organisation(), factories.organisation()
    [both] = people("Both", at=x)
    [only] = people("Only", at=x)
    there = factories.membership(both, y)
    lock(Counted.MEMBERSHIP, str(there.id))
    lock(Counted.IDENTITY, f"account:{both.id}")
    lock(Counted.IDENTITY, f"account:{only.id}")
    here = account_admin(x)

    assert names(here, state=State.LOCKED) == ["Only"]
    [line] = account_list.find(here, Filter(text="Both")).lines
    assert line.locked_until is None
    assert {m.organisation_id for m in line.memberships} == {x.id}


def test_a_lock_of_a_member_is_told_where_it_is(clock: Clock) -> None:
    x = factories.organisation()
    [who] = people("Member", at=x)
    [membership] = authority.memberships_seen(superuser(), [who.id])
    lock(Counted.MEMBERSHIP, str(membership.id), minutes=30)

    [line] = account_list.find(account_admin(x), Filter(state=State.LOCKED)).lines

    assert line.account.id == who.id
    assert line.locked_until == clock.time + timedelta(minutes=30)


@pytest.mark.parametrize("sort", [*Sort])
def test_pages_follow_one_another_without_a_gap_or_a_repetition(sort: Sort, clock: Clock) -> None:
    who = superuser()
    for number in range(7):
        people(f"Same {number // 3}")
        clock.advance(timedelta(seconds=number % 2))

    seen: list[Any] = []
    after = None
    while True:
        page = account_list.find(who, Filter(), sort, after, 3)
        seen += [line.account.id for line in page.lines]
        after = page.next
        if after is None:
            break

    whole = [line.account.id for line in account_list.find(who, Filter(), sort).lines]
    assert seen == whole
    assert len(set(seen)) == 8


def test_a_page_that_ends_with_the_list_leads_to_no_other() -> None:
    who = superuser()
    people("A", "B")

    assert account_list.find(who, Filter(), size=3).next is None
    assert account_list.find(who, Filter(), size=2).next is not None


def test_sorts_by_age_both_ways(clock: Clock) -> None:
    for name in ("First", "Second"):
        people(name)
        clock.advance(timedelta(hours=1))

    assert names(superuser(), Sort.NEWEST) == ["Second", "First"]
    assert names(superuser(), Sort.OLDEST) == ["First", "Second"]
    assert names(superuser(), Sort.NAME_DOWN) == ["Second", "First"]


def test_a_beginning_that_very_many_share_is_cut_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(account_list, "MOST_BEGINNINGS", 3)
    people("An A", "An B", "An C", "An D")

    found = account_list.find(superuser(), Filter(text="an"))

    assert found.cut
    assert [line.account.name for line in found.lines][:3] == ["An A", "An B", "An C"]
    assert not account_list.find(superuser(), Filter(text="an b")).cut


def test_many_members_are_found_by_walking_the_list_and_few_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y = factories.organisation(), factories.organisation()
    people("A", "C", at=x)
    people("B", at=y)
    few = names(account_admin(x)), names(account_admin(x), text="c")

    monkeypatch.setattr(account_list, "FEW_MEMBERS", 0)
    many = names(account_admin(x)), names(account_admin(x), text="c")

    assert many == few == (["A", "C"], ["C"])


def test_a_list_takes_as_many_statements_for_two_as_for_twenty() -> None:
    x = factories.organisation()
    who = account_admin(x)
    people("A", at=x)
    wanted = Filter(text="a", role=Role.STUDENT, state=State.LOCKED)
    with counted() as one:
        account_list.find(who, wanted)
    with counted() as all_of_one:
        account_list.find(who, Filter())
    people(*"bcdefghijklmnopqrst", at=x)
    with counted() as many:
        account_list.find(who, wanted)
    with counted() as all_of_many:
        account_list.find(who, Filter())

    assert len(many) == len(one) < 18
    assert len(all_of_many) == len(all_of_one) < 10


def test_no_statement_of_a_list_compares_but_by_what_an_index_knows() -> None:
    who = superuser()
    with counted() as sent:
        account_list.find(who, Filter(text="ann", state=State.SUSPENDED, role=Role.TEACHER))

    assert not [each for each in sent if "lower(" in each.lower() or " like " in each.lower()]


@pytest.mark.parametrize("few", [0, account_list.FEW_MEMBERS])
def test_no_list_reads_a_table_that_grows_from_end_to_end(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    if db.db.engine.dialect.name != "sqlite":
        return  # PostgreSQL reads small tables so whatever indexes there are
    monkeypatch.setattr(account_list, "FEW_MEMBERS", few)
    x = factories.organisation()
    people("Ann", "Ben", at=x)
    asked: list[tuple[str, Any]] = []

    def note(*about: Any) -> None:
        asked.append((about[2], about[3]))

    seats = [superuser(), account_admin(x)]
    event.listen(db.db.engine, "before_cursor_execute", note)
    for who in seats:
        for wanted in (Filter(), Filter(text="a"), *(Filter(state=state) for state in State)):
            account_list.find(who, wanted)
    event.remove(db.db.engine, "before_cursor_execute", note)

    plans = [row[3] for statement in asked for row in explained(*statement)]
    read = [each for each in plans if each.startswith("SCAN")]
    assert len(plans) > 50
    assert not [each for each in read if "INDEX" not in each and each.split()[1] in GROWING]


def explained(statement: str, values: Any) -> list[Any]:
    if not statement.startswith("SELECT"):
        return []
    return list(
        db.session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    )


def test_an_export_reads_everybody_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_list, "BATCH", 2)
    people("A", "B", "C", "D")

    lines = account_list.everything(superuser(), Filter(), Sort.NAME)

    assert [each.account.name for each in lines][:4] == ["A", "B", "C", "D"]


def test_a_seat_that_may_not_see_accounts_finds_none() -> None:
    place = factories.organisation()
    who = account_admin(place)
    teacher = Administrator(who.account_id, Role.TEACHER, place.id, who.session, who.session_id)

    with pytest.raises(NotFound):
        account_list.find(teacher, Filter())


def test_a_member_who_left_is_not_found_any_more() -> None:
    x = factories.organisation()
    [who] = people("Left", at=x)
    chief = account_admin(x)
    assert names(chief) == ["Left"]

    with db.transaction() as session:
        session.delete(authority.memberships_seen(chief, [who.id])[0])

    assert names(chief) == []
