"""The five contracts for whoever writes a client: what they are, and trying them out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import Blueprint, abort, current_app, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app import config
from app.operations import demonstration

pages = Blueprint("docs", __name__)

SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
ASSETS = {"swagger-ui.css", "swagger-ui-bundle.js"}  # the rest has scripts of its own inline
METHODS = ("get", "post", "put", "patch", "delete")
SOMEBODY = ("you@example.org", "your password")
JSON = "-H 'Content-Type: application/json' -d"


@dataclass(frozen=True)
class Contract:
    """How to point a client at one contract.

    `base` is what its clients call the base URL, without the portal's own; `try_it` the rest of a
    curl line with {identity} and {password}.
    """

    number: str
    name: str
    about: Any
    base: str
    first: str
    try_it: str
    bearer: Any


CONTRACTS = {
    each.number: each
    for each in (
        Contract(
            "000",
            "MikroCloud",
            _l("A token for the password, then a bearer for the token and a one-time password."),
            "",
            "/user/login",
            JSON + """ '{{"email":"{identity}","password":"{password}"}}'""",
            _l("Send the token to /user/passport: its answer's auth_token is the bearer."),
        ),
        Contract(
            "001",
            "Rocket.Chat",
            _l("A user name and a password for an authToken, which its SDKs and bots send on."),
            "",
            "/api/v1/login",
            JSON + """ '{{"user":"{identity}","password":"{password}"}}'""",
            _l("The answer's authToken is the bearer."),
        ),
        Contract(
            "002",
            "Bearer token",
            _l("A form with a user name and a password, as OAuth's libraries send it."),
            "",
            "/auth/login",
            "--data-urlencode 'username={identity}' --data-urlencode 'password={password}'",
            _l("The answer's access_token is the bearer."),
        ),
        Contract(
            "003",
            "InteDashboard",
            _l("One person, several organisations and roles: choose one, then sign in with it."),
            "/v2",
            "/v2/auth/sign-in-verify",
            JSON + """ '{{"identity":"{identity}","password":"{password}"}}'""",
            _l("Send a loginToken to /auth/sign-in: its answer's data.token is the bearer."),
        ),
        Contract(
            "004",
            "Hasura Backend Plus",
            _l("Registration, signed tokens with a refresh cookie, and codes from an app."),
            "",
            "/auth/login",
            JSON + """ '{{"email":"{identity}","password":"{password}"}}'""",
            _l("The answer's jwt_token is the bearer, for fifteen minutes."),
        ),
    )
}


@dataclass(frozen=True)
class Call:
    """One operation, for a page that runs no script."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def types(self) -> list[str]:
        """The content types that it takes; none where it takes no body."""
        return list(self._content)

    @property
    def example(self) -> Any:
        """An example of what it takes."""
        return next((each.get("example") for each in self._content.values()), None)

    @property
    def security(self) -> set[str]:
        """The names of what it can be called with."""
        return {name for each in self.described.get("security", []) for name in each}

    @property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = self.described.get("requestBody", {}).get("content", {})
        return content


@pages.get("/docs", strict_slashes=False)
def index() -> ResponseReturnValue:
    """Show all five, each with where to point a client, and a first call."""
    lines = {number: _curl(each) for number, each in CONTRACTS.items()}
    base_url = config.current().base_url
    return render_template(
        "docs/index.html", contracts=CONTRACTS.values(), lines=lines, base_url=base_url
    )


@pages.get("/docs/<number>")
def contract(number: str) -> ResponseReturnValue:
    """Show what one contract can be asked, and let it be asked."""
    shown = CONTRACTS.get(number) or abort(404)
    identity, password = _somebody()
    return render_template(
        "docs/contract.html",
        contract=shown,
        line=_curl(shown),
        base_url=config.current().base_url,
        calls=_calls(number),
        as_json=_as_json,
        identity=identity,
        password=password,
    )


@pages.get("/docs/ui/<name>")
def static(name: str) -> ResponseReturnValue:
    """Serve Swagger UI's own files; kept as long as the portal's."""
    if name not in ASSETS:
        abort(404)
    return send_from_directory(SWAGGER_UI, name)


def _calls(number: str) -> list[Call]:
    """Return the operations of the document that /openapi.json serves for this contract."""
    document = current_app.extensions["openapi"].parts[number]
    return [
        Call(method.upper(), path, described)
        for path, here in document["paths"].items()
        for method, described in here.items()
        if method in METHODS
    ]


def _as_json(example: object) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)


def _curl(shown: Contract) -> str:
    identity, password = _somebody()
    sent = shown.try_it.format(identity=identity, password=password)
    return f"curl {sent} {config.current().base_url}{shown.first}"


def _somebody() -> tuple[str, str]:
    """Return whom to sign in as: one of the demo's people where there are any."""
    if not config.current().demo:
        return SOMEBODY
    return demonstration.PEOPLE[0].identity, demonstration.PASSWORD
