"""The five contracts' clients, as they are used over a whole life."""

import base64
import json
import uuid
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.models import Account, Interface
from tests.api.interfaces import (
    BearerToken,
    Half,
    HasuraBackendPlus,
    MikroCloud,
    Program,
    RocketChat,
    answered,
)
from tests.factories import PASSWORD

Role = tuple[str | None, str | None]  # an organisation's UUID, and a role


class Teams(Program):
    """Contract 003: lists every way in, and goes on with one of them."""

    def verify(self, who: Account, password: str) -> dict[Role, str] | None:
        """Return the token of each way in that is offered."""
        said = self.post("/auth/sign-in-verify", identity=who.email, password=password)
        return (
            {_role(each): each["loginToken"] for each in said["result"][0]}
            if "result" in said
            else None
        )

    def choose(self, token: str) -> Half:
        said = self.post("/auth/sign-in", loginToken=token)
        if said.get("is2FAEnabled"):
            return Half(handle=token)
        return Half(bearer=said.get("loginToken"))

    def finish(self, token: str, code: str) -> str | None:
        said = self.post("/auth/sign-in-with-2fa", loginToken=token, pin=code)
        bearer: str | None = said.get("data", {}).get("token")
        return bearer

    def resend(self, token: str) -> bool:
        return self.post("/auth/resend-2fa", loginToken=token).get("success") is True

    def knows(self, bearer: str) -> bool:
        """Tell whether a bearer, of whatever interface, is that of a live session."""
        return self._profile("/profile", bearer).status_code == 200

    def shows_home(self, cookie: str) -> bool:
        """Tell whether a browser's cookie, copied to somewhere else, opens a page."""
        said = self.send("GET", "/home", headers={"Cookie": f"doorward={cookie}"})
        return said.status_code == 200

    def sign_out(self, bearer: str) -> bool:
        return self._profile("/profile/sign-out", bearer).status_code == 200

    def _profile(self, path: str, bearer: str) -> TestResponse:
        return self.send("GET", path, headers={"Authorization": f"Bearer {bearer}"})


class Chat(RocketChat):
    """Contract 001, with any password."""

    def login(self, who: Account, password: str, code: str | None = None) -> Half:
        sent = {"user": who.email, "password": password} | ({"code": code} if code else {})
        said = self.post("/api/v1/login", **sent)
        waits = said.get("error") == "totp-required" and said["details"]["availableMethods"]
        return Half(said.get("data", {}).get("authToken"), "again" if waits else None)

    def knows(self, bearer: str, account_id: uuid.UUID) -> bool:
        """Tell whether a token is that of a live session of this account."""
        named = {"X-Auth-Token": bearer, "X-User-Id": str(account_id)}
        return self.send("GET", "/api/v1/me", headers=named).status_code == 200

    def resend(self, who: Account) -> None:
        said = self.post("/api/v1/users.2fa.sendEmailCode", emailOrUsername=who.email)
        assert said == {"success": True}


class Backend(HasuraBackendPlus):
    """Contract 004, with the refresh token in the answer rather than in a cookie."""

    def __init__(self, portal: Flask) -> None:
        super().__init__(portal)
        self.refresh_token = ""

    def start(self, who: Account, password: str = PASSWORD) -> Half:
        sent = {"email": who.email, "password": password, "cookie": False}
        return self._half(self.post("/auth/login", **sent))

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:  # noqa: ARG002
        sent = {"ticket": handle, "code": code, "cookie": False}
        return self._half(self.post("/auth/mfa/totp", **sent)).bearer

    def renew(self, token: str) -> tuple[str, str] | None:
        """Return the next bearer and refresh token."""
        cookie = {"Cookie": f"refresh_token={token}"}
        response = self.send("POST", "/auth/token/refresh", headers=cookie)
        if response.status_code != 200:
            return None
        set_cookie = response.headers["Set-Cookie"].partition(";")[0]
        return answered(response)["jwt_token"], set_cookie.removeprefix("refresh_token=")

    def call(self, path: str, bearer: str = "", **body: object) -> TestResponse:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self.send("POST", path, json=body or None, headers=headers)

    def _half(self, said: dict[str, Any]) -> Half:
        self.refresh_token = said.get("refresh_token", "")
        return Half(said.get("jwt_token"), said.get("ticket"))


class Programs:
    """One client of each contract."""

    def __init__(self, portal: Flask) -> None:
        self.cloud = MikroCloud(portal)
        self.chat = Chat(portal)
        self.form = BearerToken(portal)
        self.teams = Teams(portal)
        self.backend = Backend(portal)
        self.plain: dict[Interface, MikroCloud | BearerToken | Backend] = {
            Interface.MIKROCLOUD: self.cloud,
            Interface.BEARER_TOKEN: self.form,
            Interface.HASURA_BACKEND_PLUS: self.backend,
        }

    def move(self, portal: Flask) -> None:
        """Talk to another application from now on."""
        for program in (self.cloud, self.chat, self.form, self.teams, self.backend):
            program.portal = portal


def session_in(token: str) -> uuid.UUID | None:
    """Return the session that a signed token names; None for any other bearer."""
    if token.count(".") != 2:
        return None
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return uuid.UUID(claims["sid"])


def _role(offered: dict[str, Any]) -> Role:
    place = offered["organisation"] or {}
    return place.get("uuid"), offered["role"]
