"""Taking an import back: what nobody used is removed, what somebody did stays, with the reason."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app import db
from app.errors import NotFound
from app.models import (
    Account,
    AuditEvent,
    Import,
    ImportRow,
    Membership,
    Password,
    Role,
    TotpDevice,
)
from app.operations import administration, import_undo, importing, passwords
from app.operations.import_undo import Undone, undo
from tests import factories
from tests.factories import STRANGER, VISITOR
from tests.operations import signing_in
from tests.operations.bringing_in import CALLER, bring_in, count, file_of, found, people, rows_of
from tests.security.foreign import HASHES, PASSWORD

pytestmark = pytest.mark.usefixtures("portal")

BCRYPT = HASHES["bcrypt 2b"][1]
AT_CY = {"organisation": "Cy", "role": "student"}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows make several batches."""
    monkeypatch.setattr(importing, "BATCH", 20)
    monkeypatch.setattr(import_undo, "BATCH", 20)


def undone(done: Import) -> list[str | None]:
    db.session().expire_all()
    return [row.undone for row in rows_of(done)]


def test_everything_that_an_import_made_is_removed() -> None:
    factories.organisation("Cy")
    there = factories.account("bo@example.org")
    done = bring_in(
        {"email": "ana@example.org", "password_hash": BCRYPT, "totp_secret": "JBSWY3DPEHPK3PXP"}
        | AT_CY,
        {"email": "bo@example.org"} | AT_CY,
        {"email": "ana@example.org", "organisation": "Cy", "role": "teacher"},
        {"email": "bo@example.org"},
        {"email": "nowhere"},
    )

    counts = undo(done.id, CALLER)

    assert counts == {Undone.REMOVED: 3}
    assert undone(done) == ["removed", "removed", "removed", None, None]
    assert [each.id for each in db.session().scalars(select(Account))] == [there.id]
    assert (count(Membership), count(TotpDevice), count(Password)) == (0, 0, 1)
    assert db.session().get_one(Import, done.id).undone_at


def reset(who: Account) -> None:
    passwords.forgotten(who.email or "", VISITOR)
    passwords.reset(factories.ticket_in("reset"), "seven quiet lanterns", VISITOR)


USES: dict[str, Callable[[Account], object]] = {
    "signing in": lambda who: signing_in.signed_in(who, PASSWORD),
    "a suspension": lambda who: administration.suspend_account(who, VISITOR),
    "an unlock": lambda who: administration.unlock_account(who, VISITOR),
    "a reset": reset,
}


@pytest.mark.parametrize("use", USES)
def test_what_somebody_used_or_looked_after_stays(use: str) -> None:
    factories.organisation("Cy")
    done = bring_in({"email": "ana@example.org", "password_hash": BCRYPT} | AT_CY,
                    {"email": "ana@example.org", "organisation": "Cy", "role": "teacher"},
                    {"email": "bo@example.org"})  # fmt: skip

    USES[use](found("ana@example.org"))
    counts = undo(done.id, CALLER)

    assert undone(done) == ["in_use", "account_left", "removed"]
    assert counts == {Undone.IN_USE: 1, Undone.ACCOUNT_LEFT: 1, Undone.REMOVED: 1}
    assert count(Membership, account_id=found("ana@example.org").id) == 2


def test_what_strangers_do_is_no_use() -> None:
    done = bring_in({"email": "ana@example.org", "password_hash": BCRYPT})
    signing_in.fail("ana@example.org", 3, STRANGER)
    passwords.forgotten("ana@example.org", STRANGER)

    assert undo(done.id, CALLER) == {Undone.REMOVED: 1}


def test_who_was_given_a_role_elsewhere_stays() -> None:
    factories.organisation("Cy")
    done = bring_in({"email": "ana@example.org"} | AT_CY)
    administration.add_membership(
        found("ana@example.org"), factories.organisation(), Role.TEACHER, VISITOR
    )

    assert undo(done.id, CALLER) == {Undone.OTHER_MEMBERSHIPS: 1}
    assert count(Membership) == 2


def test_who_was_removed_already_is_gone() -> None:
    factories.organisation("Cy")
    bo = factories.account("bo@example.org")
    done = bring_in({"email": "ana@example.org"} | AT_CY, {"email": "bo@example.org"} | AT_CY)
    db.session().delete(found("ana@example.org"))
    db.session().delete(db.session().scalars(select(Membership).filter_by(account_id=bo.id)).one())
    db.session().commit()

    assert undo(done.id, CALLER) == {Undone.GONE: 2}


def test_a_membership_that_somebody_used_stays() -> None:
    factories.organisation("Cy")
    ana, bo = factories.account("ana@example.org"), factories.account("bo@example.org")
    done = bring_in(*({"email": f"{who}@example.org", **AT_CY} for who in ("ana", "bo")))

    signing_in.signed_in(ana)
    counts = undo(done.id, CALLER)

    assert undone(done) == ["in_use", "removed"]
    assert counts == {Undone.IN_USE: 1, Undone.REMOVED: 1}
    [held] = db.session().scalars(select(Membership))
    assert held.account_id == ana.id
    [recorded] = db.session().scalars(select(AuditEvent).filter_by(what="membership_removed"))
    assert (recorded.account_id, recorded.details) == (bo.id, {"import_id": str(done.id)})


