"""Contract 001 (Rocket.Chat): the calls about e-mailed codes, which the original calls 2FA.

A call that needs a fresh proof is refused with 400 `totp-required`; the client sends it again with
the code in `x-2fa-code`.
"""

from collections.abc import Callable

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.api.caller import caller, visitor
from app.api.rocketchat_answers import (
    TOTP_INVALID,
    TOTP_MAX_ATTEMPTS,
    TOTP_REQUIRED,
    call_refused,
    factor_details,
)
from app.api.rocketchat_bodies import CodeRequest, code_in_headers, digits_of_pin, read
from app.errors import ProofRequired, TooManyCodes, WrongCode
from app.models import Factor, Interface, Session
from app.operations import chosen_pin, enrolment_mail, step_up, waiting_pins
from app.operations.visitor import Visitor

MISSING = ("error-parameter-required", "emailOrUsername is required")


def add_to(contract: Blueprint) -> None:
    """Add these calls to the contract's own."""
    for name, view in (
        ("sendEmailCode", send_email_code),
        ("enableEmail", enable_email),
        ("disableEmail", disable_email),
    ):
        contract.post(f"/api/v1/users.2fa.{name}", strict_slashes=False)(view)


def send_email_code() -> ResponseReturnValue:
    """Mail another PIN for a sign-in that waits for one; say 200 to everybody."""
    sent = read(CodeRequest)
    if not sent.emailOrUsername:
        return call_refused(MISSING)
    waiting_pins.send_another(sent.emailOrUsername, visitor(Interface.ROCKETCHAT))
    return {"success": True}


def enable_email() -> ResponseReturnValue:
    """Ask an e-mailed PIN at every sign-in."""
    return _with_fresh_proof(chosen_pin.choose)


def disable_email() -> ResponseReturnValue:
    """Ask none any more."""
    return _with_fresh_proof(chosen_pin.leave)


def _with_fresh_proof(act: Callable[[Session, Visitor], str | None]) -> ResponseReturnValue:
    session, here, code = caller(), visitor(Interface.ROCKETCHAT), code_in_headers()
    try:
        act(session, here)
    except ProofRequired:
        if not code:
            return _ask(session, here)
        return _answered(session, code, here) or _with_fresh_proof(act)
    return {"success": True}


def _answered(session: Session, code: str, here: Visitor) -> ResponseReturnValue | None:
    """Return None where the code is right: then the call can be done."""
    factor = step_up.due(session)
    if factor not in {Factor.PIN, Factor.CODE}:
        return call_refused(TOTP_INVALID, factor_details(factor, session.account))
    try:
        step_up.answer(session, digits_of_pin(code) if factor is Factor.PIN else code, here)
    except (WrongCode, TooManyCodes) as refusal:
        words = TOTP_MAX_ATTEMPTS if isinstance(refusal, TooManyCodes) else TOTP_INVALID
        pin = step_up.waiting_pin(session, here)
        return call_refused(words, factor_details(factor, session.account, pin))
    return None


def _ask(session: Session, here: Visitor) -> ResponseReturnValue:
    """Say which factor is due; a PIN is mailed, unless one waits."""
    factor, account = step_up.due(session), session.account
    if factor is Factor.ENROLMENT:
        enrolment_mail.tell(account)
    if factor is not Factor.PIN:
        return call_refused(TOTP_REQUIRED, factor_details(factor, account))
    pin = step_up.waiting_pin(session, here)
    if pin is None:
        step_up.send_pin(session, here)
    return call_refused(TOTP_REQUIRED, factor_details(factor, account, pin, mailed=pin is None))
