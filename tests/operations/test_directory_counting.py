"""Whoever guesses: one counter for each person of the directory, which sees no bind beyond it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import db
from app.directory import reader
from app.directory.conversation import Conversation
from app.directory.entries import Entry
from app.directory.reader import Named
from app.models import Account, Counted, FailedSignIns, Organisation
from app.operations import accounts, even_time, sessions, sign_in
from tests import factories, slapd
from tests.conftest import Clock
from tests.factories import PASSWORD, STRANGER
from tests.operations.signing_in import WRONG, fail, reason
from tests.slapd import Slapd

ANN, ANNS = "person001", slapd.password_of("person001")
MAIL = "person001@school.example"
Ask = Callable[..., None]


@pytest.fixture(autouse=True)
def asking(asks_directory: Ask) -> Ask:
    return asks_directory


@pytest.fixture
def binds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names that somebody binds as, other than the portal itself."""
    seen: list[str] = []
    bind = Conversation.bind

    def noted(self: Conversation, dn: str, password: str) -> bool:
        if dn != slapd.PORTAL:
            seen.append(dn)
        return bind(self, dn, password)

    monkeypatch.setattr(Conversation, "bind", noted)
    return seen


def ann() -> Account:
    """Sign Ann in for the first time; return her account."""
    assert reason(ANN, ANNS) == ""
    found = accounts.find(ANN)
    assert found is not None
    return found


def count(table: type[db.Base]) -> int:
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def failures(counted: Counted) -> int:
    """Return how many tries are counted, whoever made them."""
    total = select(func.sum(FailedSignIns.failures)).where(FailedSignIns.counted == counted)
    return db.session().scalar(total) or 0


def strict() -> Organisation:
    return factories.organisation(settings={"maxFailedSignInAttempts": 3})


def test_however_it_is_typed_it_is_one_account_and_one_counter() -> None:
    ann()
    for typed in (
        "PERSON001",
        "person001 ",
        " Person001",
        "\uff50erson001",
        "person001@school.example",
    ):
        assert reason(typed, ANNS, STRANGER) == ""
    assert count(Account) == 1
    spellings = ["person001", "PERSON001", "person001 ", "person001@school.example"] * 3
    reasons = [reason(each, WRONG, STRANGER) for each in spellings]
    assert reasons[:10] == ["wrong_password"] * 10
    assert set(reasons[10:]) == {"locked"}
    assert reason(ANN, ANNS, STRANGER) == "locked"


def test_before_the_first_sign_in_it_is_one_counter_too() -> None:
    reasons = fail(ANN, 6) + fail("person001@school.example", 6)
    assert reasons == ["wrong_password"] * 10 + ["locked"] * 2
    assert reason(ANN, ANNS, STRANGER) == "locked"
    assert count(Account) == 0


def test_the_directory_is_asked_no_more_than_the_portal_lets_through(binds: list[str]) -> None:
    ann()
    binds.clear()
    fail(ANN, 25)
    assert len(binds) == 10


def test_the_directory_is_asked_no_more_than_the_organisation_lets_through(
    binds: list[str],
) -> None:
    place = factories.organisation(settings={"maxFailedSignInAttempts": 3})
    factories.membership(ann(), place)
    binds.clear()
    assert fail(ANN, 8) == ["wrong_password"] * 3 + ["membership_locked"] * 5
    assert len(binds) == 3


def test_so_it_is_before_the_first_sign_in(asking: Ask, binds: list[str]) -> None:
    place = strict()
    asking(groups={slapd.TEACHERS: (place.id, "Teacher")})
    assert fail(ANN, 4) + fail(MAIL, 4) == ["wrong_password"] * 8
    assert len(binds) == 3
    assert reason(ANN, ANNS, STRANGER) == "wrong_password"
    assert count(Account) == 0


def test_who_comes_in_starts_anew_there(asking: Ask) -> None:
    asking(groups={slapd.TEACHERS: (strict().id, "Teacher")})
    for _ in range(3):
        assert fail(ANN, 2) == ["wrong_password"] * 2
        assert reason(ANN, ANNS, STRANGER) == ""
    assert failures(Counted.MEMBERSHIP) == 0


