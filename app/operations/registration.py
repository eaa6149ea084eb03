"""Registering, and proving that the address is one's own.

Who reads the mail need not be who registered: anybody can register anybody's address. So the
password chosen at registration becomes good only for somebody who holds both: the mail's ticket,
and either the browser that registered or that password.
"""

from dataclasses import dataclass

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from app import config, db
from app.clock import now
from app.errors import ProofRequired, RegistrationClosed, TicketRefused, WrongPassword
from app.mail import outbox
from app.models import Account, ActivationTicket, Membership, Password, ResetTicket
from app.operations import accounts, audit, even_time, new_passwords, tickets
from app.operations.visitor import Visitor
from app.security import hash_gate, passwords
from app.security.identities import address_key, mailing_address
from app.security.tokens import digest, same


@dataclass(frozen=True)
class Activation:
    """What following an activation ticket asks of its holder."""

    account: Account
    wants_password: bool  # the one chosen at registration
    lacks_password: bool  # has none at all: the next step is to choose one


@dataclass(frozen=True)
class _Registration:
    address: str
    key: str
    name: str
    hash: str
    browser_digest: str | None


def register(  # noqa: PLR0913 (each has a name of its own)
    address: str,
    name: str,
    password: str,
    visitor: Visitor,
    *,
    least: int = 8,
    browser: str | None = None,
) -> None:
    """Make an account that waits for activation, and mail its ticket.

    A taken address is answered alike: its owner gets a mail instead, and nothing is changed of an
    account that is activated, has a membership or was prepared by an administrator. Somebody who
    registers an address again before it is activated starts anew: the newest mail, name and
    password count. `browser` is a secret that the registering browser keeps, see `activate_here`.
    Raises RegistrationClosed, InvalidAddress, PasswordRefused and Busy.
    """
    if config.current().registration != "open":
        raise RegistrationClosed
    address, key = mailing_address(address), address_key(address)
    new_passwords.check(password, None, address, name, least=least)
    with even_time.kept():
        hash_ = new_passwords.hashed(password, visitor.network)
        known = digest(browser) if browser else None
        asked = _Registration(address, key, name.strip(), hash_, known)
        try:
            _register(asked, visitor)
        except IntegrityError:
            _register(asked, visitor)  # somebody was quicker: now it is there


def is_taken(address: str) -> bool:
    """Tell whether an account has this address already, activated or not.

    For the one interface whose document says so to whoever asks; see DOORWARD_HIDE_ACCOUNTS.
    """
    return accounts.find(address) is not None


def activation_of(secret: str, browser: str | None = None) -> Activation:
    """Return what a ticket asks for in this browser, or raise TicketRefused. Changes nothing."""
    ticket = tickets.find(ActivationTicket, secret)
    account = ticket.account
    return Activation(account, _wants_password(ticket, browser), _lacks_password(account))


def ticket_for_code(address: str, code: str) -> str:
    """Trade the code from the mail for a ticket, or raise TicketRefused."""
    return tickets.secret_for_code(ActivationTicket, address, code)


def activate(secret: str, visitor: Visitor) -> Account:
    """Spend a ticket that remembers no browser, and activate its account.

    For interfaces whose documents know nothing but the ticket. Raises TicketRefused.
    """
    with db.transaction():
        ticket = tickets.find(ActivationTicket, secret)
        if ticket.browser_digest is not None:
            raise TicketRefused
        return _activate(ticket, visitor)


def activate_here(secret: str, browser: str | None, visitor: Visitor) -> str | None:
    """Spend the ticket and activate its account, without a password being asked for.

    Only where `browser` is the secret of the browser that registered, or an administrator prepared
    the account: else raises ProofRequired. Returns a ticket to set a password with, where the
    account has none. Raises TicketRefused.
    """
    with db.transaction():
        ticket = tickets.find(ActivationTicket, secret)
        if _wants_password(ticket, browser):
            raise ProofRequired
        account = _activate(ticket, visitor)
        if _lacks_password(account):
            return tickets.issue(ResetTicket, account).secret
    return None


