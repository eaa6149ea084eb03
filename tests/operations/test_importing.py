"""Bringing people in from a file: who is made, who was there, who is refused, and going on."""

import io
import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from app import config, db
from app.errors import ProofRequired
from app.models import (
    Account,
    AuditEvent,
    Factor,
    Import,
    ImportRow,
    Membership,
    Outcome,
    Password,
    Role,
    Session,
    TotpDevice,
)
from app.operations import (
    import_writing,
    importing,
    memberships,
    registration,
    second_factor,
    sign_in,
)
from app.operations.import_authority import Authority
from app.operations.import_caller import Caller
from app.operations.import_faults import FileFault, FileRefused
from app.operations.import_mappings import from_words
from app.operations.sign_in import CodeWanted
from app.security import totp
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations import signing_in
from tests.operations.bringing_in import (
    CALLER,
    bring_in,
    count,
    faults,
    file_of,
    found,
    outcomes,
    people,
    rows_of,
)
from tests.security.foreign import HASHES, PASSWORD

pytestmark = pytest.mark.usefixtures("portal")

SECRET = "JBSWY3DPEHPK3PXP"
BCRYPT = HASHES["bcrypt 2b"][1]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows make several batches."""
    monkeypatch.setattr(importing, "BATCH", 20)


# Who is made


def test_a_person_comes_with_all_that_the_row_says() -> None:
    place = factories.organisation("Northwind College")

    done = bring_in(
        {
            "id": "11111111-1111-4111-8111-111111111111",
            "short_id": "aobEdbYhXfu5hkeqG",
            "email": "Ana@example.org",
            "username": "ana",
            "name": "Ana Silva",
            "password_hash": BCRYPT,
            "organisation": "Northwind College",
            "role": "teacher",
        }
    )

    who = found("ana@example.org")
    assert outcomes(done) == ["created"]
    assert rows_of(done)[0].created == "account, password, membership"
    assert str(who.id) == "11111111-1111-4111-8111-111111111111"
    assert (who.short_id, who.username, who.name) == ("aobEdbYhXfu5hkeqG", "ana", "Ana Silva")
    assert who.activated_at
    assert who.registered_at is None
    assert who.suspended_at is None
    assert [(m.organisation_id, m.role) for m in memberships.of(who.id)] == [
        (place.id, Role.TEACHER)
    ]
    assert signing_in.opens(who, PASSWORD)


@pytest.mark.parametrize("name", HASHES)
def test_the_old_password_signs_in_whatever_made_its_hash(name: str) -> None:
    hash_format, hashed = HASHES[name]
    factories.membership(factories.account(), factories.organisation("Cy"))

    bring_in({"email": "ana@example.org", "password_hash": hashed, "hash_format": hash_format,
              "organisation": "Cy", "role": "student"})  # fmt: skip
    who = found("ana@example.org")
    signed_in = signing_in.signed_in(who, PASSWORD)

    assert signed_in.session.account_id == who.id
    [kept] = db.session().scalars(select(Password.hash).filter_by(account_id=who.id))
    assert kept.startswith("$argon2id$")


def test_an_app_comes_along_sealed_confirmed_and_answering(clock: Clock) -> None:
    factories.organisation("Cy")
    done = bring_in({"email": "ana@example.org", "password_hash": BCRYPT, "totp_secret": SECRET,
                     "organisation": "Cy", "role": "student"})  # fmt: skip
    who = found("ana@example.org")

    [offer] = sign_in.verify_password("ana@example.org", PASSWORD, VISITOR).offers
    step = sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(step, CodeWanted)
    code = totp.code_at(SECRET, totp.step_at(clock.time))
    opened = sign_in.answer(step.handle, code, VISITOR)

    device = second_factor.device_of(who)
    assert device is not None
    assert SECRET not in device.sealed_secret
    assert second_factor.secret_of(device) == SECRET
    assert isinstance(opened, sign_in.SignedIn)
    assert opened.session.factor is Factor.CODE
    assert rows_of(done)[0].created == "account, password, app, membership"


def test_an_app_that_comes_along_has_no_more_tries_than_others(clock: Clock) -> None:
    factories.organisation("Cy")
    bring_in({"email": "ana@example.org", "password_hash": BCRYPT, "totp_secret": SECRET,
              "organisation": "Cy", "role": "student"})  # fmt: skip
    codes = {totp.code_at(SECRET, totp.step_at(clock.time) + by) for by in (-1, 0, 1)}
    wrong = next(each for each in ("000000", "111111", "222222", "333333") if each not in codes)

    said = []
    for _ in range(3):
        [offer] = sign_in.verify_password("ana@example.org", PASSWORD, VISITOR).offers
        step = sign_in.proceed(offer.handle, VISITOR)
        assert isinstance(step, CodeWanted)
        said += [signing_in.refusal_of(partial(sign_in.answer, step.handle, wrong, VISITOR))
                 for _ in range(5)]  # fmt: skip

    assert said == ["wrong_code"] * 10 + ["too_many_codes"] * 5


def test_several_rows_of_a_person_add_memberships() -> None:
    one, other = factories.organisation("Cy"), factories.organisation("Dy")
    ana = {"email": "ana@example.org", "name": "Ana", "password_hash": BCRYPT}

    done = bring_in(
        ana | {"organisation": str(one.id), "role": "student"},
        {"email": "bo@example.org", "organisation": "Cy", "role": "student"},
        {"email": "ANA@example.org", "organisation": "Dy", "role": "teacher"},
        ana | {"organisation": "Dy", "role": "student"},
    )

    assert outcomes(done) == ["created", "created", "joined", "joined"]
    held = {(m.organisation_id, m.role) for m in memberships.of(found("ana@example.org").id)}
    assert held == {(one.id, Role.STUDENT), (other.id, Role.TEACHER), (other.id, Role.STUDENT)}
    assert count(Account) == 2


def test_several_rows_of_a_person_may_stand_far_apart() -> None:
    factories.organisation("Cy")
    crowd = people(importing.BATCH * 2)

    done = bring_in(
        {"email": "ana@example.org", "name": "Ana"},
        *crowd,
        {"email": "ana@example.org", "organisation": "Cy", "role": "teacher"},
        *({"email": "crowd3@example.org", "organisation": "Cy", "role": role}
          for role in ("student", "student")),
    )  # fmt: skip

    assert outcomes(done)[-3:] == ["joined", "joined", "refused"]
    assert faults(done) == [(len(crowd) + 5, "", "repeated")]
    assert [m.role for m in memberships.of(found("ana@example.org").id)] == [Role.TEACHER]


def test_an_organisations_own_password_is_good_there_and_only_there() -> None:
    place = factories.organisation("Cy")
    own = HASHES["Django scrypt"][1]

    done = bring_in(
        {"email": "ana@example.org", "organisation": "Cy", "role": "student",
         "organisation_password_hash": own},
        {"email": "ana@example.org", "organisation": "Cy", "role": "teacher",
         "organisation_password_hash": BCRYPT},
    )  # fmt: skip

    [first, second] = rows_of(done)
    assert first.created == "account, membership, organisation password"
    assert (second.created, second.ignored) == ("membership", ["organisation_password_hash"])
    [kept] = db.session().scalars(select(Password))
    assert kept.organisation_id == place.id
    assert kept.hash.startswith("$scrypt$")


def test_a_superuser_is_made_and_recorded() -> None:
    bring_in({"email": "root@example.org", "superuser": "true"})

    who = found("root@example.org")
    assert [m.role for m in memberships.of(who.id)] == [Role.SUPERUSER]
    [recorded] = db.session().scalars(select(AuditEvent).filter_by(account_id=who.id))
    assert (recorded.what, recorded.details) == ("account_created", {"superuser": 1})


def test_a_suspended_person_stays_outside() -> None:
    bring_in({"email": "ana@example.org", "password_hash": BCRYPT, "suspended": "yes"})

    assert signing_in.reason("ana@example.org", PASSWORD) == "account_suspended"


def test_who_was_never_activated_needs_the_mail_and_the_old_password() -> None:
    bring_in({"email": "ana@example.org", "password_hash": BCRYPT, "activated": "false"})
    who = found("ana@example.org")

    assert signing_in.reason("ana@example.org", PASSWORD) == "not_activated"
    assert who.registered_at  # as if somebody had registered it here: perhaps not its owner
    assert factories.mails() == []


def test_the_mail_alone_does_not_make_the_old_password_good() -> None:
    factories.organisation("Cy")
    bring_in({"email": "ana@example.org", "password_hash": BCRYPT, "activated": "false",
              "organisation": "Cy", "role": "student"})  # fmt: skip

    registration.register("ana@example.org", "Ana", "seven quiet lanterns", VISITOR)
    ticket = factories.ticket_in("activation")

    assert registration.activation_of(ticket).wants_password
    with pytest.raises(ProofRequired):
        registration.activate_here(ticket, None, VISITOR)
    registration.activate_by_password(ticket, PASSWORD, VISITOR)
    assert signing_in.opens(found("ana@example.org"), PASSWORD)


def test_who_is_not_activated_and_has_no_password_was_prepared() -> None:
    bring_in({"email": "ana@example.org", "activated": "false"})

    assert found("ana@example.org").registered_at is None
    registration.register("ana@example.org", "A stranger", "a strangers words", VISITOR)
    assert found("ana@example.org").name == ""


def test_an_import_keeps_nothing_of_what_the_rows_said() -> None:
    factories.organisation("Cy")
    done = bring_in({"email": "ana@example.org", "name": "Ana Silva", "password_hash": BCRYPT,
                     "totp_secret": SECRET, "organisation": "Cy", "role": "student"},
                    {"email": "bo@example.org", "password_hash": "open sesame"})  # fmt: skip

    told = [repr(vars(row)) for row in [*rows_of(done), db.session().get_one(Import, done.id)]]
    told += [repr(vars(row)) for row in db.session().scalars(select(AuditEvent))]
    for secret in ("ana@", "Silva", BCRYPT, SECRET, "open sesame"):
        assert not any(secret in each for each in told)


# Who was there


def test_who_was_there_is_given_memberships_and_keeps_all_else() -> None:
    place = factories.organisation("Cy")
    who = factories.account("ana@example.org", username="ana", name="Ana")
    before = [str(each) for each in db.session().scalars(select(Password.hash))]

    done = bring_in(
        {"email": "Ana@Example.org", "username": "anna", "name": "Another", "superuser": "yes",
         "id": str(uuid.uuid4()), "suspended": "yes", "activated": "no",
         "password_hash": BCRYPT, "totp_secret": SECRET,
         "organisation": "Cy", "role": "teacher", "organisation_password_hash": BCRYPT},
    )  # fmt: skip

    db.session().refresh(who)
    [row] = rows_of(done)
    assert (row.outcome, row.account_id, row.created) == (Outcome.JOINED, who.id, "membership")
    assert set(row.ignored or []) == {
        "username", "id", "name", "activated", "suspended", "superuser", "password_hash",
        "totp_secret", "organisation_password_hash",
    }  # fmt: skip
    assert (who.name, who.username, who.suspended_at) == ("Ana", "ana", None)
    assert [(m.role, m.organisation_id) for m in memberships.of(who.id)] == [
        (Role.TEACHER, place.id)
    ]
    assert list(db.session().scalars(select(Password.hash))) == before
    assert count(TotpDevice) == 0


def test_a_membership_that_was_there_changes_nothing() -> None:
    who, place = factories.account("ana@example.org"), factories.organisation("Cy")
    factories.membership(who, place)

    done = bring_in(
        {"email": "ana@example.org", "organisation": "Cy", "role": "student"},
        {"email": "ana@example.org", "organisation": "Cy", "role": "teacher"},
    )

    assert outcomes(done) == ["unchanged", "joined"]


def test_a_membership_of_who_was_there_is_recorded_with_who_gave_it() -> None:
    who, place = factories.account("ana@example.org"), factories.organisation("Cy")
    by = factories.account()

    done = bring_in({"email": "ana@example.org", "organisation": "Cy", "role": "teacher"},
                    caller=Caller(VISITOR, CALLER.authority, by.id))  # fmt: skip

    [recorded] = db.session().scalars(select(AuditEvent).filter_by(what="membership_added"))
    assert (recorded.account_id, recorded.by_account_id) == (who.id, by.id)
    assert recorded.organisation_id == place.id
    assert factories.told(recorded) == {"role": "Teacher", "import_id": str(done.id)}


def test_a_session_that_met_less_than_the_new_place_asks_has_to_prove_itself_again() -> None:
    factories.pin_organisation("Cy")
    who = factories.account("ana@example.org")
    factories.membership(who)
    signing_in.signed_in(who)

    bring_in({"email": "ana@example.org", "organisation": "Cy", "role": "student"})

    [session] = db.session().scalars(select(Session))
    assert session.account_proved_at is None


@pytest.mark.parametrize("column", ["username", "id", "short_id"])
def test_what_belongs_to_another_account_is_taken(column: str) -> None:
    other = factories.account("bo@example.org", username="bo")
    theirs = {"username": "BO", "id": str(other.id), "short_id": other.short_id}

    done = bring_in({"email": "ana@example.org", column: theirs[column]})

    assert faults(done) == [(2, column, "taken")]
    assert count(Account) == 1


def test_who_has_a_username_only_is_known_by_it() -> None:
    who = factories.account(None, username="desk-3")
    factories.organisation("Cy")

    done = bring_in({"username": "DESK-3", "organisation": "Cy", "role": "student"},
                    {"username": "desk-4", "organisation": "Cy", "role": "student"})  # fmt: skip

    assert outcomes(done) == ["joined", "created"]
    assert rows_of(done)[0].account_id == who.id


# Who is refused


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"email": "nowhere"}, "email", "bad_address"),
        ({"id": "12"}, "id", "bad_uuid"),
        ({"name": "x" * 201}, "name", "too_long"),
        ({"password_hash": "secret"}, "password_hash", "hash_unknown"),
        ({"totp_secret": "secret"}, "totp_secret", "bad_secret"),
        ({"organisation": "Ny", "role": "student"}, "organisation", "unknown_organisation"),
        ({"organisation": str(uuid.uuid4()), "role": "student"}, "organisation",
         "unknown_organisation"),
        ({"organisation": "Two", "role": "student"}, "organisation", "several_organisations"),
        ({"organisation": "Cy", "role": "dean"}, "role", "unknown_role"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_column_and_reason_and_no_other(
    cells: dict[str, Any], column: str, reason: str
) -> None:
    for name in ("Cy", "Two", "Two"):
        factories.organisation(name)

    done = bring_in({"email": "ana@example.org"}, {"email": "bo@example.org"} | cells,
                    {"email": "cleo@example.org"})  # fmt: skip

    assert outcomes(done) == ["created", "refused", "created"]
    assert faults(done) == [(3, column, reason)]
    assert done.counts == {"created": 2, "refused": 1}
    assert count(Account) == 2


def test_rows_that_say_a_thing_again_or_otherwise_are_refused() -> None:
    factories.organisation("Cy")
    at = {"organisation": "Cy", "role": "student"}
    ana = {"email": "ana@example.org", "username": "ana", "name": "Ana"}

    done = bring_in(
        ana | at,
        ana | at,
        {"email": "ana@example.org"},
        {"email": "ana@example.org", "name": "Anna", "organisation": "Cy", "role": "teacher"},
        {"email": "other@example.org", "username": "Ana"},
        {"email": "ana@example.org", "username": "ana2", "organisation": "Cy", "role": "teacher"},
        {"username": "ana", "organisation": "Cy", "role": "teacher"},
    )

    assert faults(done) == [
        (3, "", "repeated"),
        (4, "", "repeated"),
        (5, "name", "differs"),
        (6, "email", "differs"),
        (7, "username", "differs"),
    ]
    assert outcomes(done)[-1] == "joined"
    assert count(Account) == 1


def test_a_person_whose_first_row_was_refused_does_not_come_in_by_another() -> None:
    factories.organisation("Cy")
    at = {"organisation": "Cy", "role": "student"}

    done = bring_in(
        {"email": "ana@example.org", "password_hash": "secret"},
        *people(importing.BATCH),
        {"email": "ana@example.org"} | at,
    )

    assert faults(done) == [
        (2, "password_hash", "hash_unknown"),
        (importing.BATCH + 3, "", "first_refused"),
    ]
    assert count(Membership) == 0


def test_all_that_is_wrong_with_a_row_is_told() -> None:
    done = bring_in({"email": "nowhere", "id": "7", "organisation": "Ny", "role": "dean"})

    assert sorted(faults(done)) == [
        (2, "email", "bad_address"),
        (2, "id", "bad_uuid"),
        (2, "organisation", "unknown_organisation"),
        (2, "role", "unknown_role"),
    ]


@pytest.mark.parametrize(
    ("text", "words", "fault", "column"),
    [
        ("email,name\n", [], FileFault.EMPTY, ""),
        ("mail,name\na@b.org,Ana\n", [], FileFault.NO_IDENTITY, ""),
        ("email,name\na@b.org,Ana\n", ["email=mail"], FileFault.NO_COLUMN, "mail"),
        ("email,name\na@b.org,Ana\n", ["email="], FileFault.NO_IDENTITY, ""),
        ('[{"email": "a@b.org"}', [], FileFault.BROKEN, ""),
    ],
)
def test_a_file_that_is_not_whole_brings_in_nobody(
    text: str, words: list[str], fault: FileFault, column: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        importing.survey("people", io.BytesIO(text.encode()), from_words(words))

    assert (refused.value.fault, refused.value.column) == (fault, column)


def test_columns_that_nobody_reads_are_told() -> None:
    file = file_of({"email": "a@b.org", "shoe size": "43", "who": "Ana"},
                   mapping=from_words(["name=who"]))  # fmt: skip

    assert file.unused == ["shoe_size"]


# What the caller may give


def admin_of(*places: uuid.UUID) -> Caller:
    roles = frozenset({Role.STUDENT, Role.TEACHER})
    return Caller(VISITOR, Authority(frozenset(places), roles))


def test_rows_beyond_the_callers_authority_are_refused_and_no_others() -> None:
    mine, other = factories.organisation("Mine"), factories.organisation("Other")
    there = {"organisation": "Mine", "role": "student"}

    done = bring_in(
        {"email": "a@example.org"} | there,
        {"email": "b@example.org", "organisation": str(other.id), "role": "student"},
        {"email": "c@example.org", "organisation": "Other", "role": "student"},
        {"email": "d@example.org", "organisation": "Mine", "role": "account-admin"},
        {"email": "e@example.org"},
        {"email": "f@example.org", "superuser": "true"} | there,
        {"email": "g@example.org", "password_hash": BCRYPT} | there,
        {"email": "h@example.org", "totp_secret": SECRET} | there,
        {"email": "i@example.org", "id": str(uuid.uuid4())} | there,
        {"email": "j@example.org", "activated": "true"} | there,
        {"email": "k@example.org", "organisation_password_hash": BCRYPT} | there,
        {"username": "l-generic"} | there,
        {"email": "m@example.org", "activated": "no", "superuser": "no"} | there,
        caller=admin_of(mine.id),
    )

    assert faults(done) == [
        (3, "organisation", "unknown_organisation"),
        (4, "organisation", "unknown_organisation"),
        (5, "role", "not_allowed"),
        (6, "organisation", "not_allowed"),
        (7, "superuser", "not_allowed"),
        (8, "password_hash", "not_allowed"),
        (9, "totp_secret", "not_allowed"),
        (10, "id", "not_allowed"),
        (11, "activated", "not_allowed"),
        (12, "organisation_password_hash", "not_allowed"),
        (13, "activated", "not_allowed"),
    ]
    assert [found(f"{who}@example.org").activated_at for who in "am"] == [None, None]
    assert count(Account) == count(Membership) == 2


def test_an_authority_over_nothing_gives_nothing() -> None:
    factories.organisation("Cy")

    done = bring_in({"email": "a@example.org", "organisation": "Cy", "role": "student"},
                    {"email": "b@example.org"}, caller=Caller(VISITOR))  # fmt: skip

    assert outcomes(done) == ["refused", "refused"]


# A dry run


def test_a_dry_run_says_what_would_become_of_each_row_and_keeps_nothing_else() -> None:
    place = factories.organisation("Cy")
    there = factories.account("bo@example.org")
    at = {"organisation": "Cy", "role": "student"}
    rows: list[Mapping[str, object]] = [
        {"email": "ana@example.org", "password_hash": BCRYPT} | at,
        {"email": "bo@example.org", "name": "Bob"} | at,
        *people(importing.BATCH),
        {"email": "ana@example.org", "organisation": str(place.id), "role": "teacher"},
        {"email": "ana@example.org"} | at,
        {"email": "nowhere"},
    ]

    dry = bring_in(*rows, dry_run=True)
    kept = [count(table) for table in (Account, Membership, Password)]
    real = bring_in(*rows)

    assert kept == [1, 0, 1]
    assert (dry.dry_run, real.dry_run) == (True, False)
    assert dry.finished_at
    assert dry.counts == real.counts
    assert outcomes(dry) == outcomes(real)
    assert faults(dry) == faults(real)
    assert [row.created for row in rows_of(dry)] == [row.created for row in rows_of(real)]
    assert [row.account_id for row in rows_of(dry)[:2]] == [None, there.id]
    assert {row.membership_id for row in rows_of(dry)} == {None}
    recorded = set(db.session().scalars(select(AuditEvent.what)))
    assert recorded == {"import_checked", "import_started", "import_finished", "membership_added"}


# Going on, and going over it again


class Killed(Exception):
    """The process ended here."""


def killed_after(rows: int) -> importing.Progress:
    def stop(done: int, _rows: int) -> None:
        if done >= rows:
            raise Killed

    return stop


def test_the_same_file_goes_on_where_it_stopped() -> None:
    factories.organisation("Cy")
    at = {"organisation": "Cy", "role": "student"}
    crowd: list[Mapping[str, object]] = [
        *people(importing.BATCH * 3, password_hash=BCRYPT),
        {"email": "crowd1@example.org", **at},
        {"email": "crowd2@example.org", "name": "Differs", **at},
        {"email": "crowd3@example.org"},
    ]
    with pytest.raises(Killed):
        bring_in(*crowd, progress=killed_after(importing.BATCH))
    half = count(Account)

    seen: list[tuple[int, int]] = []
    done = bring_in(*crowd, progress=lambda *where: seen.append(where))

    assert half == importing.BATCH
    assert count(Import) == 1
    assert count(Account) == count(Password) == importing.BATCH * 3
    assert count(ImportRow) == len(crowd)
    assert outcomes(done)[-3:] == ["joined", "refused", "refused"]
    assert done.counts == {"created": importing.BATCH * 3, "joined": 1, "refused": 2}
    assert (done.done, done.rows) == (len(crowd), len(crowd))
    assert seen[-1] == (len(crowd), len(crowd))
    assert seen[0] == (importing.BATCH, len(crowd))
    assert count(AuditEvent, what="import_started") == 1
    assert count(AuditEvent, what="import_finished") == 1


def test_another_mapping_or_another_caller_begins_anew() -> None:
    crowd = people(importing.BATCH + 1, who="Ana")
    with pytest.raises(Killed):
        bring_in(*crowd, progress=killed_after(1))
    begun = file_of(*crowd)

    assert importing.cut_short(begun, CALLER)
    assert importing.cut_short(file_of(*crowd, mapping=from_words(["name=who"])), CALLER) is None
    somebody = Caller(VISITOR, CALLER.authority, factories.account().id)
    assert importing.cut_short(begun, somebody) is None
    assert importing.cut_short(file_of(*people(3)), CALLER) is None


def test_two_who_run_the_same_file_at_once_share_its_rows() -> None:
    crowd = people(importing.BATCH * 4)
    file = file_of(*crowd)
    others: list[Import] = []

    def interrupt(done: int, _rows: int) -> None:
        if done == importing.BATCH and not others:
            others.append(bring_in(*crowd))

    done = importing.run(file, CALLER, progress=interrupt)

    assert done.id == others[0].id
    assert done.counts == {"created": len(crowd)}
    assert count(Account) == count(ImportRow) == len(crowd)
    assert count(AuditEvent, what="import_finished") == 1


def test_the_same_file_again_changes_nothing() -> None:
    factories.organisation("Cy")
    rows = [{"email": "ana@example.org", "name": "Ana", "organisation": "Cy", "role": "student"}]
    first = bring_in(*rows)

    again = bring_in(*rows)

    assert again.id != first.id
    assert outcomes(again) == ["unchanged"]
    assert count(Account) == count(Membership) == 1


def test_somebody_who_registers_at_the_same_moment_is_there_already(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """SQLite has one writer, so there nobody can: only the batch's second try is seen."""
    write, there = import_writing.write, engine != "sqlite"
    late = [insert(Account).values(email="crowd1@example.org", email_key="crowd1@example.org")]

    def write_late(*arguments: Any) -> None:
        with db.db.engine.begin() if there else nullcontext(db.session()) as another:
            for registering in [late.pop()] if late else []:
                another.execute(registering)
        write(*arguments)

    monkeypatch.setattr(import_writing, "write", write_late)
    done = bring_in(*people(3))

    assert late == []
    assert outcomes(done) == ["created", "unchanged" if there else "created", "created"]
    assert count(Account) == 3


