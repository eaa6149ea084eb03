"""Whose name it is that somebody of the directory types, and what the directory says of them."""

from collections.abc import Callable

import pytest
from ldap3.utils.conv import escape_bytes
from sqlalchemy import select

from app import db
from app.clock import now
from app.directory import reader
from app.directory.reader import Named
from app.errors import TicketRefused
from app.models import Account, AuditEvent, DirectoryEntry
from app.operations import accounts, memberships, passwords
from tests import factories, slapd
from tests.factories import OWN_PASSWORD, VISITOR
from tests.operations.signing_in import WRONG, reason, signed_in
from tests.slapd import Slapd

ANN, ANNS = "person001", slapd.password_of("person001")
MAIL = "person001@school.example"
Ask = Callable[..., None]


@pytest.fixture(autouse=True)
def asking(asks_directory: Ask) -> Ask:
    return asks_directory


def found(identity: str) -> Account:
    account = accounts.find(identity)
    assert account is not None
    return account


def password(uid: str) -> str:
    return slapd.password_of(uid)


def test_who_registered_the_address_keeps_nobody_of_the_directory_out() -> None:
    squatter = factories.account(MAIL, activated=False)
    squatter.registered_at = now()
    db.session().commit()
    assert reason(MAIL, WRONG) == "wrong_password"
    assert reason(MAIL, ANNS) == ""
    assert kept(found(MAIL))


def test_whom_an_administrator_added_by_their_address_stays_whose_it_is() -> None:
    invited = factories.account(MAIL, activated=False)
    assert reason(MAIL, ANNS) == "no_way_in"
    assert not kept(invited)


def kept(account: Account) -> bool:
    return db.session().get(DirectoryEntry, account.id) is not None


def test_a_name_that_became_somebody_else_s_is_theirs(directory: Slapd) -> None:
    with directory.having("old") as old:
        assert reason(old, password(old)) == ""
        first = found(old)
        directory.rename(old, "new")
        with directory.having("old", mail="another@school.example"):
            directory.change("old", userPassword="the second one's own")
            assert reason("old", WRONG) == "wrong_password"
            assert reason("old", password("old")) == "wrong_password"
            assert reason("old", "the second one's own") == ""
            assert found("old").email == "another@school.example"
            assert (found("new").id, found("new").email) == (first.id, "old@school.example")
            assert reason("new", password(old)) == ""


def test_a_name_that_is_old_and_nobody_else_s_is_good_still(directory: Slapd) -> None:
    with directory.having("old") as old:
        assert reason(old, password(old)) == ""
        directory.rename(old, "new")
        assert reason(old, password(old)) == ""
        assert found("new").email == "old@school.example"


def test_whoever_comes_again_with_the_same_address_takes_nothing_over(directory: Slapd) -> None:
    with directory.having("zoe"):
        assert reason("zoe", password("zoe")) == ""
        first = found("zoe")
        factories.membership(first)
        signed_in(first, password("zoe"))
    with directory.having("zoe"):
        assert reason("zoe", WRONG) == "wrong_password"
        assert reason("zoe@school.example", password("zoe")) == ""
        second = found("zoe@school.example")
        assert reason("zoe", password("zoe")) == ""
        db.session().refresh(first)
        assert (first.email, first.username) == (None, "zoe")
        assert second.id != first.id
        assert memberships.of(second.id) == []
        assert factories.sessions_open() == 0
    assert reason("zoe", password("zoe")) == "wrong_password"


def test_an_address_that_is_another_s_in_the_directory_now_is_theirs(directory: Slapd) -> None:
    with directory.having("zoe") as zoe:
        assert reason(zoe, password(zoe)) == ""
        directory.change(zoe, mail="married@school.example")
        with directory.having("other", mail="zoe@school.example"):
            assert reason("other", password("other")) == ""
            assert found("zoe@school.example").username == "other"
            assert found("married@school.example").username == zoe


def test_who_is_gone_and_has_an_address_alone_keeps_it(directory: Slapd, asking: Ask) -> None:
    asking(username_attribute="employeeNumber")
    with directory.having("zoe"):
        assert reason("zoe@school.example", password("zoe")) == ""
        first = found("zoe@school.example")
    with directory.having("zoe"):
        assert reason("zoe@school.example", password("zoe")) == "no_way_in"
    conflict = select(AuditEvent.account_id).where(AuditEvent.what == "directory_conflict")
    assert set(db.session().scalars(conflict)) == {first.id}


def test_of_several_addresses_the_one_that_is_known_stays(directory: Slapd) -> None:
    two = ["b@school.example", "a@school.example"]
    with directory.having("zoe", mail=["no address", *two]) as zoe:
        for each in (zoe, *two):
            assert reason(each, password(zoe)) == ""
        assert found(zoe).email in two
        directory.change(zoe, mail="c@school.example")
        assert reason(zoe, password(zoe)) == ""
        assert found(zoe).email == "c@school.example"


