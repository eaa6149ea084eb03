"""The limit on calls from one network, in every contract's own form."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import rate_limits
from app.config import Settings
from app.factory import create_app
from tests.conftest import KEY

FIRST_CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "000": ("/user/login", {"json": {}}),
    "001": ("/api/v1/login", {"json": {}}),
    "002": ("/auth/login", {"data": {"username": "", "password": ""}}),
    "003": ("/auth/sign-in-verify", {"json": {}}),
    "004": ("/auth/login", {"json": {}}),
}


@pytest.fixture(autouse=True)
def nothing_counted(portal: Flask) -> Iterator[None]:
    with portal.app_context():
        rate_limits.forget()
    yield
    with portal.app_context():
        rate_limits.forget()


@pytest.mark.parametrize("number", FIRST_CALLS)
def test_every_answer_tells_how_many_calls_are_left(client: FlaskClient, number: str) -> None:
    path, sent = FIRST_CALLS[number]

    first, second = (client.post(path, **sent).headers for _ in range(2))

    assert first["X-RateLimit-Limit"] == second["X-RateLimit-Limit"] == "300"
    assert [first["X-RateLimit-Remaining"], second["X-RateLimit-Remaining"]] == ["299", "298"]
    assert 0 < int(first["X-RateLimit-Reset"]) - time.time() <= 61  # noqa: TID251 (the limiter's)
    assert "Retry-After" not in first


def test_unknown_paths_of_the_api_count_too(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.headers["X-RateLimit-Remaining"] == "299"


def test_too_many_calls_are_refused_by_each_contract_in_its_form(client: FlaskClient) -> None:
    _use_up(client)

    answers = {n: client.post(path, **sent) for n, (path, sent) in FIRST_CALLS.items()}

    for answer in answers.values():
        assert answer.status_code == 429
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert 0 < int(answer.headers["Retry-After"]) <= 61
    bodies = {number: answer.get_json() for number, answer in answers.items()}
    assert set(bodies["000"]) == {"message"}
    assert "[error-too-many-requests]" in bodies["001"]["error"]
    assert bodies["002"]["error"] == "temporarily_unavailable"
    assert bodies["003"]["status_code"] == 429
    assert bodies["004"]["statusCode"] == 429


def test_the_wait_stands_in_the_sentence_that_bots_read(client: FlaskClient) -> None:
    _use_up(client)

    answer = client.get("/api/v1/me")

    wait = answer.headers["Retry-After"]
    assert f"You must wait {wait} seconds" in answer.get_json()["error"]


def test_each_network_has_calls_of_its_own(client: FlaskClient) -> None:
    _use_up(client)
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    same_house = {"REMOTE_ADDR": "2001:db8::1"}, {"REMOTE_ADDR": "2001:db8::2"}

    other = client.get("/api/info", environ_overrides=elsewhere)
    one, two = (client.get("/api/info", environ_overrides=each) for each in same_house)

    assert other.status_code == 200
    assert [each.headers["X-RateLimit-Remaining"] for each in (one, two)] == ["299", "298"]


def test_a_header_does_not_make_another_network(client: FlaskClient) -> None:
    first = client.get("/api/info", headers={"X-Forwarded-For": "203.0.113.1"})
    second = client.get("/api/info", headers={"X-Forwarded-For": "203.0.113.2"})

    assert first.headers["X-RateLimit-Remaining"] == "299"
    assert second.headers["X-RateLimit-Remaining"] == "298"


def test_health_is_answered_however_often_it_is_asked(client: FlaskClient) -> None:
    _use_up(client)

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.headers["X-RateLimit-Remaining"] == "300"


def test_pages_are_not_counted(client: FlaskClient) -> None:
    _use_up(client)

    page = client.get("/sign-in")

    assert page.status_code == 200
    assert "X-RateLimit-Limit" not in page.headers


def test_for_measuring_there_is_no_limit(
    client: FlaskClient, change_settings: Callable[..., None]
) -> None:
    _use_up(client)
    change_settings(rate_limits=False)

    answer = client.get("/api/info")

    assert answer.status_code == 200
    assert "X-RateLimit-Limit" not in answer.headers


def test_a_start_without_limits_says_so(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    create_app(Settings(secret_key=KEY, database_url=database_url, rate_limits=False))

    assert "rate_limits_off" in capfd.readouterr().err


def test_while_redis_is_away_the_process_counts(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    away = Settings(secret_key=KEY, database_url=database_url, redis_url="redis://127.0.0.1:1/0")
    client = create_app(away).test_client()

    answers = [client.get("/api/info") for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert [each.headers["X-RateLimit-Remaining"] for each in answers] == ["299", "298"]
    assert "falling back" in capfd.readouterr().err


def _use_up(client: FlaskClient) -> None:
    for _ in range(rate_limits.PER_MINUTE):
        assert client.get("/api/info").status_code == 200
