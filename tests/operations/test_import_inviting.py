"""Importing from an organisation's seat: whom its administrators cannot see is invited.

Nothing that they are told, and nothing that they could find out, tells who has an account.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import PasswordRefused
from app.models import (
    Account,
    AuditEvent,
    Import,
    ImportRow,
    Invitation,
    Membership,
    Organisation,
    Password,
    Role,
)
from app.operations import import_undo, importing, invitations, joining, memberships
from app.operations.import_authority import Authority
from app.operations.import_caller import Caller
from app.operations.import_undo import Undone
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations import signing_in
from tests.operations.administrators import acting, member
from tests.operations.bringing_in import bring_in, count, faults, found, outcomes, rows_of
from tests.security.foreign import HASHES, PASSWORD

pytestmark = pytest.mark.usefixtures("portal")

BCRYPT = HASHES["bcrypt 2b"][1]
ROLES = frozenset({Role.STUDENT, Role.TEACHER, Role.ACCOUNT_ADMIN})


@pytest.fixture
def cy() -> Organisation:
    return factories.organisation("Cy")


@pytest.fixture
def boss(cy: Organisation) -> Account:
    return member(Role.ACCOUNT_ADMIN, cy)


@pytest.fixture
def caller(cy: Organisation, boss: Account) -> Caller:
    return Caller(VISITOR, Authority(frozenset([cy.id]), ROLES, invites=True), boss.id)


def at_cy(email: str, role: str = "student", **cells: object) -> dict[str, object]:
    return {"email": email, "organisation": "Cy", "role": role, **cells}


def told(done: Import) -> list[tuple[object, ...]]:
    """Return all that the rows of an import say, but for the ids that each has of its own."""
    return [
        (row.outcome, row.account_id, row.membership_id, row.created, row.faults, row.ignored)
        for row in rows_of(done)
    ]


def accept(email: str, password: str) -> None:
    [mail] = [each for each in factories.mails("invitation") if each.recipient == email]
    secret = factories.words(mail)["link"].partition("ticket=")[2]
    joining.accept_new(secret, "Ana", password, VISITOR)


@pytest.mark.parametrize("dry_run", [True, False])
def test_whoever_has_an_account_elsewhere_is_told_from_nobody(
    caller: Caller, *, dry_run: bool
) -> None:
    there = factories.account("there@example.org", username="there", name="Hidden Name")
    factories.membership(there, factories.organisation("Elsewhere"))
    factories.account("alone@example.org")
    factories.account("never@example.org", activated=False)

    done = bring_in(
        *(
            at_cy(f"{name}@example.org", name="Ana", password_hash=BCRYPT)
            for name in ("there", "alone", "never", "nobody")
        ),
        caller=caller,
        dry_run=dry_run,
    )

    assert len(set(told(done))) == 1
    assert outcomes(done) == ["invited"] * 4
    assert count(Membership, account_id=there.id) == 1
    assert count(Account, email="nobody@example.org") == 0
    assert len(factories.mails("invitation")) == (0 if dry_run else 4)
    assert count(Invitation) == (0 if dry_run else 4)


def test_an_account_of_nobody_s_is_not_made_a_member_unasked(
    caller: Caller, cy: Organisation
) -> None:
    victim = factories.account("victim@example.org")

    bring_in(at_cy("victim@example.org"), caller=caller)

    assert memberships.of(victim.id) == []
    assert count(Membership, organisation_id=cy.id) == 1  # the administrator's own


def test_members_are_given_roles_and_superusers_left_alone(
    caller: Caller, cy: Organisation
) -> None:
    pupil, above = factories.account("pupil@example.org"), factories.account("root@example.org")
    for who in (pupil, above):
        factories.membership(who, cy)
    factories.membership(above, None, Role.SUPERUSER)

    done = bring_in(
        at_cy("pupil@example.org", "teacher", name="Other"),
        at_cy("pupil@example.org"),
        at_cy("root@example.org", "teacher"),
        caller=caller,
    )

    assert outcomes(done) == ["joined", "unchanged", "refused"]
    assert faults(done) == [(4, "", "not_allowed")]
    assert found("pupil@example.org").name != "Other"
    assert factories.mails("invitation") == []


@pytest.mark.parametrize(
    "cells",
    [
        {"id": "6f0c1f7e-3a5c-4a43-9a0b-3b2f0f6f7d11"},
        {"short_id": "a" * 17},
        {"username": "ana"},
        {"activated": "true"},
        {"suspended": "no"},
        {"superuser": "no"},
        {"totp_secret": "JBSWY3DPEHPK3PXP"},
        {"organisation_password_hash": BCRYPT},
    ],
)
def test_what_would_be_more_than_an_invitation_is_refused(
    caller: Caller, cells: dict[str, object]
) -> None:
    done = bring_in(at_cy("ana@example.org") | cells, caller=caller)

    [column] = cells
    assert faults(done) == [(2, column, "not_allowed")]


def test_other_organisations_are_as_if_they_were_not(caller: Caller) -> None:
    other = factories.organisation("Other")

    done = bring_in(
        {"email": "a@example.org", "organisation": str(other.id), "role": "student"},
        {"email": "b@example.org", "organisation": "Nowhere", "role": "student"},
        {"email": "c@example.org"},
        caller=caller,
    )

    assert faults(done) == [
        (2, "organisation", "unknown_organisation"),
        (3, "organisation", "unknown_organisation"),
        (4, "organisation", "not_allowed"),
    ]


def test_nobody_is_invited_twice(caller: Caller) -> None:
    first = bring_in(at_cy("ana@example.org"), at_cy("ana@example.org", "teacher"), caller=caller)
    again = bring_in(at_cy("Ana@example.org"), at_cy("bo@example.org"), caller=caller)

    assert outcomes(first) == ["invited", "invited"]
    assert outcomes(again) == ["unchanged", "invited"]
    assert count(Invitation) == 3
    assert count(AuditEvent, what="invited") == 3


def test_an_invitation_that_expired_makes_room(caller: Caller, clock: Clock) -> None:
    first = bring_in(at_cy("ana@example.org", password_hash=BCRYPT), caller=caller)
    clock.advance(Invitation.LIFETIME + timedelta(seconds=1))

    again = bring_in(at_cy("ana@example.org"), at_cy("bo@example.org"), caller=caller)

    assert outcomes(again) == ["invited", "invited"]
    assert count(Invitation) == 2
    assert import_undo.undo(first.id, caller) == {Undone.GONE: 1}


def test_too_many_mails_to_one_address_are_told_of_its_row(
    caller: Caller, cy: Organisation, boss: Account
) -> None:
    for _ in range(3):
        bring_in(at_cy("ana@example.org"), caller=caller)
        [waiting] = db.session().scalars(select(Invitation).filter_by(withdrawn_at=None))
        invitations.withdraw(acting(boss, cy), cy.id, waiting.id, VISITOR)

    done = bring_in(at_cy("ana@example.org"), at_cy("bo@example.org"), caller=caller)

    assert faults(done) == [(2, "email", "too_many_mails")]
    assert done.counts == {"refused": 1, "invited": 1}


# The password that comes along


def test_the_old_password_is_good_for_whoever_reads_the_mail_and_knows_it(
    caller: Caller, cy: Organisation
) -> None:
    bring_in(at_cy("ana@example.org", password_hash=BCRYPT), caller=caller)
    assert signing_in.reason("ana@example.org", PASSWORD) == "unknown_account"

    accept("ana@example.org", PASSWORD)

    who = found("ana@example.org")
    [kept] = db.session().scalars(select(Password).filter_by(account_id=who.id))
    assert kept.hash.startswith("$argon2id$")
    assert [m.organisation_id for m in memberships.of(who.id)] == [cy.id]
    assert signing_in.opens(who, PASSWORD)
    assert set(db.session().scalars(select(Invitation.password_hash))) == {None}


def test_another_password_is_as_good_and_replaces_it(caller: Caller) -> None:
    bring_in(at_cy("ana@example.org", password_hash=BCRYPT), caller=caller)

    accept("ana@example.org", "three quiet lanterns")

    assert signing_in.reason("ana@example.org", PASSWORD) == "wrong_password"
    assert signing_in.opens(found("ana@example.org"), "three quiet lanterns")


def test_a_weak_password_is_good_only_where_it_is_the_old_one(caller: Caller) -> None:
    bring_in(at_cy("ana@example.org", password_hash=BCRYPT), caller=caller)

    with pytest.raises(PasswordRefused):
        accept("ana@example.org", "password")


def test_the_old_password_opens_nothing_of_an_account_that_is_there(caller: Caller) -> None:
    there = factories.account("there@example.org")
    bring_in(at_cy("there@example.org", password_hash=BCRYPT), caller=caller)
    [mail] = factories.mails("invitation")
    joining.accept_existing(factories.words(mail)["link"].partition("ticket=")[2], VISITOR)

    assert signing_in.reason("there@example.org", PASSWORD) == "wrong_password"
    assert signing_in.opens(there, factories.PASSWORD)


# Taking it back


def test_open_invitations_are_withdrawn_and_accepted_ones_stay(
    caller: Caller, cy: Organisation, boss: Account
) -> None:
    done = bring_in(
        at_cy("ana@example.org", password_hash=BCRYPT),
        at_cy("bo@example.org", password_hash=BCRYPT),
        at_cy("cy@example.org"),
        caller=caller,
    )
    accept("ana@example.org", PASSWORD)
    [cys] = db.session().scalars(select(Invitation).filter_by(email="cy@example.org"))
    invitations.withdraw(acting(boss, cy), cy.id, cys.id, VISITOR)

    counts = import_undo.undo(done.id, caller)

    assert counts == {Undone.ACCEPTED: 1, Undone.REMOVED: 1, Undone.GONE: 1}
    [bos] = db.session().scalars(select(Invitation).filter_by(email="bo@example.org"))
    assert bos.withdrawn_at is not None
    assert bos.password_hash is None
    assert count(Account, email="ana@example.org") == 1
    assert count(AuditEvent, what="invitation_withdrawn") == 2
    assert import_undo.undo(done.id, caller) == counts


def test_a_large_file_is_invited_in_small_batches_and_whole(caller: Caller) -> None:
    rows = [at_cy(f"p{number}@example.org") for number in range(importing.BATCH_OF_MAILS * 2 + 3)]
    seen: list[int] = []

    done = bring_in(*rows, caller=caller, progress=lambda number, _of: seen.append(number))

    assert seen == [importing.BATCH_OF_MAILS, importing.BATCH_OF_MAILS * 2, len(rows)]
    assert count(ImportRow) == count(Invitation) == len(rows)
    assert done.finished_at is not None
    assert done.finished_at <= now()
