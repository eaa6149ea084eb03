import uuid

import pytest

from app.models import Role
from app.operations import memberships
from tests import factories
from tests.cli.conftest import Run
from tests.factories import OWN_PASSWORD


@pytest.mark.parametrize(
    ("spelling", "role"),
    [
        ("Student", Role.STUDENT),
        ("teacher", Role.TEACHER),
        ("account-admin", Role.ACCOUNT_ADMIN),
        ("Account Admin", Role.ACCOUNT_ADMIN),
    ],
)
def test_a_role_is_given_in_any_spelling(spelling: str, role: Role, run: Run) -> None:
    who, place = factories.account("ana@example.org"), factories.organisation("Cy")

    done = run("memberships", "add", "ana@example.org", place.id, spelling)

    assert (done.exit_code, done.stdout) == (0, f"ana@example.org is {role} at Cy.\n")
    assert [each.role for each in memberships.of(who.id)] == [role]


def test_an_own_password_comes_from_standard_input(run: Run) -> None:
    factories.account("ana@example.org")
    place = factories.organisation("Cy")

    done = run("memberships", "add", "ana@example.org", place.id, "student", "--password-stdin",
               stdin=f"{OWN_PASSWORD}\n")  # fmt: skip

    assert done.exit_code == 0
    again = run("memberships", "add", "ana@example.org", place.id, "teacher", "--password-stdin",
                stdin=f"{OWN_PASSWORD}\n")  # fmt: skip
    assert (again.exit_code, again.stderr) == (1, "Error: That is there already.\n")


def test_a_superuser_belongs_to_none(run: Run) -> None:
    who = factories.account("ana@example.org")

    done = run("memberships", "add", "ana@example.org", "-", "superuser")

    assert done.stdout == "ana@example.org is Superuser of the portal.\n"
    assert [each.role for each in memberships.of(who.id)] == [Role.SUPERUSER]


def test_a_role_is_taken_away(run: Run) -> None:
    who, place = factories.account("ana@example.org"), factories.organisation("Cy")
    factories.membership(who, place, Role.TEACHER)

    done = run("memberships", "remove", "ana@example.org", place.id, "teacher")

    assert done.stdout == "ana@example.org is no longer Teacher at Cy.\n"
    assert memberships.of(who.id) == []


def test_what_is_not_there_is_said(run: Run) -> None:
    place = factories.organisation("Cy")
    factories.account("ana@example.org")

    nobody = run("memberships", "add", "nobody@example.org", place.id, "student")
    nowhere = run("memberships", "add", "ana@example.org", uuid.uuid4(), "student")
    nothing = run("memberships", "remove", "ana@example.org", place.id, "student")

    assert nobody.stderr == "Error: No account has this address or username.\n"
    assert nowhere.stderr == nothing.stderr == "Error: There is no such thing here.\n"
    assert {nobody.exit_code, nowhere.exit_code, nothing.exit_code} == {1}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["not-a-uuid", "student"], "is not a valid UUID"),
        (["-", "student"], "superuser belongs to no organisation"),
        ([str(uuid.uuid4()), "dean"], "dean is no role; the roles are superuser, account-admin,"),
    ],
)
def test_what_makes_no_sense_shows_how_to_use_it(words: list[str], sentence: str, run: Run) -> None:
    done = run("memberships", "add", "ana@example.org", *words)

    assert done.exit_code == 2
    assert sentence in done.stderr
