"""Signing in with a password that a directory has: the same machine, the same counters."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.directory import reader
from app.directory.reader import Named
from app.errors import KeptInDirectory, WrongPassword
from app.models import (
    Account,
    AuditEvent,
    DirectoryEntry,
    Membership,
    Organisation,
    Password,
    Role,
    Session,
)
from app.operations import (
    account_acts,
    accounts,
    addresses,
    directory_people,
    memberships,
    names,
    new_passwords,
    passkey_answers,
    passwords,
    seats,
    sign_in,
    sign_in_verdicts,
)
from app.operations.rights import Action
from tests import factories, slapd
from tests.authenticator import Authenticator
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.signing_in import WRONG, reason, refusal_of, signed_in
from tests.slapd import Slapd

ANN, ANNS = "person001", slapd.password_of("person001")
MAIL = "person001@school.example"
Ask = Callable[..., None]


@pytest.fixture(autouse=True)
def asking(asks_directory: Ask) -> Ask:
    return asks_directory


@pytest.fixture
def newcomer(directory: Slapd) -> Iterator[str]:
    """Somebody whom tests may change, in the directory alone so far."""
    directory.add("zoe", "zoe@school.example", "Zoe Newcomer", slapd.password_of("zoe"))
    yield "zoe"
    directory.remove("zoe")


def ann() -> Account:
    """Sign Ann in for the first time; return her account."""
    assert reason(ANN, ANNS) == ""
    found = accounts.find(ANN)
    assert found is not None
    return found


def event(what: str) -> AuditEvent:
    return db.session().scalars(select(AuditEvent).where(AuditEvent.what == what)).one()


def count(table: type[db.Base]) -> int:
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def test_the_first_sign_in_makes_an_account() -> None:
    account = ann()
    assert (account.email, account.name) == ("person001@school.example", "Person 1")
    assert account.activated_at is not None
    assert reason("Person001@SCHOOL.example", ANNS) == ""
    assert (count(Account), count(DirectoryEntry), count(Password)) == (1, 1, 1)
    assert event("account_created").details["from_directory"] == 1


def test_a_wrong_password_makes_none() -> None:
    assert reason(ANN, WRONG) == "wrong_password"
    assert reason("nobody at all", WRONG) == "unknown_account"
    assert count(Account) == 0


@pytest.mark.parametrize("password", ["", "\0", ANNS + "\0", "\u00ad", "\u200b"])
def test_a_password_that_says_nothing_opens_nothing(password: str) -> None:
    assert reason(ANN, password) in {"wrong_password", "unknown_account"}
    ann()
    assert reason(ANN, password) == "wrong_password"


def test_a_local_account_is_never_taken_over() -> None:
    mine = factories.account("person001@school.example")
    assert reason(ANN, ANNS) == "no_way_in"
    assert reason("person001@school.example", ANNS) == "wrong_password"
    assert reason("person001@school.example", PASSWORD) == ""
    assert count(DirectoryEntry) == 0
    assert event("directory_conflict").account_id == mine.id


def test_a_username_that_is_taken_is_left_to_whoever_has_it() -> None:
    mine = factories.account(username=ANN)
    assert reason("person001@school.example", ANNS) == ""
    other = accounts.find("person001@school.example")
    assert other is not None
    assert (other.id != mine.id, other.username) == (True, None)
    assert reason(ANN, PASSWORD) == ""


def test_who_registered_the_address_and_never_confirmed_it_makes_room() -> None:
    squatter = factories.account("person001@school.example", activated=False)
    squatter.registered_at = now()
    db.session().commit()
    assert reason(ANN, ANNS) == ""
    assert count(Account) == 1


@pytest.mark.usefixtures("newcomer")
def test_an_account_is_linked_by_what_never_changes(directory: Slapd) -> None:
    assert reason("zoe", slapd.password_of("zoe")) == ""
    before = accounts.find("zoe")
    assert before is not None
    directory.rename("zoe", "zoey")
    directory.change("zoey", mail="zoey@school.example", cn="Zoe Married")
    try:
        assert reason("zoey", slapd.password_of("zoe")) == ""
        db.session().refresh(before)
        said = (before.username, before.email, before.name)
        assert said == ("zoey", "zoey@school.example", "Zoe Married")
        assert count(Account) == 1
    finally:
        directory.rename("zoey", "zoe")


@pytest.mark.usefixtures("newcomer")
def test_whoever_gets_the_old_name_does_not_get_the_account(directory: Slapd) -> None:
    assert reason("zoe", slapd.password_of("zoe")) == ""
    first = accounts.find("zoe")
    directory.remove("zoe")
    directory.add("zoe", "zoe2@school.example", "Another Zoe", "her own password")
    assert reason("zoe", slapd.password_of("zoe")) == "wrong_password"
    done = sign_in.verify_password("zoe", "her own password", VISITOR)
    assert first is not None
    assert done.account.id != first.id
    assert done.account.email == "zoe2@school.example"
    assert (first.username, done.account.username) == ("zoe", None)


@pytest.mark.usefixtures("newcomer")
def test_roles_follow_the_groups(asking: Ask, directory: Slapd) -> None:
    school, other = factories.organisation("School"), factories.organisation("Other")
    asking(
        groups={
            slapd.TEACHERS: (school.id, "Teacher"),
            slapd.STUDENTS: (school.id, "Student"),
            f"cn=none,{slapd.GROUPS}": (other.id, "Account Admin"),
        }
    )
    everybody = [f"person{n:03}" for n in range(20)]
    directory.put(slapd.TEACHERS, *everybody, "zoe")
    try:
        who = signed_in_zoe()
        assert roles_of(who) == {(school.id, Role.TEACHER)}
        factories.membership(who, other, Role.STUDENT)
        directory.put(slapd.TEACHERS, *everybody)
        assert signed_in_zoe().id == who.id
        assert roles_of(who) == {(other.id, Role.STUDENT)}
    finally:
        directory.put(slapd.TEACHERS, *everybody)


def signed_in_zoe() -> Account:
    assert reason("zoe", slapd.password_of("zoe")) == ""
    found = accounts.find("zoe")
    assert found is not None
    return found


def roles_of(account: Account) -> set[tuple[object, Role]]:
    held = select(Membership.organisation_id, Membership.role)
    return {
        (place, role) for place, role in db.session().execute(held.filter_by(account_id=account.id))
    }


def test_a_group_of_an_organisation_that_is_not_there_gives_nothing(asking: Ask) -> None:
    place: Organisation = factories.organisation()
    gone = place.id
    db.session().delete(place)
    db.session().commit()
    asking(groups={slapd.TEACHERS: (gone, "Teacher")})
    assert roles_of(ann()) == set()


@pytest.mark.usefixtures("newcomer")
def test_who_is_gone_from_the_directory_is_out(directory: Slapd) -> None:
    who = signed_in_zoe()
    signed_in(who, slapd.password_of("zoe"))
    assert count(Session) == 1
    directory.remove("zoe")
    try:
        assert reason("zoe", slapd.password_of("zoe")) == "wrong_password"
        assert count(Session) == 0
        assert event("directory_entry_gone").account_id == who.id
    finally:
        directory.add("zoe", "zoe@school.example", "Zoe", slapd.password_of("zoe"))


def test_a_factor_is_asked_for_as_of_anybody() -> None:
    who = ann()
    factories.membership(who, factories.organisation(factorForStudents="any"), Role.STUDENT)
    done = signed_in(who, ANNS)
    assert done.session.factor.value == "pin"


def test_confirming_asks_the_directory() -> None:
    done = signed_in(ann(), ANNS)
    with pytest.raises(WrongPassword):
        seats.verify_again(done.session, WRONG, VISITOR)
    assert seats.verify_again(done.session, ANNS, VISITOR)


def test_what_the_directory_has_is_not_changed_here() -> None:
    session = signed_in(ann(), ANNS).session
    kept = "kept_in_directory"
    new = "a new one entirely"
    assert refusal_of(lambda: passwords.change(session, ANNS, new, VISITOR)) == kept
    assert refusal_of(lambda: addresses.ask(session, "new@example.org", VISITOR)) == kept
    assert refusal_of(lambda: names.change_username(session, "other", VISITOR)) == kept
    assert refusal_of(lambda: names.rename(session, "Other", VISITOR)) == kept


def test_who_forgot_it_is_told_where_it_is_changed() -> None:
    ann()
    passwords.forgotten(ANN, VISITOR)
    assert factories.latest_words("password_in_directory")["directory"]


def test_two_entries_for_one_name_open_nothing(asking: Ask) -> None:
    asking(user_filter="(|(uid={identity})(sn=1))")
    assert reason("person002", slapd.password_of("person002")) == "unknown_account"


def test_where_nobody_is_looked_for_an_address_is_good_once_it_is_known(asking: Ask) -> None:
    asking(bind_dn=None, bind_password=None, user_dn=f"uid={{identity}},{slapd.PEOPLE}")
    assert reason(MAIL, ANNS) == "unknown_account"
    ann()
    assert reason(MAIL, ANNS) == ""
    assert reason(MAIL, WRONG) == "wrong_password"
    assert reason("Person001", ANNS) == ""


def test_without_the_directory_its_people_stay_out(
    change_settings: Callable[..., None],
) -> None:
    ann()
    change_settings(directory=None)
    assert reason(ANN, ANNS) == "wrong_password"
    assert reason(ANN, "directory") == "wrong_password"


def test_the_link_is_kept_when_the_first_two_sign_ins_meet() -> None:
    entry = reader.look_up(Named(ANN))
    assert entry is not None
    first = directory_people.arrive(entry, VISITOR)
    second = directory_people.arrive(entry, VISITOR)
    assert first.id == second.id


def by_passkey(holder: Authenticator) -> str:
    credential = holder.use(passkey_answers.options_for_anybody(VISITOR))
    return refusal_of(lambda: sign_in.verify_passkey(credential, VISITOR))


@pytest.mark.usefixtures("newcomer")
def test_a_passkey_is_good_only_while_the_directory_has_its_owner(
    directory: Slapd, asking: Ask
) -> None:
    who = signed_in_zoe()
    holder = factories.passkey_of(who, Authenticator())
    assert by_passkey(holder) == ""
    with directory.paused():
        asking(timeout=0.3)
        assert by_passkey(holder) == "directory_away"
    asking(bind_dn=None, bind_password=None, user_dn=f"uid={{identity}},{slapd.PEOPLE}")
    assert by_passkey(holder) == "wrong_code"
    asking()
    directory.remove("zoe")
    try:
        assert by_passkey(holder) == "wrong_code"
        assert event("directory_entry_gone").account_id == who.id
    finally:
        directory.add("zoe", "zoe@school.example", "Zoe", slapd.password_of("zoe"))


def test_a_password_of_one_organisation_is_good_beside_the_directory_s() -> None:
    who, place = ann(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place, OWN_PASSWORD)
    assert reason(ANN, OWN_PASSWORD) == ""
    assert reason(ANN, ANNS) == "no_way_in"


def test_the_directory_s_password_is_kept_nowhere() -> None:
    signed_in(ann(), ANNS)
    kept = factories.everything_kept()
    assert ANNS not in kept
    assert slapd.PORTAL_PASSWORD not in kept
    assert slapd.PEOPLE not in kept


def test_an_administrator_mails_no_reset_to_the_directory_s_people() -> None:
    who = ann()
    assert not account_acts.applies(Action.SEND_RESET, who)
    with pytest.raises(KeptInDirectory), db.transaction():
        new_passwords.keep(who, "a hash")


def test_whoever_looks_why_sees_that_the_directory_lost_them(
    change_settings: Callable[..., None],
) -> None:
    who = ann()
    opened = sign_in_verdicts.of_whole(who, memberships.of(who.id))
    assert opened.shared == []
    assert [each.password.brought_along for each in opened.ways if each.password] == [False]
    change_settings(directory=None)
    shut = sign_in_verdicts.of_whole(who, memberships.of(who.id))
    assert [each.reason for each in shut.shared] == ["kept_in_directory"]
