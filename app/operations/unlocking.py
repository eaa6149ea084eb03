"""Opening a lock by mail."""

from app import db
from app.models import Account, UnlockTicket
from app.operations import accounts, audit, even_time, lockout, passwords, tickets
from app.operations.visitor import Visitor


def send(identity: str, visitor: Visitor) -> None:
    """Mail an unlock ticket to the address on file, if there is one; never tell whether.

    Nothing is mailed where this network asked for too much.
    """
    with even_time.kept(), db.transaction():
        account = accounts.find(identity)
        if not lockout.may_ask(visitor.network):
            return
        if account is None or account.suspended_at or not account.activated_at:
            return
        tickets.mail(UnlockTicket, account)
        audit.record("unlock_asked", visitor, account_id=account.id)


def lock_of(secret: str) -> Account:
    """Return whose locks a ticket opens, or raise TicketRefused. Changes nothing."""
    return tickets.find(UnlockTicket, secret).account


def ticket_for_code(identity: str, code: str) -> str:
    """Trade the code from the mail for a ticket, or raise TicketRefused."""
    return tickets.secret_for_code(UnlockTicket, identity, code)


def unlock(secret: str, visitor: Visitor) -> Account:
    """Spend the ticket and open the locks, or raise TicketRefused."""
    with db.transaction():
        ticket = tickets.find(UnlockTicket, secret)
        account = ticket.account
        tickets.spend(ticket)
        passwords.unlock(account)
        audit.record("unlocked", visitor, account_id=account.id)
    return account
