"""Each contract says everything in a form of its own, and has words for every refusal."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from flask import Flask, make_response
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import TooManyRequests
from werkzeug.test import TestResponse

from app.api import CONTRACTS, voices
from app.clock import now
from app.errors import (
    Busy,
    InvalidSetting,
    Locked,
    PasswordRefused,
    Refusal,
    ResendTooSoon,
    TooManyCodes,
    TooManyTries,
)
from app.operations import sign_in
from app.security.password_rules import Problem
from tests.factories import PASSWORD

WAIT_S = 7
TOO_LARGE = "a" * 20_000
Body = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """How to knock at one contract, and how to tell that it is that one which answers."""

    path: str
    unknown: str
    form: Callable[[int, Body], bool]
    sends: str = "json"
    identity: str = "email"


DOORS = {
    "000": Door("/user/login", "/user/nothing", lambda _, body: list(body) == ["message"]),
    "001": Door(
        "/api/v1/login",
        "/api/v1/nothing",
        lambda _, body: body["success"] is False and isinstance(body["error"], str),
        identity="user",
    ),
    "002": Door(
        "/auth/login",
        "",
        lambda _, body: list(body) == ["detail", "error", "error_description"],
        sends="data",
        identity="username",
    ),
    "003": Door(
        "/auth/sign-in-verify",
        "/v2/auth/nothing",
        lambda status, body: body["status_code"] == status and isinstance(body["message"], str),
        identity="identity",
    ),
    "004": Door(
        "/auth/login",
        "/auth/nothing",
        lambda status, body: body["statusCode"] == status and list(body)[:2][1] == "error",
    ),
}


def knock(client: FlaskClient, door: Door, password: str = PASSWORD) -> TestResponse:
    sent = {door.identity: "somebody@example.org", "password": password}
    return client.post(door.path, **{door.sends: sent})


def speaks(door: Door, answer: TestResponse) -> bool:
    assert answer.content_type.startswith("application/json")
    return door.form(answer.status_code, json.loads(answer.data))


def all_refusals(parent: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for each in parent.__subclasses__():
        yield each
        yield from all_refusals(each)


def made(kind: type[Refusal]) -> Refusal:
    """Return a refusal of this kind, as an operation would raise it."""
    if issubclass(kind, Locked | TooManyCodes):
        return kind(now() + timedelta(minutes=1))
    if issubclass(kind, TooManyTries | Busy | ResendTooSoon):
        return kind(WAIT_S)
    if issubclass(kind, PasswordRefused):
        return kind([Problem.COMMON], 8)
    return kind("a sentence") if issubclass(kind, InvalidSetting) else kind()


each_contract = pytest.mark.parametrize("number", CONTRACTS)
each_refusal = pytest.mark.parametrize("kind", list(all_refusals()), ids=lambda kind: kind.reason)


def module_of(number: str) -> ModuleType:
    found: ModuleType = CONTRACTS[number]
    return found


@each_contract
@each_refusal
def test_every_contract_has_words_for_every_refusal(number: str, kind: type[Refusal]) -> None:
    assert kind.reason in module_of(number).REFUSALS


@each_contract
def test_no_contract_has_words_for_what_nobody_refuses(number: str) -> None:
    known = {kind.reason for kind in all_refusals()} | {Refusal.reason}

    assert set(module_of(number).REFUSALS) <= known


@each_contract
@each_refusal
def test_every_refusal_is_said_without_gaps(
    portal: Flask, number: str, kind: type[Refusal]
) -> None:
    with portal.test_request_context(DOORS[number].path, method="POST"):
        answer = make_response(module_of(number).refuse(made(kind)))

    assert 400 <= answer.status_code < 600
    assert answer.content_type.startswith("application/json")
    assert not re.search(rb"{\w+}|None", answer.data)
    assert (answer.status_code == 429) <= ("Retry-After" in answer.headers)


@each_contract
@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 429, 500, 503])
def test_what_http_has_words_for_is_said_in_the_contracts_form(
    portal: Flask, number: str, status: int
) -> None:
    door = DOORS[number]
    with portal.test_request_context(door.path, method="POST"):
        answer = make_response(module_of(number).fail(status, WAIT_S))

    assert answer.status_code == (404 if status == 405 else status)
    assert answer.content_type.startswith("application/json")
    assert door.form(answer.status_code, json.loads(answer.data))
    if status in {429, 503}:
        assert answer.headers["Retry-After"] == str(WAIT_S)


has_paths = pytest.mark.parametrize("number", [n for n, door in DOORS.items() if door.unknown])


@has_paths
@pytest.mark.parametrize("method", voices.METHODS)
def test_an_unknown_path_is_the_contracts_own_404(
    client: FlaskClient, number: str, method: str
) -> None:
    door = DOORS[number]

    answer = client.open(door.unknown, method=method)

    assert answer.status_code == 404
    assert speaks(door, answer)


@has_paths
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_wrong_method_is_the_contracts_own_404(
    client: FlaskClient, number: str, method: str
) -> None:
    door = DOORS[number]

    answer = client.open(door.path, method=method)

    assert answer.status_code == 404
    assert speaks(door, answer)


@each_contract
def test_a_body_that_is_too_large_is_told_in_the_contracts_form(
    client: FlaskClient, number: str
) -> None:
    answer = knock(client, DOORS[number], TOO_LARGE)

    assert answer.status_code == 413
    assert speaks(DOORS[number], answer)


def broken_by(error: Exception) -> Callable[..., None]:
    def broken(*_args: object, **_more: object) -> None:
        raise error

    return broken


AWAY = OperationalError("SELECT 1", {}, Exception("connection refused: secret-host"))


@each_contract
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("a bug with a secret-host"), (500, None)),
        (AWAY, (503, str(voices.RETRY_AFTER_S))),
        (Busy(WAIT_S), (503, str(WAIT_S))),
        (TooManyRequests(retry_after=WAIT_S), (429, str(WAIT_S))),
    ],
    ids=["bug", "database away", "busy", "too many calls"],
)
def test_what_goes_wrong_inside_is_told_in_the_contracts_form(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    error: Exception,
    told: tuple[int, str | None],
) -> None:
    monkeypatch.setattr(sign_in, "verify_password", broken_by(error))

    answer = knock(client, DOORS[number])

    assert (answer.status_code, answer.headers.get("Retry-After")) == told
    assert speaks(DOORS[number], answer)
    assert b"secret-host" not in answer.data


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("application/json", "004"),
        ("application/json; charset=utf-8", "004"),
        ("text/plain", "004"),
        ("", "004"),
        ("application/xml", "004"),
        ("application/x-www-form-urlencoded", "002"),
        ("application/x-www-form-urlencoded; charset=utf-8", "002"),
        ("multipart/form-data; boundary=x", "002"),
    ],
)
def test_the_content_type_chooses_between_the_two_contracts_of_one_path(
    client: FlaskClient, kind: str, number: str
) -> None:
    answer = client.post("/auth/login", data=b"", content_type=kind)

    assert answer.status_code == (422 if number == "002" else 400)
    assert speaks(DOORS[number], answer)


@each_contract
def test_every_described_route_is_there(portal: Flask, number: str) -> None:
    adapter = portal.url_map.bind("localhost")

    for operation in module_of(number).OPERATIONS:
        path = operation.path.replace("{", "").replace("}", "")
        endpoint, _ = adapter.match(path, operation.method)
        assert portal.view_functions[str(endpoint)] is not voices.nothing_here, operation.path
