"""What an account is let do, changed in the caller's transaction."""

from app.clock import now
from app.models import Account, AddressTicket, ResetTicket
from app.operations import passwords, second_factor, sessions, tickets


def suspend(account: Account) -> None:
    """Refuse an account from now on, and end all that it has open."""
    account.suspended_at = account.suspended_at or now()
    tickets.forget(ResetTicket, account)
    tickets.forget(AddressTicket, account)
    sessions.end_all_of(account.id)


def reactivate(account: Account) -> None:
    """Let a suspended account sign in again."""
    account.suspended_at = None


def unlock(account: Account) -> None:
    """Open every lock that wrong passwords and wrong codes left on an account."""
    passwords.unlock(account)
    second_factor.forgive(account)