def test_batches_are_short_and_many_rows_share_one() -> None:
    factories.organisation("Cy")
    statements: list[str] = []
    commits: list[int] = []
    engine = db.db.engine

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    def commit(*_: Any) -> None:
        commits.append(len(statements))

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", commit)
    try:
        bring_in(*people(importing.BATCH * 4, organisation="Cy", role="student",
                         password_hash=BCRYPT, totp_secret=SECRET))  # fmt: skip
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "commit", commit)

    assert len(commits) == 4 + 2  # and the beginning and the end
    assert len(statements) < 4 * 40


def test_names_are_kept_as_long_as_they_may_be() -> None:
    file = importing.survey("ü" * 300 + "\udcff", io.BytesIO(b"email\na@b.org\n"), from_words([]))

    assert importing.run(file, CALLER).source == "ü" * 200


def test_the_key_that_seals_apps_is_the_first(change_settings: Any) -> None:
    keys = config.current().secret_key
    change_settings(secret_key=f"a new key that is long enough 9876543210,{keys}")
    bring_in({"email": "ana@example.org", "totp_secret": SECRET})

    change_settings(secret_key="a new key that is long enough 9876543210")
    device = second_factor.device_of(found("ana@example.org"))
    assert device is not None
    assert second_factor.secret_of(device) == SECRET
