"""Causes of not getting in, each with the button that mends it."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from app.errors import Refusal
from app.operations import authority, locks, sign_in_cures
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.sign_in_cures import Cure
from app.operations.sign_in_examination import Examination
from app.operations.sign_in_verdicts import Way
from app.pages.admin import verdict_words
from app.pages.admin.act_words import WORDS


@dataclass(frozen=True)
class Button:
    """What leads to an act that mends something."""

    text: str
    url: str
    kind: str = "secondary"


@dataclass(frozen=True)
class Cause:
    """One thing that keeps somebody out, or may; `until` when, and what mends it."""

    text: str
    button: Button | None = None
    until: datetime | None = None

    @property
    def for_good(self) -> bool:
        """Tell whether it does not end by itself."""
        return self.until is not None and locks.is_for_good(self.until)


@dataclass(frozen=True)
class Desk:
    """What is known of somebody, and who looks at it: buttons are made for both."""

    seen: Examination
    who: Administrator

    def button(self, action: Action, way: Way | None = None) -> Button | None:
        """Return the button of an act, where it may be done to this account."""
        return self._leading_to(sign_in_cures.offered(action, self.seen, self.who, way))

    def cause(self, refusal: Refusal, way: Way | None = None) -> Cause:
        """Return a refusal in words, with the button that mends it."""
        cure = sign_in_cures.against(refusal, self.seen, self.who, way)
        until: datetime | None = getattr(refusal, "until", None)
        return Cause(verdict_words.why(refusal, way), self._leading_to(cure), until)

    def opening(self, network: str) -> Button | None:
        """Return the button that opens the lock of a network, where it may be opened."""
        if authority.reach(self.who, Action.UNLOCK_NETWORK) is None:
            return None
        url = url_for(".unlock_network_page", at=network, who=self.seen.account.id)
        return Button(_("Open the lock of the network"), url)

    def _leading_to(self, cure: Cure | None) -> Button | None:
        if cure is None:
            return None
        if cure.action in sign_in_cures.OF_ORGANISATIONS:
            return Button(
                _("Look at the organisation"), url_for(".one_organisation", place_id=cure.at)
            )
        said, account_id = WORDS[cure.action], self.seen.account.id
        back = url_for(".verdict", account_id=account_id)
        at = cure.at if self.who.of_portal else None  # an organisation's seat knows
        url = url_for(f".{cure.action.value}_page", account_id=account_id, at=at, next=back)
        return Button(str(said.button), url, said.kind)
