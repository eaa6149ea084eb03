"""Registering, and proving that the address is one's own."""

from sqlalchemy.exc import IntegrityError

from app import config, db
from app.clock import now
from app.errors import RegistrationClosed
from app.mail import outbox
from app.models import Account, ActivationTicket
from app.operations import accounts, audit, new_passwords, tickets
from app.operations.visitor import Visitor
from app.security.identities import address_key, mailing_address


def register(address: str, name: str, password: str, visitor: Visitor, *, least: int = 8) -> None:
    """Make an account that waits for activation, and mail its ticket.

    A taken address is answered alike: its owner gets a mail instead. Somebody who registers an
    address again before it is activated starts anew: the newest mail, name and password count.
    Raises RegistrationClosed, InvalidAddress, PasswordRefused and Busy.
    """
    if config.current().registration != "open":
        raise RegistrationClosed
    address, key = mailing_address(address), address_key(address)
    new_passwords.check(password, None, address, name, least=least)
    hash_ = new_passwords.hashed(password, visitor.network)
    try:
        _register(address, key, name, hash_, visitor)
    except IntegrityError:
        _register(address, key, name, hash_, visitor)  # somebody was quicker: now it is there


def activation_of(secret: str) -> Account:
    """Return whose activation a ticket is, or raise TicketRefused. Changes nothing."""
    return tickets.find(ActivationTicket, secret).account


def ticket_for_code(address: str, code: str) -> str:
    """Trade the code from the mail for a ticket, or raise TicketRefused."""
    return tickets.secret_for_code(ActivationTicket, address, code)


def activate(secret: str, visitor: Visitor) -> Account:
    """Spend the ticket and activate its account, or raise TicketRefused."""
    with db.transaction():
        ticket = tickets.find(ActivationTicket, secret)
        account = ticket.account
        tickets.spend(ticket)
        account.activated_at = account.activated_at or now()
        audit.record("activated", visitor, account_id=account.id)
    return account


def _register(address: str, key: str, name: str, hash_: str, visitor: Visitor) -> None:
    with db.transaction() as session:
        account = accounts.find(address)
        if account is not None and account.activated_at is not None:
            _tell_owner(account)
            audit.record("registered_again", visitor, account_id=account.id)
            return
        if account is not None and not outbox.takes("activation", account):
            return  # what was mailed before stays good
        account = account or Account(email_key=key)
        account.email, account.name = address, name.strip()
        session.add(account)
        session.flush()
        new_passwords.keep(account, hash_)
        tickets.mail(ActivationTicket, account)
        audit.record("registered", visitor, account_id=account.id)


def _tell_owner(account: Account) -> None:
    base = config.current().base_url
    words = {
        "name": account.shown_name,
        "sign_in_link": f"{base}/sign-in",
        "forgotten_link": f"{base}/forgotten",
    }
    outbox.put("already_registered", account, words)
