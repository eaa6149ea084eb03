"""Contract 003's sign-in, as its document has it."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import intedashboard
from app.clock import now
from app.errors import Refusal
from app.models import Account, Interface, Organisation, Role
from app.operations import sessions
from tests import factories
from tests.api.intedashboard_client import (
    DATA_KEYS,
    FULL_WIDTH,
    INVALID_PIN,
    INVALID_TOKEN,
    UNKNOWN,
    USER_KEYS,
    WRONG_PASSWORD,
    Program,
    body,
    code_of,
    errors,
    mailed_pin,
    refused,
    result,
    wrong,
)
from tests.conftest import Clock
from tests.factories import PASSWORD


@pytest.fixture
def program(client: FlaskClient) -> Program:
    return Program(client)


@pytest.fixture
def person(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    """Return somebody who studies at one place, with a password and nothing more."""
    who = factories.account(name="Jake van Harden")
    factories.membership(who)
    return who


@pytest.fixture
def careful(person: Account) -> str:
    """Give that person an authenticator app; return its secret."""
    return factories.app_of(person)


@pytest.fixture
def pin_person(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    """Return somebody whose organisation demands a PIN."""
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    return who


def every_refusal(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for each in kind.__subclasses__():
        yield each
        yield from every_refusal(each)


@pytest.mark.parametrize("refusal", list(every_refusal()))
def test_there_are_words_for_every_refusal(refusal: type[Refusal]) -> None:
    assert refusal.reason in intedashboard.REFUSALS


# /auth/sign-in-verify


def test_a_password_lists_the_roles_that_it_opens_and_those_that_it_does_not(
    program: Program,
) -> None:
    who = factories.account()
    opens = factories.organisation("Cy's University", {"maxFailedSignInAttempts": 3})
    shut = factories.organisation("Cy")
    factories.membership(who, opens)
    factories.membership(who, shut, Role.ACCOUNT_ADMIN)
    factories.own_password(who, shut)

    answer = program.verify(who)

    said = body(answer)
    [[accepted], [rejected]] = said["result"]
    token = accepted["loginToken"]
    assert list(said) == ["status_code", "message", "result"]
    assert (said["status_code"], said["message"]) == (200, "OK")
    assert list(accepted.items()) == [
        ("role", "Student"),
        ("loginToken", token),
        ("is2FAEnabled", False),
        ("organisation", shown(opens, settings=SETTINGS)),
    ]
    assert list(accepted["organisation"]) == ORGANISATION_KEYS.split()
    assert list(accepted["organisation"]["settings"]) == list(SETTINGS)
    assert list(rejected.items()) == [
        ("role", "Account Admin"),
        ("organisation", shown(shut)),
        ("message", "Identity or Password is invalid."),
    ]


def test_a_token_is_eighty_letters_and_digits(program: Program, person: Account) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]{80}", program.login_token(person))


ORGANISATION_KEYS = "uuid accountName organisationName isActive isSuspended settings isPaid"
SETTINGS = {
    "enableLti": False,
    "mfaForStudents": False,
    "mfaForTeachers": False,
    "allowGenericUsers": False,
    "defaultTratSettings": [5, 3, 1, 0],
    "maxFailedSignInAttempts": 3,
}


def shown(place: Organisation, **different: object) -> dict[str, object]:
    return {
        "uuid": str(place.id),
        "accountName": None,
        "organisationName": place.name,
        "isActive": 0,
        "isSuspended": 0,
        "settings": None,
        "isPaid": 0,
    } | different


def test_an_organisations_times_are_shown_as_zero_and_one(program: Program) -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    place.activated_at = place.paid_at = now()
    place.account_name = "cy"
    factories.saved(place)

    [[accepted], _] = result(program.verify(who))

    kinds = [type(accepted["organisation"][key]) for key in ("isActive", "isSuspended", "isPaid")]
    assert kinds == [int, int, int]
    assert accepted["organisation"] == shown(place, isActive=1, isPaid=1, accountName="cy")


def test_a_superusers_organisation_is_only_a_name(program: Program) -> None:
    who = factories.account()
    factories.membership(who, role=Role.SUPERUSER)

    [[accepted], _] = result(program.verify(who))

    assert accepted["role"] == "Superuser"
    assert accepted["organisation"] == {"organisationName": "Superusers"}


def test_each_role_has_a_token_of_its_own(program: Program) -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place, Role.TEACHER)
    factories.membership(who, place, Role.STUDENT)

    accepted, _ = result(program.verify(who))

    assert {each["role"] for each in accepted} == {"Teacher", "Student"}
    assert len({each["loginToken"] for each in accepted}) == 2


def test_who_belongs_nowhere_signs_in_without_a_role(program: Program) -> None:
    who = factories.account()

    [[accepted], rejected] = result(program.verify(who))

    assert rejected == []
    assert (accepted["role"], accepted["organisation"]) == (None, None)
    done = body(program.post("/auth/sign-in", loginToken=accepted["loginToken"]))
    assert body(program.get("/profile", done["loginToken"]))["data"]["account"] is None


def test_a_username_in_any_case_is_an_identity(program: Program) -> None:
    who = factories.account(None, username="Jake")
    factories.membership(who, factories.organisation(settings={"allowGenericUsers": True}))

    answer = program.post("/auth/sign-in-verify", identity=" jAKE ", password=PASSWORD)

    assert len(result(answer)[0]) == 1


def test_a_form_does_as_well_as_json(program: Program, person: Account) -> None:
    fields = {"identity": person.email, "password": PASSWORD}

    answer = program.send("POST", "/auth/sign-in-verify", data=fields)

    assert len(result(answer)[0]) == 1


@pytest.mark.parametrize("path", ["/auth/sign-in-verify", "/auth/sign-in-verify/"])
@pytest.mark.parametrize("base", ["", "/v2"])
def test_both_base_urls_answer_alike(
    client: FlaskClient, person: Account, base: str, path: str
) -> None:
    program = Program(client, base)

    answer = program.post(path, identity=person.email, password=PASSWORD)

    assert len(result(answer)[0]) == 1


def test_a_wrong_password_and_an_unknown_identity_are_told_apart(
    program: Program, person: Account
) -> None:
    unknown = program.post("/auth/sign-in-verify", identity="nobody@example.org", password="x")

    assert refused(program.verify(person, "wrong"), WRONG_PASSWORD)
    assert refused(unknown, UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activated_at": None}, "User is not active."),
        ({"suspended_at": now()}, "User is suspended."),
    ],
)
def test_an_account_that_is_shut_says_so_to_who_knows_its_password(
    program: Program, person: Account, changes: dict[str, object], message: str
) -> None:
    for name, value in changes.items():
        setattr(person, name, value)
    factories.saved(person)

    assert refused(program.verify(person), {"status_code": 401, "message": message})
    assert refused(program.verify(person, "wrong"), WRONG_PASSWORD)


def test_hidden_accounts_all_look_like_a_wrong_password(
    program: Program, person: Account, change_settings: Callable[..., None]
) -> None:
    change_settings(hide_accounts=True)
    asleep, gone = factories.account(activated=False), factories.account()
    gone.suspended_at = now()
    factories.saved(gone)

    unknown = program.post("/auth/sign-in-verify", identity="nobody@example.org", password="x")

    for answer in (
        unknown,
        program.verify(asleep),
        program.verify(gone),
        program.verify(person, "no"),
    ):
        assert refused(answer, WRONG_PASSWORD)


def test_a_locked_role_stands_among_those_that_stay_shut(program: Program, clock: Clock) -> None:
    who = factories.account()
    strict = factories.organisation("A", {"maxFailedSignInAttempts": 1}, lockMinutes=392)
    factories.membership(who, strict)
    factories.membership(who, factories.organisation("B"))
    program.verify(who, "wrong")
    clock.advance(timedelta(seconds=1))

    [[accepted], [rejected]] = result(program.verify(who))

    assert accepted["organisation"]["organisationName"] == "B"
    assert rejected["message"] == (
        "Account has been locked. Please try again after 6hr and 32min or contact your "
        "Account Administrator."
    )


def test_where_nothing_but_locked_roles_is_left_the_lock_is_the_answer(program: Program) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(settings={"maxFailedSignInAttempts": 1}))
    program.verify(who, "wrong")

    answers = [program.verify(who), program.verify(who, "wrong")]

    for answer in answers:
        assert answer.status_code == 401
        assert body(answer)["message"].startswith("Account has been locked. Please try again after")


def test_the_lock_of_the_whole_portal_holds_for_identities_that_nobody_has(
    program: Program, person: Account
) -> None:
    locked = {
        "status_code": 401,
        "message": "Account has been temporarily locked because of too many failed attempts.",
    }
    for identity in (person.email, "nobody@example.org"):
        for _ in range(10):
            program.post("/auth/sign-in-verify", identity=identity, password="wrong")

        answer = program.post("/auth/sign-in-verify", identity=identity, password=PASSWORD)

        assert refused(answer, locked)


def test_too_many_failures_of_one_network_are_told_when_to_come_back(program: Program) -> None:
    for number in range(50):
        program.post("/auth/sign-in-verify", identity=f"n{number}@example.org", password="wrong")

    answer = program.post("/auth/sign-in-verify", identity="n51@example.org", password="wrong")

    assert answer.status_code == 429
    assert body(answer)["status_code"] == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_suspended_organisation_stays_shut(program: Program) -> None:
    who, gone = factories.account(), factories.organisation()
    factories.membership(who, gone)
    factories.membership(who)
    gone.suspended_at = now()
    factories.saved(gone)

    [[_accepted], [rejected]] = result(program.verify(who))

    assert rejected["organisation"]["isSuspended"] == 1
    assert rejected["message"] == "Account is suspended."


@pytest.mark.parametrize("fields", [{}, {"identity": "", "password": ""}, {"identity": None}])
def test_fields_that_are_missing_are_named(program: Program, fields: dict[str, object]) -> None:
    said = errors(program.post("/auth/sign-in-verify", **fields))

    assert said == {
        "identity": ["The identity field is required."],
        "password": ["The password field is required."],
    }


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("{", "application/json"),
        ("", "application/json"),
        ("[]", "application/json"),
        ('{"identity": "a", "identity": "b"}', "application/json"),
        ('{"identity": "a", "password": "b"}', "text/plain"),
    ],
)
def test_what_is_no_body_of_this_contract_counts_as_empty(
    program: Program, data: str, kind: str
) -> None:
    answer = program.send("POST", "/auth/sign-in-verify", data=data, content_type=kind)

    assert list(errors(answer)) == ["identity", "password"]


def test_a_field_of_another_type_is_refused(program: Program) -> None:
    said = errors(program.post("/auth/sign-in-verify", identity=["a"], password=7))

    assert said["identity"] == ["The identity must be a string."]
    assert said["password"] == ["The password must be a string."]


# /auth/sign-in


@pytest.mark.usefixtures("clock")
def test_a_role_without_a_factor_is_signed_in_at_once(program: Program, person: Account) -> None:
    token = program.login_token(person)

    said = body(program.post("/auth/sign-in", is2FAEnabled=True, loginToken=token))

    assert list(said) == ["is2FAEnabled", "loginToken", "data"]
    assert said["is2FAEnabled"] is False
    assert said["loginToken"] == said["data"]["token"]
    assert said["data"]["token"].count(".") == 2
    assert list(said["data"]) == DATA_KEYS.split()
    assert list(said["data"]["user"]) == USER_KEYS.split()
    assert said["data"]["api_url"] == "http://localhost:8000/v2"
    assert type(said["data"]["currentTime"]) is int
    assert said["data"]["isGeneric"] is False
    [session] = sessions.all_of(person)
    assert session.interface is Interface.INTEDASHBOARD
    assert session.expires_at - session.opened_at == timedelta(hours=24)


def test_a_role_that_wants_a_pin_keeps_its_token_and_is_mailed_one_once(
    program: Program, pin_person: Account
) -> None:
    token = program.login_token(pin_person)

    answers = [
        program.post("/auth/sign-in", is2FAEnabled=False, loginToken=token) for _ in range(2)
    ]

    for answer in answers:
        assert list(body(answer).items()) == [("is2FAEnabled", True), ("loginToken", token)]
    assert len(factories.mails("pin")) == 1
    assert factories.sessions_open() == 0


@pytest.mark.usefixtures("careful")
def test_an_app_is_asked_for_where_no_organisation_asks(program: Program, person: Account) -> None:
    [[accepted], _] = result(program.verify(person))

    answer = program.post("/auth/sign-in", loginToken=accepted["loginToken"])

    assert accepted["is2FAEnabled"] is True
    assert body(answer) == {"is2FAEnabled": True, "loginToken": accepted["loginToken"]}
    assert factories.sessions_open() == 0
    assert factories.mails() == []


def test_who_has_to_set_up_an_app_is_mailed_where(program: Program) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"))
    token = program.login_token(who)

    answer = program.post("/auth/sign-in", loginToken=token)

    assert body(answer) == {"is2FAEnabled": True, "loginToken": token}
    assert [mail.kind for mail in factories.mails()] == ["set_up"]
    pin = program.post("/auth/sign-in-with-2fa", loginToken=token, pin="123456")
    assert refused(pin, INVALID_PIN)
    assert factories.sessions_open() == 0


def test_a_token_opens_one_session_only(program: Program, person: Account) -> None:
    token = program.login_token(person)
    program.post("/auth/sign-in", loginToken=token)

    assert refused(program.post("/auth/sign-in", loginToken=token), INVALID_TOKEN)
    assert factories.sessions_open() == 1


@pytest.mark.parametrize(
    "token", ["a" * 80, "short", "ÿ" * 80, "0b9e3f62-5a4f-4d57-9d3c-1c2b3a4d5e6f"]
)
@pytest.mark.parametrize("path", ["sign-in", "resend-2fa", "sign-in-with-2fa"])
def test_a_token_that_nobody_was_given_is_refused(program: Program, path: str, token: str) -> None:
    assert refused(program.post(f"/auth/{path}", loginToken=token, pin="123456"), INVALID_TOKEN)
    assert refused(program.post(f"/auth/{path}", loginToken=token, pin="x"), INVALID_TOKEN)


def test_a_token_lives_ten_minutes(program: Program, person: Account, clock: Clock) -> None:
    token = program.login_token(person)
    clock.advance(timedelta(minutes=10))

    assert refused(program.post("/auth/sign-in", loginToken=token), INVALID_TOKEN)


@pytest.mark.parametrize("path", ["sign-in", "resend-2fa", "sign-in-with-2fa"])
def test_a_missing_token_is_named(program: Program, path: str) -> None:
    said = errors(program.post(f"/auth/{path}"))

    assert said["loginToken"] == ["The login token is required."]


# /auth/sign-in-with-2fa


def test_the_mailed_pin_signs_in(program: Program, pin_person: Account) -> None:
    token = program.login_token(pin_person)
    program.post("/auth/sign-in", loginToken=token)
    pin = mailed_pin()

    said = body(program.post("/auth/sign-in-with-2fa", loginToken=token, pin=pin))

    assert list(said) == ["loginToken", "pin", "data"]
    assert (said["loginToken"], said["pin"]) == (token, pin)
    assert list(said["data"]) == DATA_KEYS.split()
    assert program.get("/profile", said["data"]["token"]).status_code == 200


def test_the_apps_code_signs_in(program: Program, person: Account, careful: str) -> None:
    token = program.login_token(person)
    program.post("/auth/sign-in", loginToken=token)

    answer = program.post("/auth/sign-in-with-2fa", loginToken=token, pin=code_of(careful))

    assert answer.status_code == 200
    assert factories.sessions_open() == 1


def test_a_code_signs_in_once(program: Program, person: Account, careful: str) -> None:
    code = code_of(careful)
    tokens = [program.login_token(person) for _ in range(2)]

    first, second = (
        program.post("/auth/sign-in-with-2fa", loginToken=token, pin=code) for token in tokens
    )

    assert first.status_code == 200
    assert refused(second, INVALID_PIN)
    assert factories.sessions_open() == 1


@pytest.mark.parametrize("spelling", ["{} ", "{:.3}-", FULL_WIDTH, "0", "abcdef"])
def test_only_six_digits_are_a_pin(program: Program, pin_person: Account, spelling: str) -> None:
    token = program.login_token(pin_person)
    program.post("/auth/sign-in", loginToken=token)
    pin = spelling.format(mailed_pin())

    answer = program.post("/auth/sign-in-with-2fa", loginToken=token, pin=pin)

    assert refused(answer, INVALID_PIN)
    assert factories.sessions_open() == 0


def test_a_pin_is_a_string(program: Program) -> None:
    said = errors(program.post("/auth/sign-in-with-2fa", loginToken="a" * 80, pin=123456))

    assert said == {"pin": ["The pin must be a string."]}


def test_five_wrong_pins_end_the_token(program: Program, pin_person: Account) -> None:
    token = program.login_token(pin_person)
    program.post("/auth/sign-in", loginToken=token)
    pin = mailed_pin()
    for _ in range(5):
        answer = program.post("/auth/sign-in-with-2fa", loginToken=token, pin=wrong(pin))
        assert refused(answer, INVALID_PIN)

    answer = program.post("/auth/sign-in-with-2fa", loginToken=token, pin=pin)

    assert refused(answer, INVALID_TOKEN)
    assert factories.sessions_open() == 0


def test_a_pin_of_one_token_is_none_of_another(program: Program, pin_person: Account) -> None:
    first, second = (program.login_token(pin_person) for _ in range(2))
    program.post("/auth/sign-in", loginToken=first)
    pin = mailed_pin()
    program.post("/auth/sign-in", loginToken=second)

    answer = program.post("/auth/sign-in-with-2fa", loginToken=second, pin=pin)

    assert refused(answer, INVALID_PIN)


# /auth/resend-2fa


def test_a_new_pin_replaces_the_old(program: Program, pin_person: Account, clock: Clock) -> None:
    token = program.login_token(pin_person)
    program.post("/auth/sign-in", loginToken=token)
    old = mailed_pin()
    clock.advance(timedelta(minutes=1))

    answer = program.post("/auth/resend-2fa", loginToken=token)

    assert body(answer) == {"success": True}
    new = mailed_pin()
    late = program.post("/auth/sign-in-with-2fa", loginToken=token, pin=old)
    assert new == old or refused(late, INVALID_PIN)
    again = program.post("/auth/sign-in-with-2fa", loginToken=token, pin=new)
    assert again.status_code == 200


def test_a_pin_is_not_sent_again_within_a_minute(program: Program, pin_person: Account) -> None:
    token = program.login_token(pin_person)
    program.post("/auth/sign-in", loginToken=token)

    answer = program.post("/auth/resend-2fa", loginToken=token)

    assert answer.status_code == 429
    assert list(body(answer)) == ["status_code", "message"]
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert len(factories.mails("pin")) == 1


@pytest.mark.usefixtures("careful")
def test_where_the_app_has_the_code_nothing_is_sent(program: Program, person: Account) -> None:
    token = program.login_token(person)
    program.post("/auth/sign-in", loginToken=token)

    answer = program.post("/auth/resend-2fa", loginToken=token)

    assert body(answer) == {"success": False}
    assert factories.mails() == []
