"""Other origins: those that are listed, compared whole, and off by default."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

ORIGIN = "https://app.example.org"
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def test_it_is_off_by_default(client: FlaskClient) -> None:
    for response in (
        client.get("/auth/jwks", headers={"Origin": ORIGIN}),
        client.options("/auth/login", headers={"Origin": ORIGIN, **ASKED}),
    ):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_a_listed_origin_is_said_back_with_credentials(
    client: FlaskClient, change_settings: Callable[..., None]
) -> None:
    change_settings(cors_origins=("https://other.example.org", ORIGIN))

    answers = [
        client.get("/auth/jwks", headers={"Origin": ORIGIN}),
        client.post("/auth/login", json={}, headers={"Origin": ORIGIN}),
        client.get("/auth/nothing", headers={"Origin": ORIGIN}),
    ]

    for response in answers:
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Origin" in response.vary


@pytest.mark.parametrize("path", ["/auth/login", "/auth/token/refresh", "/auth/sign-in"])
def test_a_preflight_is_answered(
    client: FlaskClient, change_settings: Callable[..., None], path: str
) -> None:
    change_settings(cors_origins=(ORIGIN,))

    response = client.options(path, headers={"Origin": ORIGIN, **ASKED})

    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.org.evil.example",
        "https://evil.example",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://APP.example.org",
        "https://app.example.org/",
        "null",
        "*",
        "",
    ],
)
def test_any_other_origin_is_told_nothing(
    client: FlaskClient, change_settings: Callable[..., None], origin: str
) -> None:
    change_settings(cors_origins=(ORIGIN, "*", "null"))

    for response in (
        client.get("/auth/jwks", headers={"Origin": origin}),
        client.options("/auth/login", headers={"Origin": origin, **ASKED}),
    ):
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Origin" in response.vary


def test_pages_let_no_other_origin_in(
    client: FlaskClient, change_settings: Callable[..., None]
) -> None:
    change_settings(cors_origins=(ORIGIN,))

    response = client.get("/sign-in", headers={"Origin": ORIGIN})

    assert "Access-Control-Allow-Origin" not in response.headers