def activate_by_password(secret: str, password: str, visitor: Visitor) -> None:
    """Spend the ticket and activate its account, if `password` was chosen at registration.

    The fifth wrong one ends the ticket. Raises TicketRefused, WrongPassword and Busy.
    """
    with hash_gate.gate().turn(visitor.network) as turn:
        stored = _charge(secret)
        right = stored is not None and turn.run(passwords.matches, password, stored)
    if not right:
        _fail(secret, visitor)
        raise WrongPassword
    with db.transaction():
        _activate(tickets.find(ActivationTicket, secret), visitor)


def _register(asked: _Registration, visitor: Visitor) -> None:
    with db.transaction():
        account = accounts.hold(Account.email_key == asked.key)
        if account is not None and is_someones(account):
            tell_owner(account)
            audit.record("registered_again", visitor, account_id=account.id)
        elif account is None or outbox.takes("activation", account):
            _take_in(account or Account(email_key=asked.key, registered_at=now()), asked, visitor)
        # else what was mailed before stays good


def _take_in(account: Account, asked: _Registration, visitor: Visitor) -> None:
    account.email, account.name = asked.address, asked.name
    db.session().add(account)
    db.session().flush()
    new_passwords.keep(account, asked.hash)
    tickets.mail(ActivationTicket, account, browser_digest=asked.browser_digest)
    audit.record("registered", visitor, account_id=account.id)


def is_someones(account: Account) -> bool:
    """Tell whether more hangs on an account than an address that somebody typed."""
    if account.activated_at is not None or account.registered_at is None:
        return True
    belongs = select(exists().where(Membership.account_id == account.id))
    return bool(db.session().scalar(belongs))


def tell_owner(account: Account) -> None:
    """Mail whose address it is that somebody wanted to use it, in the caller's transaction."""
    if account.activated_at is None:
        tickets.mail(ActivationTicket, account)  # whoever asks now did not choose its password
        return
    base = config.current().base_url
    words = {
        "name": account.shown_name,
        "sign_in_link": f"{base}/sign-in",
        "forgotten_link": f"{base}/forgotten",
    }
    outbox.put("already_registered", account, words)


def _wants_password(ticket: ActivationTicket, browser: str | None) -> bool:
    account = ticket.account
    if account.registered_at is None or account.activated_at is not None:
        return False
    known = ticket.browser_digest
    return known is None or browser is None or not same(digest(browser), known)


def _lacks_password(account: Account) -> bool:
    has_one = select(exists().where(Password.account_id == account.id))
    return account.suspended_at is None and not db.session().scalar(has_one)


def _charge(secret: str) -> str | None:
    """Count a try at the password before it is compared; return the hash to compare with."""
    kind = ActivationTicket
    with db.transaction() as session:
        account_id = session.scalar(
            update(kind)
            .where(kind.digest == digest(secret), kind.expires_at > now(), kind.passwords_left > 0)
            .values(passwords_left=kind.passwords_left - 1)
            .returning(kind.account_id)
        )
        if account_id is None:
            raise TicketRefused
        own = Password.account_id == account_id, Password.organisation_id.is_(None)
        return session.scalar(select(Password.hash).where(*own))


def _fail(secret: str, visitor: Visitor) -> None:
    kind = ActivationTicket
    with db.transaction() as session:
        ticket = session.scalar(select(kind).where(kind.digest == digest(secret)))
        if ticket is None:
            return
        audit.record("activation_failed", visitor, account_id=ticket.account_id)
        session.execute(delete(kind).where(kind.id == ticket.id, kind.passwords_left <= 0))


def _activate(ticket: ActivationTicket, visitor: Visitor) -> Account:
    account = ticket.account
    tickets.spend(ticket)
    account.activated_at = account.activated_at or now()
    audit.record("activated", visitor, account_id=account.id)
    return account
