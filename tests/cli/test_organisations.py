import uuid

import pytest

from app import db
from app.models import Organisation
from tests import factories
from tests.cli.conftest import Run


def test_adding_prints_the_uuid_and_nothing_else(run: Run) -> None:
    done = run("organisations", "add", "Cy", "--setting", "mfaForStudents=true",
               "--setting", "maxFailedSignInAttempts=3")  # fmt: skip

    added = db.session().get_one(Organisation, uuid.UUID(done.stdout.strip()))
    assert (done.exit_code, done.stderr) == (0, "")
    assert added.name == "Cy"
    assert added.effective_settings.mfaForStudents
    assert added.effective_settings.maxFailedSignInAttempts == 3


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("mfaForStudents=perhaps", "mfaForStudents cannot be perhaps: it may be true or false."),
        ("mfa=true", "mfa is no setting; the settings are enableLti, mfaForStudents,"),
    ],
)
def test_a_wrong_setting_is_refused(setting: str, sentence: str, run: Run) -> None:
    done = run("organisations", "add", "Cy", "--setting", setting)

    assert (done.exit_code, done.stdout) == (1, "")
    assert sentence in done.stderr


def test_a_setting_needs_a_key_and_a_value(run: Run) -> None:
    done = run("organisations", "add", "Cy", "--setting", "mfaForStudents")

    assert done.exit_code == 2
    assert "mfaForStudents is not of the form KEY=VALUE." in done.stderr


def test_settings_are_changed(run: Run) -> None:
    place = factories.organisation("Cy")

    done = run("organisations", "set", place.id, "--setting", "lockMinutes=30")

    assert (done.exit_code, done.stdout) == (0, "Cy has its new settings.\n")
    assert place.policy.lockMinutes == 30


def test_an_organisation_is_suspended_and_reactivated(run: Run) -> None:
    place = factories.organisation("Cy")
    suspended = run("organisations", "suspend", place.id)
    was_suspended = place.suspended_at is not None
    reactivated = run("organisations", "reactivate", place.id)

    assert (suspended.exit_code, reactivated.exit_code) == (0, 0)
    assert was_suspended
    assert place.suspended_at is None


@pytest.mark.parametrize("action", ["suspend", "reactivate", "set"])
def test_an_organisation_that_is_not_there_is_said(action: str, run: Run) -> None:
    done = run("organisations", action, uuid.uuid4())

    assert (done.exit_code, done.stderr) == (1, "Error: There is no such thing here.\n")


def test_help_names_every_setting(run: Run) -> None:
    done = run("organisations", "add", "--help")

    assert "maxFailedSignInAttempts: a number from 1 to 100" in done.stdout
