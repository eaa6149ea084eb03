"""What the link of a mail takes back when its reader says "this was not me".

A ticket takes back what it names, and what the account's later tickets name: what came after
something that was not its owner's doing was not either. So a thief who first changes the address
and then adds an app loses both by the first mail's link.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from app import db
from app.clock import now
from app.errors import TicketRefused
from app.models import Account, NotMeTicket, Organisation, Passkey, Session, TotpDevice
from app.operations import accounts, memberships, registration, second_factor, tickets
from app.security.identities import address_key


@dataclass(frozen=True)
class Undoing:
    """What follows when a ticket is reported, besides what always does.

    `sessions` are those that end; None stands for all of the account's. `former_email` becomes its
    address again, unless another account `took_email` meanwhile. `app` and `passkeys` are taken
    away; `others_stay` tells whether the account has more of them. `organisation` is where its own
    password is to be set anew, rather than the account's.
    """

    account: Account
    ticket: NotMeTicket
    later: Sequence[NotMeTicket]
    sessions: Sequence[Session] | None
    former_email: str | None
    took_email: bool
    app: TotpDevice | None
    passkeys: Sequence[Passkey]
    others_stay: bool
    organisation: Organisation | None


def by(secret: str) -> Undoing:
    """Return what a ticket takes back, by its secret, or raise TicketRefused. Changes nothing."""
    ticket = tickets.find(NotMeTicket, secret)
    account = ticket.account
    if account.suspended_at is not None or _is_gone(account):
        raise TicketRefused
    since = _since(ticket)
    email = _former_email(account, since)
    app, passkeys = _app(since), _passkeys(since)
    return Undoing(
        account=account,
        ticket=ticket,
        later=[each for each in since if each.id != ticket.id],
        sessions=_sessions(ticket, since),
        former_email=email,
        took_email=email is not None and _is_somebody_elses(email),
        app=app,
        passkeys=passkeys,
        others_stay=_others_stay(account, app, passkeys),
        organisation=_organisation(since),
    )


def _is_gone(account: Account) -> bool:
    """Tell whether the week is over after which the account was to be removed."""
    return account.removal_due_at is not None and account.removal_due_at <= now()


def _since(ticket: NotMeTicket) -> Sequence[NotMeTicket]:
    """Return the ticket and the account's later ones, the oldest first."""
    row = NotMeTicket
    since = select(row).where(
        row.account_id == ticket.account_id, row.created_at >= ticket.created_at
    )
    return db.session().scalars(since.order_by(row.created_at, row.id)).all()


def _sessions(ticket: NotMeTicket, since: Sequence[NotMeTicket]) -> Sequence[Session] | None:
    """Return the sessions that are named or were opened since; None where a named one is over."""
    row, moment = Session, now()
    named = {each.session_id for each in since}
    meant = or_(row.id.in_(named - {None}), row.opened_at >= ticket.created_at)
    theirs = select(row).where(row.account_id == ticket.account_id, row.expires_at > moment, meant)
    found = db.session().scalars(theirs.order_by(row.opened_at, row.id))
    live = [each for each in found if each.last_seen_at + each.idle_limit > moment]
    return live if named <= {each.id for each in live} else None


def _former_email(account: Account, since: Sequence[NotMeTicket]) -> str | None:
    """Return the first address that was replaced, unless it is the account's again."""
    first = next((each.former_email for each in since if each.former_email), None)
    return None if first is None or address_key(first) == account.email_key else first


def _is_somebody_elses(email: str) -> bool:
    """Tell whether an address cannot be had back. Merely registering it is not having it."""
    holder = accounts.find(email)
    return holder is not None and registration.is_someones(holder)


def _app(since: Sequence[NotMeTicket]) -> TotpDevice | None:
    named = [each.totp_device_id for each in since]
    return db.session().scalar(select(TotpDevice).where(TotpDevice.id.in_(named)))


def _passkeys(since: Sequence[NotMeTicket]) -> Sequence[Passkey]:
    named = [each.passkey_id for each in since]
    theirs = select(Passkey).where(Passkey.id.in_(named)).order_by(Passkey.created_at, Passkey.id)
    return db.session().scalars(theirs).all()


def _others_stay(account: Account, app: TotpDevice | None, gone: Sequence[Passkey]) -> bool:
    """Tell whether an app or a passkey is left that nothing here takes away."""
    confirmed = second_factor.device_of(account)
    theirs = select(Passkey.id).where(Passkey.account_id == account.id)
    left = theirs.where(Passkey.id.not_in([each.id for each in gone])).limit(1)
    return confirmed not in {None, app} or db.session().scalar(left) is not None


def _organisation(since: Sequence[NotMeTicket]) -> Organisation | None:
    """Return the one organisation that all tickets name, if the account still belongs there."""
    [place, *others] = {each.organisation_id for each in since}
    if place is None or others:
        return None
    ours = {m.organisation_id for m in memberships.of(since[0].account_id)}
    return db.session().get(Organisation, place) if place in ours else None
