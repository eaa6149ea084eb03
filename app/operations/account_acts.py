"""What administrators do to one account, each a row of one table.

Every act asks for a fresh proof, is done within what the administrator's seat reaches, and is
recorded under both names, in one transaction.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import exists, select

from app import db
from app.errors import NotFound, ResendTooSoon
from app.models import (
    Account,
    ActivationTicket,
    Counted,
    Membership,
    Organisation,
    Password,
    ResetTicket,
)
from app.operations import (
    account_states,
    audit,
    authority,
    factor_removal,
    kept_elsewhere,
    last_administrators,
    lockout,
    sessions,
    tickets,
    withdrawal,
)
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor

MAIL_AGAIN_AFTER_S = 3_600


@dataclass(frozen=True)
class Case:
    """An account that is acted upon, and the one organisation that it is about, if it is."""

    account: Account
    organisation_id: uuid.UUID | None

    @property
    def place(self) -> uuid.UUID:
        """Return the organisation of an act that is about one; raise NotFound."""
        if self.organisation_id is None:
            raise NotFound
        return self.organisation_id


@dataclass(frozen=True)
class Act:
    """How one act is recorded, whether it applies to an account as it is, and what it changes."""

    event: str
    applies: Callable[[Case], bool]
    change: Callable[[Case], None]
    takes_away: bool = False  # somebody who may be the last to administer a place


# Acts about one organisation: an organisation's seat means its own.
ABOUT_ONE_PLACE = {Action.UNLOCK_HERE, Action.SEND_RESET_HERE, Action.END_SEATS}


def do(
    administrator: Administrator,
    action: Action,
    account_id: uuid.UUID,
    visitor: Visitor,
    at: uuid.UUID | None = None,
) -> bool:
    """Do it, and tell whether there was anything to do.

    `at` names the organisation that a superuser's act is about; an organisation's seat knows.
    Raises ProofRequired, NotFound, OutOfReach, LastSuperuser, LastAdministrator and ResendTooSoon.
    """
    act, place = ACTS[action], administrator.organisation_id or at
    with authority.acting(administrator, action):
        if act.takes_away:
            authority.check(administrator, action, account_id)
            last_administrators.keep_one_besides(account_id)
        case = Case(authority.touch(administrator, action, account_id), place)
        if not act.applies(case):
            return False
        act.change(case)
        audit.record(
            act.event,
            visitor,
            account_id=account_id,
            by=administrator.account_id,
            organisation_id=place,
        )
    return True


def applies(action: Action, account: Account, at: uuid.UUID | None = None) -> bool:
    """Tell whether an act would change anything about an account as it is."""
    return ACTS[action].applies(Case(account, at))


def has_own_password(account_id: uuid.UUID, organisation_id: uuid.UUID) -> bool:
    """Tell whether an account has a password of its own at an organisation."""
    own = exists().where(
        Password.account_id == account_id, Password.organisation_id == organisation_id
    )
    return bool(db.session().scalar(select(own)))


def _always(_case: Case) -> bool:
    return True


def _waits_for_activation(case: Case) -> bool:
    account = case.account
    waits = account.activated_at is None and account.suspended_at is None
    return waits and account.email is not None


def _may_reset(case: Case) -> bool:
    return _has_mail(case) and not kept_elsewhere.is_kept(case.account.id)


def _has_mail(case: Case) -> bool:
    return case.account.suspended_at is None and case.account.email is not None


def _may_reset_here(case: Case) -> bool:
    return _has_mail(case) and has_own_password(case.account.id, case.place)


def _send_activation(case: Case) -> None:
    if not tickets.mail(ActivationTicket, case.account):
        raise ResendTooSoon(MAIL_AGAIN_AFTER_S)


def _send_reset(case: Case) -> None:
    if not tickets.mail(ResetTicket, case.account):
        raise ResendTooSoon(MAIL_AGAIN_AFTER_S)


def _send_reset_here(case: Case) -> None:
    name = db.session().get_one(Organisation, case.place).name
    if not tickets.mail(ResetTicket, case.account, name, organisation_id=case.place):
        raise ResendTooSoon(MAIL_AGAIN_AFTER_S)


def _unlock_here(case: Case) -> None:
    """Open the locks of the account's memberships at one organisation, and no others."""
    here = (
        Membership.account_id == case.account.id,
        Membership.organisation_id == case.place,
    )
    ours = [str(each) for each in db.session().scalars(select(Membership.id).where(*here))]
    lockout.clear(Counted.MEMBERSHIP, ours)
    lockout.clear_starting(Counted.MEMBERSHIP, [f"{each}:" for each in ours])


ACTS = {
    Action.SEND_ACTIVATION: Act("activation_sent", _waits_for_activation, _send_activation),
    Action.SUSPEND: Act(
        "account_suspended",
        lambda case: case.account.suspended_at is None,
        lambda case: account_states.suspend(case.account),
        takes_away=True,
    ),
    Action.REACTIVATE: Act(
        "account_reactivated",
        lambda case: case.account.suspended_at is not None,
        lambda case: account_states.reactivate(case.account),
    ),
    Action.UNLOCK: Act("unlocked", _always, lambda case: account_states.unlock(case.account)),
    Action.UNLOCK_HERE: Act("unlocked", _always, _unlock_here),
    Action.SEND_RESET: Act("reset_sent", _may_reset, _send_reset),
    Action.SEND_RESET_HERE: Act("reset_sent", _may_reset_here, _send_reset_here),
    Action.REMOVE_FACTOR: Act(
        "factor_removed",
        lambda case: factor_removal.is_there(case.account),
        lambda case: factor_removal.remove(case.account),
    ),
    Action.END_SESSIONS: Act("sessions_ended", _always, lambda case: _end_sessions(case.account)),
    Action.END_SEATS: Act(
        "seats_ended",
        _always,
        lambda case: withdrawal.seats_of_account_at(case.account.id, case.place),
    ),
}


def _end_sessions(account: Account) -> None:
    sessions.end_all_of(account.id)
