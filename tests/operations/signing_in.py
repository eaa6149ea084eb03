"""What tests of the sign-in do again and again: get in, and be refused."""

from dataclasses import replace

from app.errors import Refusal
from app.models import Account, Interface
from app.operations import sign_in
from app.operations.sign_in import PinWanted, SignedIn
from app.operations.visitor import Visitor
from app.operations.ways_in import Offer
from tests import factories
from tests.factories import PASSWORD, STRANGER, VISITOR

WRONG = "not the password"


def from_elsewhere(number: int) -> Visitor:
    return Visitor(Interface.PAGES, f"203.0.113.{number}")


def signed_in(who: Account, password: str = PASSWORD, visitor: Visitor = VISITOR) -> SignedIn:
    """Sign in by the first way that opens, answering the PIN where one is asked."""
    identity = who.email or who.username or ""
    offer = sign_in.verify_password(identity, password, visitor).offers[0]
    return taken(offer, visitor)


def taken(offer: Offer, visitor: Visitor = VISITOR) -> SignedIn:
    step = sign_in.proceed(offer.handle, visitor)
    if isinstance(step, PinWanted):
        step = sign_in.answer(step.handle, mailed_pin(), visitor)
    assert isinstance(step, SignedIn)
    return step


def known_device(who: Account, password: str = PASSWORD, visitor: Visitor = VISITOR) -> Visitor:
    """Sign in, and return the visitor with the cookie that this left."""
    return replace(visitor, device=signed_in(who, password, visitor).device)


def reason(identity: str | None, password: str = PASSWORD, visitor: Visitor = VISITOR) -> str:
    """Return why a password is refused; nothing where it opens a way in."""
    try:
        sign_in.verify_password(identity or "", password, visitor)
    except Refusal as refusal:
        return refusal.reason
    return ""


def opens(who: Account, password: str = PASSWORD, visitor: Visitor = VISITOR) -> bool:
    return reason(who.email, password, visitor) == ""


def fail(identity: str | None, times: int, visitor: Visitor = STRANGER) -> list[str]:
    """Try a wrong password so many times; return the reasons."""
    return [reason(identity, WRONG, visitor) for _ in range(times)]


def mailed_pin() -> str:
    return factories.latest_words("pin")["pin"]


def another_than(pin: str) -> str:
    return f"{(int(pin) + 1) % 1_000_000:06d}"
