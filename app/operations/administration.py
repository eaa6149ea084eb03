"""What administrators do to accounts, organisations and memberships.

Each function is one transaction and writes one audit event. Passwords are hashed before it
begins: nothing waits for a hash with the database's lock in its hand.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import InvalidUsername, NotFound, PasswordRefused, UnknownAccount
from app.models import (
    Account,
    ActivationTicket,
    Membership,
    Organisation,
    OrganisationPolicy,
    Password,
    Role,
)
from app.operations import (
    account_states,
    accounts,
    appointments,
    audit,
    last_administrators,
    new_passwords,
    organisation_settings,
    tickets,
    withdrawal,
)
from app.operations.visitor import Visitor
from app.security import passwords
from app.security.identities import address_key, mailing_address, username_key
from app.security.password_rules import Problem


@dataclass(frozen=True)
class NewAccount:
    """What is known of somebody who is to have an account: an address, a username or both."""

    email: str | None = None
    username: str | None = None
    name: str = ""
    password: str | None = None
    superuser: bool = False
    activated: bool = True


def account_named(identity: str) -> Account:
    """Return the account that an address or a username names; raise UnknownAccount."""
    account = accounts.find(identity)
    if account is None:
        raise UnknownAccount
    return account


def create_account(new: NewAccount, visitor: Visitor) -> Account:
    """Add an account; mail an activation ticket where it is yet to be activated.

    Raises InvalidAddress, InvalidUsername, PasswordRefused, and AlreadyExists where its address
    or its username is taken. Without a password, its owner sets one through a reset mail.
    """
    account = prepared(new)
    words = [word for word in (account.email, account.username, account.name) if word]
    hashed = _hashed(new.password, None, *words)
    with appointments.nothing_twice(), db.transaction() as session:
        session.add(account)
        session.flush()
        if hashed is not None:
            session.add(Password(account_id=account.id, hash=hashed))
        if new.superuser:
            session.add(Membership(account=account, role=Role.SUPERUSER))
        if not new.activated:
            tickets.mail(ActivationTicket, account)
        superuser = int(new.superuser)
        audit.record("account_created", visitor, account_id=account.id, superuser=superuser)
    return account


def prepared(new: NewAccount) -> Account:
    """Return the row of a new account; raises InvalidAddress and InvalidUsername."""
    if new.email is None and new.username is None:
        raise InvalidUsername
    return Account(
        id=uuid.uuid4(),
        email=_optional(mailing_address, new.email),
        email_key=_optional(address_key, new.email),
        username=new.username,
        username_key=_optional(username_key, new.username),
        name=" ".join(new.name.split())[:200],
        activated_at=now() if new.activated else None,
    )


def unlock_account(account: Account, visitor: Visitor) -> None:
    """Open the locks that failed passwords left on an account."""
    with db.transaction():
        account_states.unlock(account)
        audit.record("unlocked", visitor, account_id=account.id)


def suspend_account(account: Account, visitor: Visitor) -> None:
    """Refuse an account from now on, and end all that it has open.

    Raises LastSuperuser and LastAdministrator.
    """
    with db.transaction():
        last_administrators.keep_one_besides(account.id)
        account_states.suspend(account)
        audit.record("account_suspended", visitor, account_id=account.id)


def reactivate_account(account: Account, visitor: Visitor) -> None:
    """Let a suspended account sign in again."""
    with db.transaction():
        account.suspended_at = None
        audit.record("account_reactivated", visitor, account_id=account.id)


def organisation_with(organisation_id: uuid.UUID) -> Organisation:
    """Return the organisation with this UUID; raise NotFound."""
    organisation = db.session().get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    return organisation


def create_organisation(
    name: str,
    assignments: Mapping[str, str],
    visitor: Visitor,
    *,
    organisation_id: uuid.UUID | None = None,
) -> Organisation:
    """Add an organisation; raises InvalidSetting.

    `organisation_id` is for one that has a UUID elsewhere already; AlreadyExists if it is here.
    """
    organisation = Organisation(id=organisation_id or uuid.uuid4())
    organisation.policy = OrganisationPolicy()
    organisation_settings.rename(organisation, name)
    organisation_settings.assign(organisation, assignments)
    with appointments.nothing_twice(), db.transaction() as session:
        session.add(organisation)
        audit.record("organisation_created", visitor, organisation_id=organisation.id)
    return organisation


def change_settings(
    organisation: Organisation, assignments: Mapping[str, str], visitor: Visitor
) -> None:
    """Change an organisation's settings, and end what they no longer allow; InvalidSetting."""
    with db.transaction():
        organisation_settings.assign(organisation, assignments)
        enforce(organisation)
        keys = ", ".join(sorted(assignments))
        audit.record("settings_changed", visitor, organisation_id=organisation.id, settings=keys)