def test_the_portal_is_never_left_without_a_superuser() -> None:
    done = bring_in({"email": "root@example.org", "superuser": "yes"},
                    {"email": "root2@example.org", "superuser": "yes"})  # fmt: skip

    counts = undo(done.id, CALLER)

    assert counts == {Undone.REMOVED: 1, Undone.LAST_SUPERUSER: 1}
    assert undone(done) == ["removed", "last_superuser"]


def test_a_superuser_is_removed_where_there_is_another() -> None:
    factories.membership(factories.account(), role=Role.SUPERUSER)
    done = bring_in({"email": "root@example.org", "superuser": "yes"})

    assert undo(done.id, CALLER) == {Undone.REMOVED: 1}


def test_an_organisation_is_never_left_without_an_account_administrator() -> None:
    boss = factories.account()
    role = factories.membership(boss, factories.organisation("Cy"), Role.ACCOUNT_ADMIN)
    there = factories.account("bo@example.org")
    admin = {"organisation": "Cy", "role": "account-admin"}
    made = bring_in({"email": "ana@example.org"} | admin, {"email": "cy@example.org"} | admin)
    joined = bring_in({"email": "bo@example.org"} | admin)
    db.session().delete(db.session().get_one(Membership, role.id))
    db.session().commit()

    assert undo(made.id, CALLER) == {Undone.REMOVED: 2}
    assert undo(joined.id, CALLER) == {Undone.LAST_ADMINISTRATOR: 1}
    assert undone(joined) == ["last_administrator"]
    assert count(Membership, role=Role.ACCOUNT_ADMIN, account_id=there.id) == 1


def test_of_accounts_that_alone_administer_a_place_one_stays() -> None:
    factories.organisation("Cy")
    admin = {"organisation": "Cy", "role": "account-admin"}
    done = bring_in({"email": "ana@example.org"} | admin, {"email": "cy@example.org"} | admin)

    assert undo(done.id, CALLER) == {Undone.REMOVED: 1, Undone.LAST_ADMINISTRATOR: 1}
    assert count(Membership, role=Role.ACCOUNT_ADMIN) == 1


def test_who_became_a_superuser_since_stays() -> None:
    done = bring_in({"email": "ana@example.org"})
    administration.add_membership(found("ana@example.org"), None, Role.SUPERUSER, VISITOR)

    assert undo(done.id, CALLER) == {Undone.OTHER_MEMBERSHIPS: 1}


def test_an_undo_that_was_cut_short_goes_on_when_asked_again() -> None:
    crowd = people(import_undo.BATCH * 2 + 5)
    done = bring_in(*crowd)

    def stop(rows: int, _of: int) -> None:
        raise InterruptedError(rows)

    with pytest.raises(InterruptedError):
        undo(done.id, CALLER, stop)
    half = count(Account)
    seen: list[tuple[int, int]] = []
    counts = undo(done.id, CALLER, lambda *where: seen.append(where))

    assert half == len(crowd) - import_undo.BATCH
    assert counts == {Undone.REMOVED: len(crowd)}
    assert seen[-1] == (len(crowd) - import_undo.BATCH,) * 2
    assert count(Account) == 0
    assert undo(done.id, CALLER) == counts


def test_an_import_that_is_taken_back_half_way_does_not_go_on() -> None:
    crowd = people(importing.BATCH * 2)

    def take_back(_done: int, _rows: int) -> None:
        [begun] = db.session().scalars(select(Import))
        undo(begun.id, CALLER)

    done = bring_in(*crowd, progress=take_back)

    assert done.undone_at
    assert done.finished_at is None
    assert count(Account) == 0
    assert count(ImportRow) == importing.BATCH
    assert importing.cut_short(file_of(*crowd), CALLER) is None
    assert bring_in(*crowd).counts == {"created": len(crowd)}


def test_another_imports_people_stay() -> None:
    factories.organisation("Cy")
    first = bring_in(*people(2))
    second = bring_in(*people(3, **AT_CY))

    assert undo(second.id, CALLER) == {Undone.REMOVED: 3}
    assert count(Account) == 2
    assert undo(first.id, CALLER) == {Undone.REMOVED: 2}


def test_members_by_a_later_import_stay() -> None:
    factories.organisation("Cy")
    first = bring_in(*people(2))
    bring_in(*people(1, **AT_CY))

    assert undo(first.id, CALLER) == {Undone.OTHER_MEMBERSHIPS: 1, Undone.REMOVED: 1}


def test_there_is_nothing_to_undo_of_a_dry_run_or_of_none() -> None:
    dry = bring_in(*people(2), dry_run=True)

    for import_id in (dry.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            undo(import_id, CALLER)


def test_an_undo_is_recorded() -> None:
    done = bring_in(*people(2))
    by = factories.account()

    undo(done.id, type(CALLER)(VISITOR, by=by.id))

    told = [
        (each.what, each.by_account_id, factories.told(each))
        for each in db.session().scalars(select(AuditEvent).order_by(AuditEvent.position))
    ]
    assert told[-2:] == [
        ("import_undone", by.id, {"import_id": str(done.id)}),
        ("import_undo_finished", by.id, {"import_id": str(done.id), "removed": 2, "left": 0}),
    ]
