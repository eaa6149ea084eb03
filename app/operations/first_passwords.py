"""Activating an account and choosing its password in one step.

Contract 003 asks for both at once. What was typed at registration, by whomever, counts no more;
so the ticket alone is proof enough.
"""

from app import db
from app.clock import now
from app.errors import TicketRefused
from app.models import ActivationTicket
from app.operations import audit, new_passwords, registration, tickets
from app.operations.visitor import Visitor


def activate(secret: str, password: str, visitor: Visitor, *, least: int = 8) -> None:
    """Spend the activation ticket, activate its account and make `password` its own.

    For accounts that were never active: who has used theirs resets a password instead. Never signs
    in. Raises TicketRefused, PasswordRefused and Busy.
    """
    account = registration.activation_of(secret).account
    if account.activated_at is not None:
        raise TicketRefused
    new_passwords.check(password, account, least=least)
    hash_ = new_passwords.hashed(password, visitor.network)
    with db.transaction():
        ticket = tickets.find(ActivationTicket, secret)
        account = ticket.account
        tickets.spend(ticket)
        if account.activated_at is not None:
            raise TicketRefused
        account.activated_at = now()
        new_passwords.keep(account, hash_)
        audit.record("activated", visitor, account_id=account.id)
