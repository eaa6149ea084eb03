"""Contract 004's accounts: registering, signing in, activating, passwords, removing."""

from flask import request
from flask.typing import ResponseReturnValue

from app import config
from app.api.body import BadBody, FieldProblem, read
from app.api.caller import caller, require_room, visitor
from app.api.hasura_answers import answer, done, error
from app.api.hasura_bodies import (
    GUID,
    LEAST,
    AddressBody,
    ChangeBody,
    ForgotBody,
    LoginBody,
    RegisterBody,
    ResetBody,
    TicketBody,
)
from app.api.hasura_tokens import hand_over
from app.errors import AlreadyExists, WrongPassword
from app.models import Factor, Interface
from app.operations import (
    enrolment_mail,
    new_passwords,
    passwords,
    refreshing,
    registration,
    removal,
    sign_in,
)
from app.operations.sign_in import SignedIn
from app.operations.visitor import Visitor


def register() -> ResponseReturnValue:
    """Make an account and mail its ticket. Unlike the pages, this tells of a taken address."""
    require_room()
    body = read(RegisterBody)
    if not config.current().hide_accounts and registration.is_taken(body.email):
        raise AlreadyExists
    registration.register(body.email, "", body.password, _visitor(), least=LEAST)
    return done()


def login() -> ResponseReturnValue:
    """Sign in, or answer with the ticket for the second factor that is due."""
    require_room()
    body = read(LoginBody)
    verified = sign_in.verify_password(body.email, body.password, _visitor(), whole=True)
    [offer] = verified.offers
    if offer.factor is Factor.ENROLMENT:
        enrolment_mail.tell(verified.account)
        return _mfa(offer.handle)
    step = sign_in.proceed(offer.handle, _visitor())
    if isinstance(step, SignedIn):
        return hand_over(step.session, refreshing.begin(step.session), in_cookie=body.cookie)
    return _mfa(step.handle)


def activate() -> ResponseReturnValue:
    """Activate the account that a ticket was mailed to.

    The ticket alone is enough, as the document has it: whoever registered here did so without a
    browser that a ticket could remember. Tickets of the pages' registrations are refused. The
    mail's link leads to a page, where such an account's password is asked for.
    """
    registration.activate(read(TicketBody).ticket, _visitor())
    return done()


def activate_by_get() -> ResponseReturnValue:
    """Activate at once, for clients that ask by GET; our mails link to a page with a button."""
    if request.method == "HEAD":
        return done()  # to look must not spend the ticket
    registration.activate(_ticket_in_url(), _visitor())
    return done()


def ask_for_ticket() -> ResponseReturnValue:
    """Mail a ticket to set a password with, if the address has an account; never tell."""
    passwords.forgotten(read(AddressBody).email, _visitor())
    return done()


def forgot() -> ResponseReturnValue:
    """Set a forgotten password with a ticket; signs nobody in and ends every session."""
    require_room()
    body = read(ForgotBody)
    return _reset(body.ticket, body.new_password)


def change() -> ResponseReturnValue:
    """Change a password that is known."""
    require_room()
    body = read(ChangeBody)
    return _change(body.old_password, body.new_password, "Incorrect current password.")


def reset() -> ResponseReturnValue:
    """Set a password with a ticket, or with the old one."""
    require_room()
    body = read(ResetBody)
    if body.ticket is not None:
        return _reset(body.ticket, body.new_password)
    if body.old_password is None:
        raise BadBody([FieldProblem("old_password", "missing", {}, None)])
    return _change(body.old_password, body.new_password, "Incorrect password.")


def remove() -> ResponseReturnValue:
    """Remove the caller's account, at once and for good."""
    removal.remove(caller(lenient=True), _visitor())
    return done()


def _visitor() -> Visitor:
    return visitor(Interface.HASURA_BACKEND_PLUS)


def _mfa(ticket: str) -> ResponseReturnValue:
    return answer({"mfa": True, "ticket": ticket})


def _ticket_in_url() -> str:
    sent = request.args.getlist("ticket")
    if not sent:
        raise BadBody([FieldProblem("ticket", "missing", {}, None)])
    ticket = sent[0].lower()
    if len(sent) > 1 or not GUID.fullmatch(ticket):
        raise BadBody([FieldProblem("ticket", "guid", {}, sent[0])])
    return ticket


def _reset(ticket: str, password: str) -> ResponseReturnValue:
    new_passwords.check(password, None, least=LEAST)  # as the original: before the ticket
    passwords.reset(ticket, password, _visitor(), least=LEAST)
    return done()


def _change(old: str, new: str, if_wrong: str) -> ResponseReturnValue:
    try:
        passwords.change(caller(lenient=True), old, new, _visitor(), least=LEAST)
    except WrongPassword:
        return error(401, if_wrong)
    return done()