def suspend_organisation(organisation: Organisation, visitor: Visitor) -> None:
    """Let nobody in at an organisation from now on, nor leave anybody in."""
    with db.transaction():
        organisation.suspended_at = organisation.suspended_at or now()
        enforce(organisation)
        audit.record("organisation_suspended", visitor, organisation_id=organisation.id)


def reactivate_organisation(organisation: Organisation, visitor: Visitor) -> None:
    """Let members of a suspended organisation in again."""
    with db.transaction():
        organisation.suspended_at = None
        enforce(organisation)
        audit.record("organisation_reactivated", visitor, organisation_id=organisation.id)


def add_membership(
    account: Account,
    organisation: Organisation | None,
    role: Role,
    visitor: Visitor,
    password: str | None = None,
) -> Membership:
    """Give an account a role at an organisation; Superuser belongs to none.

    A `password` is good only there, and from now on the only one that is. Raises NotFound for a
    role that does not exist there, PasswordRefused, and AlreadyExists for a membership or an own
    password that is there.
    """
    hashed = _own_hashed(password, account, organisation)
    with appointments.nothing_twice(), db.transaction():
        membership = appointments.appoint(account, organisation, role, hashed)
        _record("membership_added", membership, visitor)
    return membership


def remove_membership(
    account: Account, organisation: Organisation | None, role: Role, visitor: Visitor
) -> None:
    """Take a role away, its seats with it.

    With the last role at an organisation goes the account's own password there. Raises NotFound,
    LastSuperuser and LastAdministrator.
    """
    with db.transaction():
        place_id = organisation.id if organisation else None
        last_administrators.keep_another(role, place_id, account.id)
        membership = _membership(account, organisation, role)
        _record("membership_removed", membership, visitor)
        appointments.dismiss(membership)


def _optional(function: Callable[[str], str], value: str | None) -> str | None:
    return None if value is None else function(value)


def _hashed(password: str | None, account: Account | None, *words: str) -> str | None:
    if password is None:
        return None
    new_passwords.check(password, account, *words)
    return passwords.hash_password(password)


def _own_hashed(
    password: str | None, account: Account, organisation: Organisation | None
) -> str | None:
    """Hash a password for one organisation, which may ask for more than the others do."""
    if password is None or organisation is None:
        return None
    minimum = organisation.policy.passwordMinLength or 0
    if len(passwords.normal(password)) < minimum:
        raise PasswordRefused([Problem.TOO_SHORT.value], minimum)
    return _hashed(password, account, organisation.name)


def _membership(account: Account, organisation: Organisation | None, role: Role) -> Membership:
    place = organisation.id if organisation else None
    one = select(Membership).filter_by(account_id=account.id, organisation_id=place, role=role)
    membership = db.session().scalar(one)
    if membership is None:
        raise NotFound
    return membership


def enforce(organisation: Organisation) -> None:
    """End what an organisation no longer allows, in the caller's transaction."""
    if organisation.suspended_at is not None:
        withdrawal.seats_at(organisation.id)
    else:
        withdrawal.what_no_longer_meets(organisation)


def _record(what: str, membership: Membership, visitor: Visitor) -> None:
    audit.record(
        what,
        visitor,
        account_id=membership.account_id,
        organisation_id=membership.organisation_id,
        role=membership.role.value,
    )
