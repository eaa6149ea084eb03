"""A way in as a card, with its verdict."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Locked, Refusal, WrongPassword
from app.models import Factor, Interface, Membership
from app.operations import factors
from app.operations.sessions import ADMINISTERING
from app.operations.ways_in import Offer, RefusedWay, Verified
from app.pages import problems, roles
from app.pages.forms import AnotherPasswordForm

READY, WANTING, STOPPED = "ready", "wanting", "stopped"  # the tones of templates/_cards.html
VERDICTS = {
    "wrong_password": _l("Another password here"),
    "membership_locked": _l("Locked"),
    "locked": _l("Locked"),
    "organisation_suspended": _l("Suspended"),
}
NEEDS = {
    Factor.PIN: _l("Needs a PIN"),
    Factor.CODE: _l("Needs a code"),
    Factor.PASSKEY: _l("Needs a passkey"),
    Factor.ENROLMENT: _l("Needs an app"),
}


@dataclass(frozen=True)
class Card:
    """What stands on a card; which of its buttons, `handle`, `form` and `until` say."""

    key: str
    place: str
    role: str
    verdict: str
    tone: str
    detail: str = ""
    handle: str | None = None
    form: AnotherPasswordForm | None = None
    until: datetime | None = None
    url: str | None = None
    membership: Membership | None = field(default=None, repr=False)


def of_looked_at(membership: Membership) -> Card:
    """Return the card of a membership for an administrator who looks as its owner."""
    if membership.role in ADMINISTERING:
        why = _("Nobody administers in somebody else's place.")
        return _card(membership, verdict=_("Not open"), tone=STOPPED, detail=why)
    if membership.suspended:
        return _card(membership, verdict=str(VERDICTS["organisation_suspended"]), tone=STOPPED)
    return _card(membership, verdict=_("Ready"), tone=READY)


def of_verified(verified: Verified, wrong: AnotherPasswordForm | None = None) -> list[Card]:
    """Return a card for each way in; `wrong` is a card's password form that was refused."""
    offered = [of_offer(offer) for offer in verified.offers]
    return offered + [of_refused(way, wrong) for way in verified.refused]


def of_offer(offer: Offer) -> Card:
    """Return the card of a way in that is open."""
    needs = NEEDS.get(offer.factor)
    return _card(
        offer.membership,
        verdict=str(needs or _("Ready")),
        tone=WANTING if needs else READY,
        handle=offer.handle,
    )


def of_refused(way: RefusedWay, wrong: AnotherPasswordForm | None) -> Card:
    """Return the card of a way in that is shut, with what opens it."""
    refusal = way.refusal
    asks = isinstance(refusal, WrongPassword)
    return _card(
        way.membership,
        verdict=str(VERDICTS.get(refusal.reason, _("Not open"))),
        tone=WANTING if asks else STOPPED,
        detail=_detail(refusal),
        form=password_form(way.membership, wrong) if asks else None,
        until=refusal.until if isinstance(refusal, Locked) else None,
    )


def of_membership(membership: Membership, wrong: AnotherPasswordForm | None, ask: str) -> Card:
    """Return the card of a seat that somebody signed in does not hold yet."""
    if membership.suspended:
        return _card(membership, verdict=_("Suspended"), tone=STOPPED)
    held = factors.of(membership.account)
    due = factors.due(held, membership.demand, Interface.PAGES)
    verdict = str(NEEDS.get(due, ""))
    if ask != str(membership.id):
        return _card(membership, verdict=verdict, tone=WANTING if verdict else "quiet")
    form = password_form(membership, wrong)
    return _card(membership, verdict=_("Another password here"), tone=WANTING, form=form)


def of_seat(membership: Membership, url: str) -> Card:
    """Return the card of a seat that is held."""
    return _card(membership, verdict=_("Open now"), tone=READY, url=url)


def password_form(membership: Membership, wrong: AnotherPasswordForm | None) -> AnotherPasswordForm:
    """Return the password form of one card; ids on a page are each there once."""
    key = str(membership.id)
    mine = wrong is not None and wrong.membership.data == key
    form = wrong if wrong is not None and mine else AnotherPasswordForm(formdata=None)
    form.membership.data = key
    form.password.id = f"password-{uuid.UUID(key).hex}"
    return form


def last_choice_first(cards: list[Card], last: str | None) -> list[Card]:
    """Put the way in that was taken last first; leave the others in their order."""
    return sorted(cards, key=lambda card: card.key != last)


def _detail(refusal: Refusal) -> str:
    told = {"wrong_password", "membership_locked", "locked"}
    return "" if refusal.reason in told else problems.sentence(refusal)


def _card(membership: Membership | None, *, verdict: str, tone: str, **rest: Any) -> Card:
    if membership is None:
        key, place, role = "account", _("Your account"), _("No organisation")
    else:
        place = membership.organisation.name if membership.organisation else _("The portal")
        key, role = str(membership.id), roles.name(membership.role)
    return Card(key, place, role, verdict, tone, membership=membership, **rest)
