"""Contract 003 after the document: passwords, the profile, and HTTP itself."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import db
from app.models import Account, Role, Session
from app.operations import registration, sessions
from tests import factories
from tests.api.intedashboard_client import (
    ACCOUNT_KEYS,
    NEW_PASSWORD,
    USER_KEYS,
    WRONG_PASSWORD,
    Program,
    bearer_of,
    body,
    errors,
    refused,
    result,
)
from tests.factories import OWN_PASSWORD


@pytest.fixture
def program(client: FlaskClient) -> Program:
    return Program(client)


@pytest.fixture
def person(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    """Return somebody who studies at one place, with a password and nothing more."""
    who = factories.account(name="Jake van Harden")
    factories.membership(who)
    return who


# /password


def test_a_forgotten_password_is_set_anew_and_signs_nobody_in(
    program: Program, person: Account
) -> None:
    asked = program.post("/password/send-token", email=person.email)
    ticket = factories.ticket_in("reset")

    answer = program.post("/password/reset", **new_password(ticket))

    assert body(asked) == {"sent": True}
    assert body(answer) == {"data": {"status_code": 200, "message": "OK"}}
    assert factories.sessions_open() == 0
    assert refused(program.verify(person), WRONG_PASSWORD)
    assert len(result(program.verify(person, NEW_PASSWORD))[0]) == 1


def new_password(ticket: str, means: str = "token", password: str = NEW_PASSWORD) -> dict[str, str]:
    return {
        "means": means,
        "token": ticket,
        "password": password,
        "password_confirmation": password,
    }


def test_whether_anybody_has_an_address_is_not_told(program: Program) -> None:
    answer = program.post("/password/send-token", email="nobody@example.org")

    assert body(answer) == {"sent": True}
    assert factories.mails() == []
    assert errors(program.post("/password/send-token")) == {"email": ["The email is required."]}


def test_a_token_resets_once(program: Program, person: Account) -> None:
    program.post("/password/send-token", email=person.email)
    ticket = factories.ticket_in("reset")
    program.post("/password/reset", **new_password(ticket))

    answer = program.post("/password/reset", **new_password(ticket))

    assert answer.status_code == 404
    assert list(body(answer).items()) == [
        ("message", "Reset token not found."),
        ("status_code", 404),
    ]


def test_what_is_wrong_with_a_new_password_is_told(program: Program, person: Account) -> None:
    program.post("/password/send-token", email=person.email)
    ticket = factories.ticket_in("reset")

    short = errors(program.post("/password/reset", **new_password(ticket, password="x7-Qw")))
    different = new_password(ticket) | {"password_confirmation": "another one"}
    unequal = errors(program.post("/password/reset", **different))
    means = errors(program.post("/password/reset", **new_password(ticket, "mail")))

    assert short["password"] == ["The password must be at least 8 characters."]
    assert unequal == {"password": ["The password confirmation does not match."]}
    assert means == {"means": ["The selected means is invalid."]}
    assert program.post("/password/reset", **new_password(ticket)).status_code == 200


def test_missing_fields_of_a_new_password_are_named(program: Program) -> None:
    assert errors(program.post("/password/verify")) == {
        "means": ["The means field is required."],
        "token": ["The token field is required."],
        "password": ["The password field is required."],
        "password_confirmation": ["The password confirmation field is required."],
    }


@pytest.mark.parametrize("path", ["/password/verify", "/password/reset"])
def test_an_account_is_activated_and_given_its_password(program: Program, path: str) -> None:
    registration.register("new@example.org", "New", "what was typed at first", factories.VISITOR)
    ticket = factories.ticket_in("activation")

    answer = program.post(path, **new_password(ticket, "verify"))

    assert body(answer) == {"data": {"status_code": 200, "message": "OK"}}
    assert factories.sessions_open() == 0
    sent = {"identity": "new@example.org", "password": NEW_PASSWORD}
    assert program.post("/auth/sign-in-verify", **sent).status_code == 200


def test_an_account_is_activated_once(program: Program) -> None:
    registration.register("new@example.org", "New", "what was typed at first", factories.VISITOR)
    ticket = factories.ticket_in("activation")
    program.post("/password/verify", **new_password(ticket, "verify"))

    answer = program.post("/password/verify", **new_password(ticket, "verify"))

    words = "Verification are allowed for first time users only."
    assert refused(answer, {"status_code": 401, "message": words})


def test_a_ticket_for_one_door_opens_no_other(program: Program, person: Account) -> None:
    program.post("/password/send-token", email=person.email)
    ticket = factories.ticket_in("reset")

    answers = [
        program.post("/password/verify", **new_password(ticket)),
        program.post("/password/reset", **new_password(ticket, "verify")),
    ]

    assert [answer.status_code for answer in answers] == [401, 404]


# /profile


def test_the_profile_shows_who_is_signed_in_where(program: Program) -> None:
    who, place = factories.account(name="Jake van Harden"), factories.organisation(settings={})
    factories.membership(who, place, Role.TEACHER)
    bearer = bearer_of(program, who)

    said = body(program.get("/profile", bearer))

    assert list(said) == ["data"]
    user = said["data"]
    assert list(user) == USER_KEYS.split()
    assert (user["role"], user["roleId"]) == ("Teacher", 3)
    assert (user["firstname"], user["lastname"]) == ("Jake van", "Harden")
    assert user["displayName"] == "Jake van Harden"
    assert user["uuid"] == str(who.id)
    assert user["identity"] == user["email"] == who.email
    assert (user["status"], user["origin"], user["isMultipleUser"]) == ("Active", "Email", False)
    assert list(user["account"]) == ACCOUNT_KEYS.split()
    assert user["account"]["uuid"] == str(place.id)


def test_a_generic_account_has_a_username_for_an_identity(program: Program) -> None:
    who = factories.account(None, username="cher", name="Cher")
    factories.membership(who, factories.organisation(settings={"allowGenericUsers": True}))

    token = program.login_token(who)
    data = body(program.post("/auth/sign-in", loginToken=token))["data"]

    user = data["user"]
    assert data["isGeneric"] is True
    assert (user["identity"], user["email"]) == ("cher", None)
    assert (user["firstname"], user["lastname"]) == ("Cher", "")


def test_an_organisations_own_password_opens_its_role_only(program: Program) -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.membership(who)
    factories.own_password(who, place)

    user = body(program.get("/profile", bearer_of(program, who, OWN_PASSWORD)))["data"]

    assert user["account"]["uuid"] == str(place.id)
    assert user["isMultipleUser"] is True


def test_signing_out_ends_the_session(program: Program, person: Account) -> None:
    bearer = bearer_of(program, person)

    answer = program.get("/profile/sign-out", bearer)

    assert body(answer) == {"invalidated": True}
    assert factories.sessions_open() == 0
    assert program.get("/profile", bearer).status_code == 401
    assert program.get("/profile/sign-out", bearer).status_code == 401


def test_head_does_not_sign_out(program: Program, person: Account) -> None:
    headers = {"Authorization": f"Bearer {bearer_of(program, person)}"}

    answer = program.send("HEAD", "/profile/sign-out", headers=headers)

    assert answer.status_code == 200
    assert factories.sessions_open() == 1


@pytest.mark.parametrize("path", ["/profile", "/profile/sign-out", "/v2/profile"])
def test_without_a_bearer_there_is_no_profile(program: Program, person: Account, path: str) -> None:
    half_way = program.login_token(person)

    for headers in ({}, {"Authorization": f"Bearer {half_way}"}):
        answer = program.send("GET", path, headers=headers)

        assert answer.status_code == 401
        assert list(body(answer)) == ["status_code", "message"]
        assert answer.headers["WWW-Authenticate"] == "Bearer"


# HTTP itself


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/sign-in"),
        ("PUT", "/v2/auth/sign-in-verify"),
        ("POST", "/profile"),
        ("DELETE", "/profile/sign-out"),
        ("GET", "/v2/nothing/here"),
        ("GET", "/v2"),
        ("POST", "/password/forget"),
        ("GET", "/profile/picture"),
    ],
)
def test_what_is_not_there_is_said_in_the_contracts_form(
    program: Program, method: str, path: str
) -> None:
    answer = program.send(method, path)

    assert refused(answer, {"status_code": 404, "message": "404 Not Found"})


def test_a_body_that_is_too_large_is_refused_in_the_contracts_form(program: Program) -> None:
    answer = program.post("/auth/sign-in-verify", identity="a", password="x" * 20_000)

    assert answer.status_code == 413
    assert body(answer)["status_code"] == 413


def test_answers_are_kept_by_nobody(program: Program, person: Account) -> None:
    answer = program.verify(person)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_the_session_is_one_of_the_persons_own(program: Program, person: Account) -> None:
    bearer = bearer_of(program, person)
    [row] = sessions.all_of(person)

    db.session().delete(db.session().get_one(Session, row.id))
    db.session().commit()

    assert program.get("/profile", bearer).status_code == 401
