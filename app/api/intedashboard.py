"""Contract 003: InteDashboard, whose sign-in lets one person choose among organisations and roles.

Routes in the document's order, then those that later versions of it add: a PIN sent again, a
password forgotten, the profile. Its base URL ends in /v2, so each stands at both places. Its
original is built on Laravel and Dingo: what the document leaves open is answered as these do.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.api import caller, voices
from app.api import intedashboard_answers as answers
from app.api.intedashboard_answers import Shape
from app.api.intedashboard_bodies import (
    Answered,
    ChosenRole,
    Credentials,
    Forgotten,
    NewPassword,
    Waiting,
    read,
)
from app.api.intedashboard_description import OPERATIONS
from app.api.intedashboard_refusals import REFUSALS, fail, no, refuse, reject, told
from app.errors import TicketRefused, WrongCode
from app.models import Factor, Interface, Session
from app.operations import (
    access_tokens,
    enrolment_mail,
    first_passwords,
    passwords,
    sessions,
    sign_in,
    ways_in,
)
from app.operations.visitor import Visitor
from app.operations.ways_in import RefusedWay
from app.security.tokens import is_recovery_code
from app.security.totp import SIX_DIGITS

__all__ = ["OPERATIONS", "REFUSALS", "contract", "fail", "refuse", "reject"]

LOGIN_TOKEN = re.compile(r"[A-Za-z0-9]{80}")
BASES = ("", "/v2")

contract = Blueprint("intedashboard", __name__)

View = TypeVar("View", bound=Callable[[], ResponseReturnValue])


def _add(
    path: str, name: str, view: Callable[..., ResponseReturnValue], methods: list[str]
) -> None:
    contract.add_url_rule(path, name, view, methods=methods, strict_slashes=False)


def route(method: str, path: str) -> Callable[[View], View]:
    """Put a view at `path` below both base URLs; other methods there find nothing."""

    def put(view: View) -> View:
        others = [each for each in voices.METHODS if each != method]
        for base in BASES:
            name = f"{view.__name__}{base.replace('/', '_')}"
            _add(base + path, name, view, [method])
            _add(base + path, f"{name}_otherwise", voices.nothing_here, others)
        return view

    return put


@route("POST", "/auth/sign-in-verify")
def verify() -> ResponseReturnValue:
    """List the roles that a password opens, each with its token, and those that it does not."""
    caller.require_room()
    sent = read(Credentials)
    verified = sign_in.verify_password(sent.identity, sent.password, _visitor())
    accepted = [answers.offered(offer) for offer in verified.offers]
    return {"status_code": 200, "message": "OK", "result": [accepted, _rejected(verified.refused)]}


@route("POST", "/auth/sign-in")
def choose_role() -> ResponseReturnValue:
    """Go on with the chosen role: to its second factor, or in.

    The document does not show the answer of a role without one: it has both what the document
    shows of one with, and what later versions of it show.
    """
    token = _login_token(read(ChosenRole).login_token)
    step = None if _waits_for_enrolment(token) else sign_in.proceed(token, _visitor())
    if not isinstance(step, sign_in.SignedIn):
        return {"is2FAEnabled": True, "loginToken": token}
    data = _data(step.session)
    return {"is2FAEnabled": False, "loginToken": data["token"], "data": data}


@route("POST", "/auth/sign-in-with-2fa")
def answer_pin() -> ResponseReturnValue:
    """Check the mailed PIN, or the authenticator app's code, and sign in.

    The document's answer repeats the request; the bearer is in `data`, as in its later versions.
    """
    sent = read(Answered)
    token = _login_token(sent.login_token)
    if not SIX_DIGITS.fullmatch(sent.pin) and not is_recovery_code(sent.pin):
        ways_in.find_pending(token)  # a wrong token is told before a wrong PIN
        raise WrongCode
    step = sign_in.answer(token, sent.pin, _visitor())
    if not isinstance(step, sign_in.SignedIn):
        raise WrongCode  # an app has to be set up first, and only the pages can show how
    return {"loginToken": token, "pin": sent.pin, "data": _data(step.session)}


@route("POST", "/auth/resend-2fa")
def resend_pin() -> ResponseReturnValue:
    """Mail another PIN; the old one stops working. Where no PIN is due, none is sent."""
    token = _login_token(read(Waiting).login_token)
    due = ways_in.find_pending(token).factor is Factor.PIN
    if due:
        sign_in.resend(token, _visitor())
    return {"success": due}


@route("POST", "/password/send-token")
def send_token() -> ResponseReturnValue:
    """Mail a token to set a new password with. Whether anybody has the address is not told."""
    passwords.forgotten(read(Forgotten).email, _visitor())
    return {"sent": True}


@route("POST", "/password/reset")
def reset_password() -> ResponseReturnValue:
    """Set a new password by a mailed token; one of `means` verify also activates the account."""
    caller.require_room()
    sent = read(NewPassword)
    spend = passwords.reset if sent.means == "token" else first_passwords.activate
    try:
        spend(sent.token, sent.password, _visitor())
    except TicketRefused:
        return {"message": "Reset token not found.", "status_code": 404}, 404
    return _done()


@route("POST", "/password/verify")
def verify_account() -> ResponseReturnValue:
    """Activate an account by the mailed token, and set its password."""
    caller.require_room()
    sent = read(NewPassword)
    try:
        first_passwords.activate(sent.token, sent.password, _visitor())
    except TicketRefused:
        return no(401, "Verification are allowed for first time users only."), 401
    return _done()


@route("GET", "/profile")
def profile() -> ResponseReturnValue:
    """Show who is signed in."""
    return {"data": answers.user(caller.caller())}


@route("GET", "/profile/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session. A GET, as the document has it; HEAD only looks."""
    session = caller.caller()
    if request.method == "GET":
        sessions.end(session, _visitor())
    return {"invalidated": True}


for _path in (
    "/v2",
    "/v2/<path:_path>",
    "/password",
    "/password/<path:_path>",
    "/profile/<path:_path>",
):
    _add(_path, f"nothing_at_{_path}", voices.nothing_here, voices.METHODS)


def _login_token(sent: str) -> str:
    """Return a token of this contract's form; secrets of other interfaces are none here."""
    if not LOGIN_TOKEN.fullmatch(sent):
        raise TicketRefused
    return sent


def _waits_for_enrolment(token: str) -> bool:
    """Tell whether an app has to be set up first, which only the pages can show; mail where."""
    pending = ways_in.find_pending(token)
    due = pending.factor is Factor.ENROLMENT
    if due:
        enrolment_mail.tell(pending.verification.account)
    return due


def _rejected(ways: list[RefusedWay]) -> list[Shape]:
    return [answers.refused(way, told(way.refusal)) for way in ways]


def _data(session: Session) -> Shape:
    return answers.signed_in(session, access_tokens.issue(session))


def _done() -> ResponseReturnValue:
    """Say that a password is set: without a token, since that never signs in."""
    return {"data": {"status_code": 200, "message": "OK"}}


def _visitor() -> Visitor:
    return caller.visitor(Interface.INTEDASHBOARD)
