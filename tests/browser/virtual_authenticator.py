"""Chromium's own virtual authenticator: a security key without a finger (WebAuthn section 11)."""

from typing import Any

from playwright.sync_api import CDPSession, Page

OF_THE_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class VirtualAuthenticator:
    """The authenticator of one tab: it answers by itself, without a finger."""

    def __init__(self, page: Page, **otherwise: Any) -> None:
        self._tab: CDPSession = page.context.new_cdp_session(page)
        self._tab.send("WebAuthn.enable")
        options = {**OF_THE_DEVICE, **otherwise}
        added = self._tab.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = {"authenticatorId": added["authenticatorId"]}

    @property
    def passkeys(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send("getCredentials")["credentials"]
        return found

    def take(self, passkey: dict[str, Any]) -> None:
        """Hold a passkey that another authenticator made."""
        self._send("addCredential", credential=passkey)

    def fail(self) -> None:
        """Verify nobody from now on: each request ends as if its window had been closed."""
        self._send("setUserVerified", isUserVerified=False)

    def succeed(self) -> None:
        self._send("setUserVerified", isUserVerified=True)

    def _send(self, command: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._tab.send(f"WebAuthn.{command}", {**self._id, **parameters})
        return answer


def offers_nothing_by_itself(page: Page) -> None:
    """Let the browser know no passkeys in fields: with this authenticator it would take them."""
    page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
