"""The six ways to sign in, each by its smallest client, so that a test can take them all alike."""

from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask
from werkzeug.test import TestResponse

from app import db
from app.models import Account
from app.security.tokens import is_recovery_code
from tests.factories import PASSWORD
from tests.pages.browser import Browser

WAITING = {"/sign-in/pin", "/sign-in/code", "/sign-in/recovery"}


@dataclass(frozen=True)
class Half:
    """How far the password leads: to a bearer, to a handle that waits for more, or nowhere."""

    bearer: str | None = None
    handle: str | None = None


class Interface(Protocol):
    """One way to sign in."""

    def start(self, who: Account, password: str = PASSWORD) -> Half:
        """Send the password."""

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:
        """Send the second factor's answer; return the bearer, or None where it is refused."""


class Program:
    """A client without cookies; each request has a context of its own, as on a server.

    `heard` is everything that it was answered, `statuses` how.
    """

    def __init__(self, portal: Flask, address: str = "127.0.0.1") -> None:
        self.portal = portal
        self.environ = {"REMOTE_ADDR": address}
        self.heard: list[str] = []
        self.statuses: list[int] = []

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        db.session().rollback()
        with self.portal.app_context():
            client = self.portal.test_client(use_cookies=False)
            response = client.open(path, method=method, environ_overrides=self.environ, **options)
        db.session().rollback()
        self.statuses.append(response.status_code)
        self.heard.append(f"{response.headers}{response.text}")
        return response

    def post(self, path: str, **fields: object) -> dict[str, Any]:
        return answered(self.send("POST", path, json=fields))

    def form(self, path: str, **fields: object) -> dict[str, Any]:
        return answered(self.send("POST", path, data=fields))


def answered(response: TestResponse) -> dict[str, Any]:
    read: dict[str, Any] = response.get_json()
    return read


class MikroCloud(Program):
    def start(self, who: Account, password: str = PASSWORD) -> Half:
        said = self.post("/user/login", email=who.email, password=password)
        if said.get("mfa_enabled"):
            return Half(handle=said["token"])
        return Half(bearer=self.finish(who, said["token"], None)) if "token" in said else Half()

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:  # noqa: ARG002
        return self.post("/user/passport", token=handle, totp=code).get("auth_token")


class RocketChat(Program):
    """It has no handles: everything is sent again, with the code."""

    def start(self, who: Account, password: str = PASSWORD) -> Half:
        said = self.post("/api/v1/login", user=who.email, password=password)
        if said.get("error") == "totp-required":
            return Half(handle="none")
        return Half(bearer=said.get("data", {}).get("authToken"))

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:  # noqa: ARG002
        said = self.post("/api/v1/login", user=who.email, password=PASSWORD, code=code)
        token: str | None = said.get("data", {}).get("authToken")
        return token


class BearerToken(Program):
    def start(self, who: Account, password: str = PASSWORD) -> Half:
        said = self.form("/auth/login", username=who.email, password=password)
        return Half(said.get("access_token"), said.get("mfa_token"))

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:  # noqa: ARG002
        return self.form("/auth/login", mfa_token=handle, otp=code or "").get("access_token")


class InteDashboard(Program):
    def start(self, who: Account, password: str = PASSWORD) -> Half:
        said = self.post("/auth/sign-in-verify", identity=who.email, password=password)
        if "result" not in said:
            return Half()
        [accepted, *_], _ = said["result"]
        step = self.post("/auth/sign-in", loginToken=accepted["loginToken"])
        if step["is2FAEnabled"]:
            return Half(handle=step["loginToken"])
        return Half(bearer=step["loginToken"])

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:  # noqa: ARG002
        said = self.post("/auth/sign-in-with-2fa", loginToken=handle, pin=code)
        token: str | None = said.get("data", {}).get("token")
        return token


class HasuraBackendPlus(Program):
    def start(self, who: Account, password: str = PASSWORD) -> Half:
        said = self.post("/auth/login", email=who.email, password=password)
        return Half(said.get("jwt_token"), said.get("ticket"))

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:  # noqa: ARG002
        return self.post("/auth/mfa/totp", ticket=handle, code=code).get("jwt_token")


class Pages:
    """Their handle and their bearer stay in the browser's cookie, signed."""

    def __init__(self, portal: Flask, address: str = "127.0.0.1") -> None:
        self.browser = Browser(portal, address)

    def start(self, who: Account, password: str = PASSWORD) -> Half:
        page = self.browser.sign_in(who, password)
        if page.url == "/home":
            return Half(bearer=self.browser.cookie())
        return Half(handle=self.browser.cookie() if page.url in WAITING else None)

    def finish(self, who: Account, handle: str, code: str | None) -> str | None:  # noqa: ARG002
        if is_recovery_code(code or ""):
            self.browser.open("/sign-in/recovery")
        if self.browser.shown.url not in WAITING:
            return None  # the sign-in is over, and another would begin
        page = self.browser.press("Continue", code=code or "")
        return self.browser.cookie() if page.url == "/home" else None


CONTRACTS: dict[str, type[Program]] = {
    "000": MikroCloud,
    "001": RocketChat,
    "002": BearerToken,
    "003": InteDashboard,
    "004": HasuraBackendPlus,
}
