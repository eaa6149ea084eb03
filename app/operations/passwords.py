"""Changing a password, and setting a forgotten one anew."""

import uuid
from functools import partial

import structlog

from app import config, db
from app.clock import now
from app.errors import TicketRefused, WrongPassword
from app.mail import outbox
from app.models import Account, AddressTicket, Counted, Organisation, ResetTicket, Session
from app.operations import (
    accounts,
    audit,
    directory_try,
    even_time,
    kept_elsewhere,
    known_devices,
    lock_mails,
    lockout,
    memberships,
    new_passwords,
    news,
    password_try,
    second_factor,
    sessions,
    tickets,
)
from app.operations.visitor import Visitor

log = structlog.get_logger("doorward.passwords")


def forgotten(identity: str, visitor: Visitor, organisation_id: uuid.UUID | None = None) -> None:
    """Mail a reset ticket to the address on file, if there is one; never tell whether.

    `organisation_id` asks for the account's own password at one organisation. Nothing
    is mailed where this network asked for too much.
    """
    with even_time.kept(), db.transaction():
        account = accounts.find(identity)
        if not lockout.may_ask(visitor.network):
            log.warning("mail_not_asked_for", address=visitor.address)
            return
        if account is None or account.suspended_at is not None:
            return
        if organisation_id and not _belongs(account, organisation_id):
            organisation_id = None
        if organisation_id is None and kept_elsewhere.is_kept(account.id):
            _tell_where(account)
            return
        place = _name_of(organisation_id)
        tickets.mail(ResetTicket, account, place, organisation_id=organisation_id)
        audit.record("reset_asked", visitor, account_id=account.id, organisation_id=organisation_id)


def reset_of(secret: str) -> ResetTicket:
    """Return the reset ticket behind `secret`, or raise TicketRefused. Changes nothing."""
    ticket = tickets.find(ResetTicket, secret)
    gone = ticket.organisation_id and not _belongs(ticket.account, ticket.organisation_id)
    gone = gone or (not ticket.organisation_id and kept_elsewhere.is_kept(ticket.account_id))
    if ticket.account.suspended_at is not None or gone:
        raise TicketRefused
    return ticket


def ticket_for_code(identity: str, code: str) -> str:
    """Trade the code from the mail for a ticket, or raise TicketRefused."""
    return tickets.secret_for_code(ResetTicket, identity, code)


def reset(secret: str, password: str, visitor: Visitor, *, least: int = 8) -> None:
    """Spend the ticket and set the password that it is for.

    Never signs in and never skips a factor; ends every session, opens the locks, and activates an
    account whose address is proven by it. Raises TicketRefused, PasswordRefused and Busy.
    """
    account = reset_of(secret).account
    new_passwords.check(password, account, least=least)
    hash_ = new_passwords.hashed(password, visitor.network)
    with db.transaction():
        ticket = reset_of(secret)
        account, organisation_id = ticket.account, ticket.organisation_id
        tickets.spend(ticket)
        new_passwords.keep(account, hash_, organisation_id)
        account.activated_at = account.activated_at or now()
        sessions.end_all_of(account.id)
        tickets.forget(AddressTicket, account)  # whoever asked may have been the reason
        unlock(account)
        second_factor.forgive_after_reset(account)
        known_devices.forget_all(account)
        place = {"organisation": _name_of(organisation_id)}
        news.tell("password_changed", account, visitor, place, organisation_id=organisation_id)
        audit.record(
            "password_reset", visitor, account_id=account.id, organisation_id=organisation_id
        )


def change(
    session: Session, current: str, password: str, visitor: Visitor, *, least: int = 8
) -> str:
    """Change the account's password; return this session's new bearer. All others end.

    Raises ProofRequired, KeptInDirectory, WrongPassword (counted like any try), PasswordRefused,
    Locked, TooManyTries and Busy.
    """
    sessions.require_account_proof(session)
    kept_elsewhere.require_own(session.account_id)
    new_passwords.check(password, session.account, least=least)
    if not _is_current(session.account, current, visitor):
        raise WrongPassword
    hash_ = new_passwords.hashed(password, visitor.network)
    with db.transaction():
        accounts.hold(Account.id == session.account_id)
        account = session.account
        new_passwords.keep(account, hash_)
        sessions.end_all_of(account.id, but=session.id)
        tickets.forget(ResetTicket, account)
        tickets.forget(AddressTicket, account)
        known_devices.forget_all(account)
        news.tell("password_changed", account, visitor, session_id=session.id)
        audit.record("password_changed", visitor, account_id=account.id)
        return sessions.rotate(session)


def unlock(account: Account) -> None:
    """Open the locks that failed passwords left on an account, in the caller's transaction.

    Failures of a second factor stay: a mail is no answer to those.
    """
    lockout.clear(Counted.IDENTITY, password_try.subjects_of(account))
    lockout.clear_starting(Counted.IDENTITY, [f"account:{account.id}:"])
    ours = [str(membership.id) for membership in memberships.of(account.id)]
    lockout.clear(Counted.MEMBERSHIP, ours)
    lockout.clear_starting(Counted.MEMBERSHIP, [f"{each}:" for each in ours])


def _is_current(account: Account, password: str, visitor: Visitor) -> bool:
    begin = partial(password_try.begin_for_account, account, visitor)
    tried, matched = directory_try.compared(begin, password, visitor)
    row = password_try.row_for(tried, None)
    right = row is not None and row.id in matched
    with db.transaction():
        if right:
            password_try.opened(tried, [each for each in tried.stored if each.id in matched])
        else:
            lock_mails.tell(tried, visitor)
            audit.record("confirmation_failed", visitor, account_id=tried.account_id)
    return right


def _tell_where(account: Account) -> None:
    """Mail where a password is changed that a directory has."""
    known = config.current().directory
    place, link = (known.name, known.password_url) if known else ("", None)
    words = {"name": account.shown_name, "directory": place, "password_link": link or ""}
    outbox.put("password_in_directory", account, words)


def _belongs(account: Account, organisation_id: uuid.UUID) -> bool:
    return any(m.organisation_id == organisation_id for m in memberships.of(account.id))


def _name_of(organisation_id: uuid.UUID | None) -> str:
    if organisation_id is None:
        return ""
    return db.session().get_one(Organisation, organisation_id).name
