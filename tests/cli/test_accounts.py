from collections.abc import Callable

import pytest

from app.errors import Locked, WrongPassword
from app.operations import accounts, sign_in
from tests import factories
from tests.cli.conftest import Run
from tests.factories import PASSWORD, VISITOR


def test_an_account_is_added_with_the_password_from_standard_input(run: Run) -> None:
    done = run("accounts", "add", "ana@example.org", "--password-stdin", stdin=f"{PASSWORD}\n")

    assert (done.exit_code, done.stdout) == (0, "ana@example.org is added.\n")
    assert sign_in.verify_password("ana@example.org", PASSWORD, VISITOR).offers


def test_a_password_keeps_its_blanks_and_loses_only_the_line_end(run: Run) -> None:
    spaced = f"  {PASSWORD}  "

    run("accounts", "add", "ana@example.org", "--password-stdin", stdin=f"{spaced}\r\nmore\n")

    assert sign_in.verify_password("ana@example.org", spaced, VISITOR).offers


def test_without_a_password_its_owner_is_sent_to_the_mail(run: Run) -> None:
    done = run("accounts", "add", "ana@example.org")

    assert done.exit_code == 0
    assert "It has no password yet: http://localhost:8000/forgotten" in done.stdout


def test_an_account_to_be_activated_is_mailed_a_link(run: Run) -> None:
    done = run("accounts", "add", "ana@example.org", "--not-activated")

    assert "a link to activate it is on its way to ana@example.org" in done.stdout
    assert len(factories.mails("activation")) == 1


def test_a_generic_account_has_a_username_only(run: Run) -> None:
    done = run("accounts", "add", "--username", "desk-3", "--name", "Desk 3")

    assert done.exit_code == 0
    assert "nobody can sign in with it yet" in done.stdout
    account = accounts.find("desk-3")
    assert account is not None
    assert account.name == "Desk 3"


def test_a_superuser_is_added(run: Run) -> None:
    done = run("accounts", "add", "root@example.org", "--superuser", "--password-stdin",
               stdin=PASSWORD)  # fmt: skip

    assert done.exit_code == 0
    [offer] = sign_in.verify_password("root@example.org", PASSWORD, VISITOR).offers
    assert offer.membership is not None
    assert offer.membership.role == "Superuser"


@pytest.mark.parametrize(
    ("arguments", "stdin", "sentence"),
    [
        (["nowhere"], "", "This is not an e-mail address that mail can be sent to."),
        (["--username", "a b"], "", "A username has 2 to 64 characters, no blanks and no @."),
        (["a@b.org", "--password-stdin"], "short\n", "it needs at least 8 characters"),
        (["a@b.org", "--password-stdin"], "password1\n", "everybody tries first"),
        (["a@b.org", "--password-stdin"], "\n", "There is no password on standard input."),
        (["a@b.org", "--password-stdin"], b"\xff\xfe\n", "is not UTF-8."),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(
    arguments: list[str], stdin: str | bytes, sentence: str, run: Run
) -> None:
    done = run("accounts", "add", *arguments, stdin=stdin)

    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert sentence in done.stderr
    assert done.stdout == ""


def test_a_taken_address_is_said(run: Run) -> None:
    run("accounts", "add", "ana@example.org")

    done = run("accounts", "add", "ANA@example.org")

    assert (done.exit_code, done.stderr) == (1, "Error: That is there already.\n")


@pytest.mark.parametrize("arguments", [[], ["--username", "desk-3", "--not-activated"]])
def test_what_makes_no_sense_shows_how_to_use_it(arguments: list[str], run: Run) -> None:
    done = run("accounts", "add", *arguments)

    assert done.exit_code == 2
    assert "An account without EMAIL needs --username, and is activated." in done.stderr


def test_an_account_is_suspended_and_reactivated(run: Run) -> None:
    who = factories.account("ana@example.org")
    suspended = run("accounts", "suspend", "ana@example.org")
    was_suspended = who.suspended_at is not None
    reactivated = run("accounts", "reactivate", "ANA@example.org")

    assert (suspended.exit_code, reactivated.exit_code) == (0, 0)
    assert was_suspended
    assert who.suspended_at is None


def test_a_locked_account_is_unlocked(run: Run) -> None:
    factories.account("ana@example.org")
    for _ in range(10):
        with pytest.raises(WrongPassword):
            sign_in.verify_password("ana@example.org", "wrong", VISITOR)
    with pytest.raises(Locked):
        sign_in.verify_password("ana@example.org", PASSWORD, VISITOR)

    done = run("accounts", "unlock", "ana@example.org")

    assert (done.exit_code, done.stdout) == (0, "ana@example.org is unlocked.\n")
    assert sign_in.verify_password("ana@example.org", PASSWORD, VISITOR).offers


@pytest.mark.parametrize("action", ["suspend", "reactivate", "unlock"])
def test_an_account_that_is_not_there_is_said(action: str, run: Run) -> None:
    done = run("accounts", action, "nobody@example.org")

    assert done.exit_code == 1
    assert done.stderr == "Error: No account has this address or username.\n"


def test_the_minimum_of_the_deployment_counts(
    run: Run, change_settings: Callable[..., None]
) -> None:
    change_settings(password_min_length=30)

    done = run("accounts", "add", "a@b.org", "--password-stdin", stdin=PASSWORD)

    assert "it needs at least 30 characters" in done.stderr
