"""What an administrator reads in the audit log: of their own place, and whom they may know."""

from datetime import timedelta

import pytest

from app import db
from app.errors import NotFound, ProofRequired
from app.models import Account, Organisation, Role
from app.operations import audit, audit_reading, audit_verifying
from app.operations.audit_log import Filter
from app.operations.audit_reading import Page
from app.operations.authority import Administrator
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, member, superuser
from tests.operations.audit_events import happen, tamper
from tests.operations.test_account_list import counted

EVERYTHING = Filter()
pytestmark = pytest.mark.usefixtures("portal")


def tell(
    what: str, who: Account, at: Organisation | None = None, by: Account | None = None
) -> None:
    with db.transaction():
        audit.record(
            what,
            VISITOR,
            account_id=who.id,
            organisation_id=at.id if at else None,
            by=by.id if by else None,
        )


def told(page: Page) -> list[tuple[str, str | None, str | None]]:
    """Return each event with whom it names, the oldest first."""
    return [
        (
            each.entry.what,
            each.whom.name if each.whom else None,
            each.by.name if each.by else None,
        )
        for each in reversed(page.lines)
    ]


def of(administrator: Administrator, *whats: str) -> list[tuple[str, str | None, str | None]]:
    return [x for x in told(audit_reading.page(administrator, EVERYTHING)) if x[0] in whats]


def test_an_organisation_s_seat_reads_what_bears_its_id_and_names_its_members() -> None:
    x, y = factories.organisation(), factories.organisation()
    mine, other = member(Role.STUDENT, x, "Mine"), member(Role.STUDENT, y, "Other")
    boss = member(Role.SUPERUSER, name="Boss")
    chief, root = account_admin(x), superuser()
    for who, at, by in ((mine, x, boss), (other, x, None), (other, y, None), (mine, None, None)):
        tell("something", who, at, by)
    assert of(chief, "something") == [("something", "Mine", None), ("something", None, None)]
    everything = of(root, "something")
    assert everything == [
        ("something", "Mine", "Boss"),
        ("something", "Other", None),
        ("something", "Other", None),
        ("something", "Mine", None),
    ]


def test_a_filter_cannot_reach_out_of_the_seat() -> None:
    x, y = factories.organisation(), factories.organisation()
    other = member(Role.STUDENT, y)
    tell("something", other, y)
    chief = account_admin(x)
    for wanted in (Filter(organisation_id=y.id), Filter(account_id=other.id)):
        assert audit_reading.page(chief, wanted).lines == []
        assert list(audit_reading.begin_export(chief, wanted, VISITOR)) == []


def test_whoever_is_named_is_looked_for_and_nobody_else_is_found() -> None:
    who = factories.account("ann@example.org", username="ann")
    root = superuser()
    for text in ("Ann@Example.org", "ANN", str(who.id)):
        assert audit_reading.account_named(root, text) == who.id
    assert audit_reading.account_named(root, "nobody@example.org") == audit_reading.NOBODY
    assert audit_reading.page(root, Filter(account_id=audit_reading.NOBODY)).lines == []


def test_an_export_is_what_the_pages_show_and_is_recorded_first() -> None:
    root = superuser()
    happen(120, "something")
    pages, cursor = [], None
    while True:
        page = audit_reading.page(root, Filter(what="something"), cursor)
        pages += [each.entry.position for each in page.lines]
        cursor = page.older
        if cursor is None:
            break
    lines = audit_reading.begin_export(root, Filter(what="something"), VISITOR)
    recorded = audit_reading.page(root, Filter(what="audit_exported")).lines
    assert [each.entry.by_account_id for each in recorded] == [root.account_id]
    assert [each.entry.position for each in lines] == pages
    assert len(pages) == 120


def test_a_page_takes_as_many_statements_however_many_it_names() -> None:
    root, place = superuser(), factories.organisation()
    sent = []
    for _ in range(2):
        for _ in range(20):
            tell("something", factories.account(), place, factories.account())
        db.session().rollback()
        with counted() as statements:
            audit_reading.page(root, EVERYTHING)
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 5


def test_verifying_is_for_superusers_who_proved_who_they_are(clock: Clock) -> None:
    chief, root = account_admin(factories.organisation()), superuser()
    for act in (
        lambda who: audit_verifying.verify(who, 0, VISITOR),
        audit_verifying.checkpoint,
        audit_reading.last_verified,
    ):
        with pytest.raises(NotFound):
            act(chief)
    clock.advance(timedelta(minutes=11))
    for act in (lambda who: audit_verifying.verify(who, 0, VISITOR), audit_verifying.checkpoint):
        with pytest.raises(ProofRequired):
            act(root)


def test_verifying_names_the_place_and_is_recorded() -> None:
    root = superuser()
    happen(10)
    assert audit_reading.last_verified(root) is None
    part = audit_verifying.verify(root, 0, VISITOR)
    assert (part.whole, part.found) == (True, 0)
    tamper("UPDATE audit_events SET what = 'other' WHERE position = 5")
    part = audit_verifying.verify(root, 0, VISITOR)
    assert [(str(each.kind), each.first) for each in part.faults] == [("changed", 5)]
    last = audit_reading.last_verified(root)
    assert last is not None
    assert (last.faults, last.events) == (1, part.events)


def test_what_takes_longer_is_verified_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_verifying, "AT_ONCE", 10)
    root = superuser()
    happen(25)
    tamper("UPDATE audit_events SET what = 'other' WHERE position = 15")
    since, found, parts = 0, 0, 0
    for _ in range(10):
        part = audit_verifying.verify(root, since, VISITOR)
        parts, found, since = parts + 1, found + part.found, part.until
        if part.whole:
            break
    assert (found, part.whole) == (1, True)
    assert parts > 2


def test_a_checkpoint_compares_with_the_log_later() -> None:
    root = superuser()
    happen(3)
    made = audit_verifying.checkpoint(root)
    assert made.position >= 3
    tamper("DELETE FROM audit_heads")
    with pytest.raises(NotFound):
        audit_verifying.checkpoint(root)