def test_the_address_stays_however_a_directory_orders_them(directory: Slapd) -> None:
    with directory.having("zoe", mail=["a@school.example", "b@school.example"]) as zoe:
        assert reason(zoe, password(zoe)) == ""
        account = found(zoe)
        directory.change(zoe, mail=["b@school.example", account.email or ""])
        assert reason(zoe, password(zoe)) == ""
        changed = select(AuditEvent).where(AuditEvent.what == "directory_changed")
        assert db.session().scalars(changed).all() == []


def test_what_was_mailed_to_the_former_address_is_good_no_more(directory: Slapd) -> None:
    with directory.having("zoe") as zoe:
        assert reason(zoe, password(zoe)) == ""
        who, place = found(zoe), factories.organisation()
        factories.membership(who, place)
        factories.own_password(who, place, OWN_PASSWORD)
        passwords.forgotten(zoe, VISITOR, place.id)
        secret = factories.ticket_in("reset")
        assert passwords.reset_of(secret).account.id == who.id
        directory.change(zoe, mail="moved@school.example")
        assert reason(zoe, password(zoe)) == "no_way_in"  # there it is another that is good
        assert found("moved@school.example").id == who.id
        with pytest.raises(TicketRefused):
            passwords.reset_of(secret)


def test_who_has_no_address_comes_in_by_the_username(directory: Slapd) -> None:
    with directory.having("zoe", mail="nowhere at all") as zoe:
        assert reason(zoe, password(zoe)) == ""
        assert (found(zoe).email, found(zoe).username) == (None, "zoe")


@pytest.mark.parametrize("name", ["A\0B", "A\x1b[31mB", "A\nB"])
def test_a_name_with_controls_is_kept_without_them(directory: Slapd, name: str) -> None:
    with directory.having("zoe", cn=name) as zoe:
        assert reason(zoe, password(zoe)) == ""
        assert found(zoe).name.isprintable()


def test_a_name_is_not_endless(directory: Slapd) -> None:
    with directory.having("zoe", cn="Z" * 20_000, description="d" * 100_000) as zoe:
        assert reason(zoe, password(zoe)) == ""
        assert len(found(zoe).name) == 200


def test_whose_address_is_another_s_username_opens_nothing(directory: Slapd) -> None:
    with directory.having("zoe", mail=ANN):
        assert reason(ANN, password("zoe")) == "unknown_account"
        assert reason(ANN, ANNS) == "unknown_account"
        assert reason(MAIL, ANNS) == ""
        assert reason(ANN, password("zoe")) == "wrong_password"
        assert reason(ANN, ANNS) == ""


@pytest.mark.parametrize("attribute", ["employeeNumber", "description"])
def test_an_entry_that_cannot_be_told_from_others_is_nobody(
    directory: Slapd, asking: Ask, attribute: str
) -> None:
    asking(id_attribute=attribute)
    with directory.having("zoe", description=["one", "another"]):
        assert reason("zoe", password("zoe")) == "unknown_account"


def test_what_tells_an_entry_from_others_may_be_long(directory: Slapd, asking: Ask) -> None:
    asking(id_attribute="description")
    with directory.having("zoe", description="x" * 256):
        assert reason("zoe", WRONG) == "wrong_password"
        assert reason("zoe", password("zoe")) == ""
        assert reason("zoe", password("zoe")) == ""
        directory.change("zoe", description="x" * 257)
        assert reason("zoe@school.example", password("zoe")) == "wrong_password"


def test_who_is_gone_is_out_at_an_organisation_with_a_password_of_its_own_too(
    directory: Slapd,
) -> None:
    with directory.having("zoe"):
        assert reason("zoe", password("zoe")) == ""
        who, place = found("zoe"), factories.organisation()
        factories.membership(who, place)
        factories.own_password(who, place, OWN_PASSWORD)
        assert reason("zoe", OWN_PASSWORD) == ""
    assert reason("zoe", OWN_PASSWORD) == "wrong_password"


def test_where_nobody_can_be_looked_for_nobody_is_gone(directory: Slapd, asking: Ask) -> None:
    assert reason(ANN, ANNS) == ""
    asking(base_dn=f"ou=nowhere,{slapd.BASE}")
    assert reason(ANN, ANNS) == "directory_away"
    assert reason("person002", password("person002")) == "directory_away"
    gone = select(DirectoryEntry).where(DirectoryEntry.gone_at.is_not(None))
    assert db.session().scalars(gone).all() == []
    assert directory.process is not None


def test_an_answer_about_somebody_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason(ANN, ANNS) == ""
    other = reader.look_up(Named("person002"))
    assert other is not None
    theirs = escape_bytes(bytes.fromhex(other.key))
    monkeypatch.setattr(reader, "escape_bytes", lambda _: theirs)
    assert reason(ANN, ANNS) == "directory_away"
    assert reason(ANN, password("person002")) == "directory_away"
    monkeypatch.setattr(reader, "escape_bytes", lambda _: "*")  # and about everybody
    assert reason(ANN, ANNS) == "directory_away"
