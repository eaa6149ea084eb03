"""Comparing everybody with the directory: who is out by it, who is not, and when it stops."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import db
from app.clock import now
from app.models import Account, DirectoryEntry, Membership, Role
from app.operations import accounts, directory_people, directory_sync, sign_in
from app.operations.directory_sync import FEW, Progress, TooManyGone
from tests import factories, slapd
from tests.factories import VISITOR
from tests.operations.signing_in import reason, signed_in
from tests.slapd import Slapd

MANY = FEW + 5
Ask = Callable[..., None]


@pytest.fixture(autouse=True)
def asking(asks_directory: Ask) -> Ask:
    return asks_directory


def come(number: int) -> Account:
    uid = f"person{number:03}"
    return sign_in.verify_password(uid, slapd.password_of(uid), VISITOR).account


def lose(account: Account, *, noticed: bool = False) -> None:
    """Let the account be that of an entry which the directory has not."""
    entry = db.session().get_one(DirectoryEntry, account.id)
    entry.key = uuid.uuid4().hex
    entry.gone_at = now() if noticed else None
    db.session().commit()


def sync(**how: bool) -> Progress:
    return list(directory_sync.sync(VISITOR, **how))[-1]


def out() -> set[uuid.UUID]:
    gone = select(DirectoryEntry.account_id).where(DirectoryEntry.gone_at.is_not(None))
    return set(db.session().scalars(gone))


def test_those_who_went_in_other_years_keep_nobody_in() -> None:
    people = [come(number) for number in range(MANY + 2)]
    for each in people[:MANY]:
        lose(each, noticed=True)
    lose(people[MANY])
    done = sync()
    assert (done.known, done.gone, done.newly_gone) == (MANY + 2, MANY + 1, 1)
    assert people[MANY].id in out()


def test_too_many_are_counted_against_those_who_were_there() -> None:
    people = [come(number) for number in range(MANY)]
    for each in people[:3]:
        lose(each, noticed=True)
    for each in people[3:]:
        lose(each)
    with pytest.raises(TooManyGone) as refused:
        sync()
    assert (refused.value.gone, refused.value.known) == (MANY - 3, MANY - 3)
    assert len(out()) == 3
    assert sync(many=True).newly_gone == MANY - 3


def test_only_who_was_looked_for_in_vain_twice_is_out(asking: Ask) -> None:
    people = [come(number) for number in range(MANY)]
    lose(people[0])
    at_work = directory_sync.sync(VISITOR)
    next(at_work)  # everybody was looked for
    asking(base_dn=slapd.GROUPS)  # and now somebody empties the directory
    done = list(at_work)[-1]
    assert (done.followed, done.newly_gone) == (MANY, 1)
    assert out() == {people[0].id}


def test_whom_the_filter_leaves_out_is_out(asking: Ask, directory: Slapd) -> None:
    asking(user_filter="(&(|(uid={identity})(mail={identity}))(!(employeeType=disabled)))")
    with directory.having("zoe"):
        zoe = sign_in.verify_password("zoe", slapd.password_of("zoe"), VISITOR).account
        come(1)
        signed_in(zoe, slapd.password_of("zoe"))
        assert sync().gone == 0
        directory.change("zoe", employeeType="disabled")
        assert sync().newly_gone == 1
        assert out() == {zoe.id}
        assert factories.sessions_open() == 0
        assert reason("zoe", slapd.password_of("zoe")) == "wrong_password"
        directory.change("zoe", employeeType="again")
        assert reason("zoe", slapd.password_of("zoe")) == ""


@pytest.mark.parametrize(
    "condition", ["(uid=*{identity}*)", "(|(cn={identity})(mail={identity}))", "(cn=P{identity})"]
)
def test_whoever_could_be_found_by_some_name_is_there(asking: Ask, condition: str) -> None:
    come(1)
    asking(user_filter=condition)
    assert sync().gone == 0


def test_groups_and_names_follow(asking: Ask, directory: Slapd) -> None:
    place = factories.organisation()
    with directory.having("zoe"):
        done = sign_in.verify_password("zoe", slapd.password_of("zoe"), VISITOR)
        asking(groups={slapd.TEACHERS: (place.id, "Teacher")})
        everybody = [f"person{number:03}" for number in range(20)]
        directory.put(slapd.TEACHERS, *everybody, "zoe")
        directory.change("zoe", cn="Zoe Married")
        try:
            assert sync(dry_run=True).followed == 0
            assert roles() == []
            assert sync().followed == 1
            assert roles() == [(done.account.id, Role.TEACHER)]
        finally:
            directory.put(slapd.TEACHERS, *everybody)
    db.session().expire_all()
    assert done.account.name == "Zoe Married"


def roles() -> list[tuple[uuid.UUID, Role]]:
    return [(m.account_id, m.role) for m in db.session().scalars(select(Membership))]


def test_a_name_that_was_taken_in_the_same_moment_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    come(1)
    follow, tries = directory_people._follow, []

    def once_too_late(*given: object) -> list[str]:
        tries.append(given)
        if len(tries) == 1:
            raise IntegrityError("taken", None, Exception())
        return follow(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(directory_people, "_follow", once_too_late)
    assert sync().followed == 1
    assert len(tries) == 2
    assert accounts.find("person001") is not None
