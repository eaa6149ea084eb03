"""What stands in somebody's way: all of it, the weightiest first.

Whoever signs in is refused with the first; administrators are told the rest as well.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from app.clock import now
from app.errors import (
    AccountSuspended,
    GenericNotAllowed,
    MembershipLocked,
    NotActivated,
    OrganisationSuspended,
    Refusal,
    UnknownAccount,
    WrongPassword,
)
from app.models import Account, Membership


def of_account(account: Account, *, password_matched: bool) -> Iterator[Refusal]:
    """Yield why an account as such is shut.

    One whose owner wanted it removed is UnknownAccount once the week is over, purged or not.
    """
    if account.removal_due_at is not None and account.removal_due_at <= now():
        yield UnknownAccount()
    if account.suspended_at is not None:
        yield AccountSuspended(password_matched=password_matched)
    if account.activated_at is None:
        yield NotActivated(password_matched=password_matched)


def of_membership(
    membership: Membership, *, opens: bool, locked_until: datetime | None
) -> Iterator[Refusal]:
    """Yield why a membership is shut to whoever proved a password; `opens`: the one good there."""
    place = membership.organisation
    if membership.suspended:
        yield OrganisationSuspended()
    if locked_until is not None:
        yield MembershipLocked(locked_until)
    if not opens:
        yield WrongPassword()
    generic = membership.account.email is None
    if generic and place is not None and not place.effective_settings.allowGenericUsers:
        yield GenericNotAllowed()


def is_whole_open(ours: Collection[Membership], locked: Collection[uuid.UUID]) -> bool:
    """Tell whether an account's own way in is open: locked while all of its memberships are.

    And shut while none is live; whoever belongs nowhere comes in.
    """
    return not ours or any(m.id not in locked and not m.suspended for m in ours)


def first_of(obstacles: Iterable[Refusal]) -> Refusal | None:
    """Return the obstacle that people are told of; None where nothing is in the way."""
    return next(iter(obstacles), None)
