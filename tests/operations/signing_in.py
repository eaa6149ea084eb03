"""What tests of the sign-in do again and again: get in, and be refused."""

from collections.abc import Callable
from dataclasses import replace

from app.errors import Refusal
from app.models import Account, Interface
from app.operations import seats, sign_in
from app.operations.sign_in import PinWanted, SignedIn
from app.operations.visitor import Visitor
from app.operations.ways_in import Offer
from tests import factories
from tests.apps import code_of
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


def by_code(
    who: Account, secret: str, visitor: Visitor = VISITOR, *, trust: bool = False
) -> SignedIn:
    """Sign in to the first way that opens, by the code that the app shows now."""
    handle = waiting_for(who, visitor)
    done = sign_in.answer(handle, code_of(secret), visitor, trust=trust)
    assert isinstance(done, SignedIn)
    return done


def waiting_for(who: Account, visitor: Visitor = VISITOR) -> str:
    """Prove the password; return the handle of a sign-in that waits for a second factor."""
    whole = visitor.interface is not Interface.PAGES
    verified = sign_in.verify_password(who.email or "", PASSWORD, visitor, whole=whole)
    step = sign_in.proceed(verified.offers[0].handle, visitor)
    assert not isinstance(step, SignedIn)
    return step.handle


def confirmed(done: SignedIn, answer: str, visitor: Visitor = VISITOR) -> SignedIn:
    """Prove again who it is, by the password and this answer; return the session, as it is now."""
    offer = seats.verify_again(done.session, PASSWORD, visitor)
    sign_in.proceed(offer.handle, visitor)
    again = sign_in.answer(offer.handle, answer, visitor)
    assert isinstance(again, SignedIn)
    return again


def refusal_of(act: Callable[[], object]) -> str:
    """Return why something is refused; nothing where it is done."""
    try:
        act()
    except Refusal as refusal:
        return refusal.reason
    return ""
