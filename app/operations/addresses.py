"""Changing an account's address: the new one confirms, and the old one is told.

Whether the new one belongs to somebody else is never told to whoever asks: the request looks the
same, waits the same time and ends an older request just the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app import config, db
from app.clock import now
from app.errors import AlreadyExists, TicketRefused
from app.mail import outbox
from app.models import (
    Account,
    ActivationTicket,
    AddressTicket,
    Counted,
    ResetTicket,
    Session,
    UnlockTicket,
)
from app.operations import (
    accounts,
    audit,
    even_time,
    kept_elsewhere,
    lockout,
    news,
    registration,
    sessions,
    steps,
    tickets,
)
from app.operations.tickets import Issued
from app.operations.visitor import Visitor
from app.security.identities import address_key, mailing_address

HOUR = timedelta(hours=1)
# Of one account, whatever became of them: counting mails would tell which addresses are taken.
ASKED = lockout.Limit(Counted.ASKING, 5, HOUR, HOUR)
WENT_TO_THE_FORMER = (ActivationTicket, ResetTicket, UnlockTicket)

log = structlog.get_logger("doorward.addresses")


def ask(session: Session, address: str, visitor: Visitor) -> None:
    """Mail a ticket to a new address. If it is somebody else's, tell its owner, and nobody else.

    The account's older request dies. Nothing happens where this account, or this network, asked too
    often of late. Raises ProofRequired, KeptInDirectory, InvalidAddress, and AlreadyExists for the
    address that the account has.
    """
    sessions.require_account_proof(session)
    kept_elsewhere.require_own(session.account_id)
    wanted, key = mailing_address(address), address_key(address)
    if wanted == session.account.email:
        raise AlreadyExists
    with even_time.kept(), db.transaction():
        account = session.account
        if not _may_ask(account, visitor):
            log.warning("mail_not_asked_for", account_id=str(account.id))
            return
        issued = tickets.issue(AddressTicket, account, new_email=wanted, new_email_key=key)
        owner = accounts.find(wanted)
        if owner is None or owner.id == account.id or not registration.is_someones(owner):
            _mail(account, wanted, issued)
        else:
            registration.tell_owner(owner)
        audit.record("address_change_asked", visitor, account_id=account.id)


def asked_of(account: Account) -> AddressTicket | None:
    """Return the change of address that waits to be confirmed, if one does."""
    live = AddressTicket.account_id == account.id, AddressTicket.expires_at > now()
    newest = AddressTicket.created_at.desc()
    return db.session().scalar(select(AddressTicket).where(*live).order_by(newest).limit(1))


def withdraw(session: Session, visitor: Visitor) -> None:
    """Let the ticket that was mailed die; raises ProofRequired for a mere seat."""
    sessions.require_account(session)
    waits = delete(AddressTicket).where(AddressTicket.account_id == session.account_id)
    with db.transaction() as current:
        if current.scalar(waits.returning(AddressTicket.id)) is not None:
            audit.record("address_change_withdrawn", visitor, account_id=session.account_id)


def change_of(secret: str) -> AddressTicket:
    """Return the ticket behind `secret`, or raise TicketRefused. Changes nothing."""
    ticket = tickets.find(AddressTicket, secret)
    if ticket.account.suspended_at is not None:
        raise TicketRefused
    return ticket


def ticket_for_code(identity: str, code: str) -> str:
    """Trade the code from the mail for a ticket, or raise TicketRefused."""
    return tickets.secret_for_code(AddressTicket, identity, code)


def confirm(secret: str, visitor: Visitor, session: Session | None = None) -> str | None:
    """Spend the ticket, and make its address the account's.

    Every session of the account ends, but for `session` where it is one: then its new bearer is
    returned. Known devices stay known. Raises TicketRefused, also where the address has become
    somebody else's meanwhile; which of them it was, nobody is told.
    """
    with _nothing_twice(), db.transaction():
        ticket = change_of(secret)
        kept_elsewhere.require_own(ticket.account_id)
        account, address = ticket.account, (ticket.new_email, ticket.new_email_key)
        tickets.spend(ticket)
        if make_room(address[0], account):
            return _change(account, address, visitor, session)
    raise TicketRefused


def make_room(address: str, account: Account) -> bool:
    """Tell whether the address can be this account's, in the caller's transaction.

    An account that somebody registered with it and never activated makes room: the mail is proof
    of whose it is.
    """
    holder = accounts.find(address)
    if holder is None or holder.id == account.id:
        return True
    if registration.is_someones(holder):
        return False
    squatter = delete(Account).where(Account.id == holder.id, Account.activated_at.is_(None))
    db.session().execute(squatter.execution_options(synchronize_session=False))
    return True


def shown(account: Account) -> str:
    """Return enough of what an account is called for its owner to know it."""
    return steps.masked(account.email) if account.email else f"{(account.username or '')[:1]}•••"


def _may_ask(account: Account, visitor: Visitor) -> bool:
    if not lockout.may_ask(visitor.network):
        return False
    lifted = not config.current().rate_limits
    return lifted or lockout.charge(ASKED, f"address:{account.id}") is None


def _mail(account: Account, address: str, issued: Issued) -> None:
    words = {
        "link": f"{config.current().base_url}/account/address/confirm?ticket={issued.secret}",
        "code": issued.code,
    }
    until = now() + AddressTicket.LIFETIME
    outbox.put("new_address", account, words, expires_at=until, elsewhere=address)


def _change(
    account: Account, address: tuple[str, str], visitor: Visitor, session: Session | None
) -> str | None:
    former = account.email
    account.email, account.email_key = address
    db.session().flush()
    for kind in WENT_TO_THE_FORMER:
        tickets.forget(kind, account)
    own = session if session is not None and session.account_id == account.id else None
    sessions.end_all_of(account.id, but=own.id if own else None)
    if former is not None:
        named: news.Named = {"session_id": own.id if own else None, "former_email": former}
        words = {"new_address": shown(account)}
        news.tell("address_changed", account, visitor, words, **named)
    audit.record("address_changed", visitor, account_id=account.id)
    return sessions.rotate(own) if own else None


@contextmanager
def _nothing_twice() -> Iterator[None]:
    """Refuse an address that somebody else took in the same moment; the unique key decides."""
    try:
        yield
    except IntegrityError as error:
        raise TicketRefused from error