def test_a_place_that_is_locked_for_a_newcomer_stays_so(asking: Ask) -> None:
    easy, hard = factories.organisation(), strict()
    asking(groups={slapd.TEACHERS: (easy.id, "Teacher")})
    groups = {slapd.TEACHERS: (easy.id, "Teacher"), slapd.STUDENTS: (hard.id, "Student")}
    asking(groups=groups, group_filter="(|(cn=teachers)(cn=students)(member={dn}))")
    fail(ANN, 3)
    done = sign_in.verify_password(ANN, ANNS, STRANGER)
    assert [each.membership and each.membership.organisation_id for each in done.offers] == [
        easy.id
    ]
    assert [each.refusal.reason for each in done.refused] == ["membership_locked"]


def test_by_another_name_it_is_no_more_either(directory: Slapd, binds: list[str]) -> None:
    mails = ["zoe@school.example", "alias@school.example"]
    with directory.having("zoe", mail=mails):
        directory.change("zoe", uid=["zoe", "alias"])
        assert reason("zoe", slapd.password_of("zoe")) == ""
        who = accounts.find(mails[0]) or accounts.find(mails[1])
        assert who is not None
        factories.membership(who, strict())
        binds.clear()
        for name in ("zoe", "alias", *mails):
            fail(name, 4)
    assert len(binds) == 3


def test_what_was_typed_is_counted_for_the_network_once() -> None:
    fail(ANN, 4)
    assert failures(Counted.NETWORK) == 4
    assert reason(ANN, ANNS, STRANGER) == ""
    assert failures(Counted.NETWORK) == 4


def test_success_clears_what_was_counted_for_the_name_as_well(directory: Slapd) -> None:
    with directory.having("zoe", mail=["zoe@school.example", "alias@school.example"]):
        for _ in range(2):
            for each in ("alias@school.example", "zoe@school.example"):
                assert fail(each, 6) == ["wrong_password"] * 6
                assert reason(each, slapd.password_of("zoe"), STRANGER) == ""
    assert failures(Counted.IDENTITY) == 0


def test_a_name_that_is_locked_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(ANN, 10)
    monkeypatch.setattr("app.operations.directory_try.reader.look_up", None)
    assert reason(ANN, ANNS, STRANGER) == "locked"


def test_whoever_is_away_in_the_middle_counts_for_nothing(
    asking: Ask, directory: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = reader.look_up

    def then_pause(named: Named) -> Entry | None:
        found = look_up(named)
        asking(url=("ldaps://127.0.0.1:9",))
        return found

    fail(ANN, 2)
    fail("person002", 2)
    before = failures(Counted.IDENTITY), failures(Counted.NETWORK)
    monkeypatch.setattr(reader, "look_up", then_pause)
    assert reason(ANN, WRONG, STRANGER) == "directory_away"
    assert (failures(Counted.IDENTITY), failures(Counted.NETWORK)) == before
    assert directory.process is not None


def test_a_directory_that_is_away_is_no_wrong_password(
    directory: Slapd, asking: Ask, clock: Clock
) -> None:
    local = factories.account()
    who = ann()
    asking(timeout=0.3)
    with directory.paused():
        for _ in range(15):
            assert reason(ANN, ANNS, STRANGER) == "directory_away"
        assert reason("person002", ANNS, STRANGER) == "directory_away"
        assert reason(local.email, PASSWORD) == ""
        assert reason(local.email, WRONG) == "wrong_password"
    asking()
    clock.advance(timedelta(seconds=1))
    assert reason(ANN, ANNS, STRANGER) == ""
    assert sessions.all_of(who) == []


def test_whatever_is_refused_is_as_late_as_what_asks_the_directory_twice(
    monkeypatch: pytest.MonkeyPatch, change_settings: Callable[..., None]
) -> None:
    local, waited = factories.account("person002@school.example"), list[int]()
    fail(ANN, 9)
    monkeypatch.setattr(even_time, "wait", lambda _, floors: waited.append(floors))
    refused = [
        reason(local.email, WRONG),
        reason("person002", slapd.password_of("person002")),
        reason("nobody", WRONG),
        *fail(ANN, 1),
        *fail(MAIL, 1),
    ]
    assert refused == [
        "wrong_password",
        "no_way_in",
        "unknown_account",
        "wrong_password",
        "locked",
    ]
    assert waited == [2] * 5
    change_settings(directory=None)
    assert reason("nobody", WRONG) == "unknown_account"
    assert waited[5:] == [1]
