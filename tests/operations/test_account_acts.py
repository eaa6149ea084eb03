"""What administrators do to one account."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import (
    AccountSuspended,
    LastAdministrator,
    LastSuperuser,
    NotFound,
    OutOfReach,
    ProofRequired,
    Refusal,
    ResendTooSoon,
    TicketRefused,
)
from app.models import Account, AuditEvent, Organisation, Role, Session, TotpDevice
from app.operations import account_acts, passwords, registration, sessions, sign_in
from app.operations.authority import Administrator
from app.operations.rights import Action
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, STRANGER, VISITOR
from tests.operations.administrators import account_admin, acting, events, member, superuser
from tests.operations.signing_in import fail, opens, reason, signed_in

pytestmark = pytest.mark.usefixtures("portal")

SUSPEND, REACTIVATE = Action.SUSPEND, Action.REACTIVATE


def do(who: Administrator, action: Action, about: Account, at: Organisation | None = None) -> bool:
    return account_acts.do(who, action, about.id, VISITOR, at.id if at else None)


def refusal(act: Callable[[], object]) -> type[Refusal] | None:
    try:
        act()
    except Refusal as refused:
        return type(refused)
    return None


def is_live(bearer: str) -> bool:
    try:
        sessions.find(bearer)
    except TicketRefused:
        return False
    return True


def places_open_to(who: Account) -> set[object]:
    open_now = db.session().scalars(select(Session).where(Session.account_id == who.id))
    return {s.membership.organisation_id for each in open_now for s in sessions.seats_of(each)}


def test_suspending_keeps_out_and_ends_what_is_open() -> None:
    who, other = superuser(), member(Role.STUDENT)
    opened = signed_in(other)

    assert do(who, SUSPEND, other)

    assert not is_live(opened.bearer)
    with pytest.raises(AccountSuspended):
        sign_in.verify_password(other.email or "", PASSWORD, VISITOR)


def test_suspending_forgets_the_reset_that_was_mailed() -> None:
    who, other = superuser(), factories.account()
    passwords.forgotten(other.email or "", VISITOR)
    ticket = factories.ticket_in("reset")

    do(who, SUSPEND, other)
    do(who, REACTIVATE, other)

    with pytest.raises(TicketRefused):
        passwords.reset_of(ticket)


def test_reactivating_lets_in_again() -> None:
    who, other = superuser(), factories.account()
    do(who, SUSPEND, other)

    assert do(who, REACTIVATE, other)

    assert opens(other)


def test_what_is_so_already_is_not_done_and_not_recorded() -> None:
    who, other = superuser(), factories.account()
    do(who, SUSPEND, other)
    before = events(other)

    assert not do(who, SUSPEND, other)

    assert events(other) == before


def test_unlocking_opens_the_locks_of_passwords_and_of_codes() -> None:
    who, other = superuser(), member(Role.STUDENT)
    fail(other.email, 10)
    assert reason(other.email, visitor=STRANGER) == "locked"

    do(who, Action.UNLOCK, other)

    assert opens(other, visitor=STRANGER)


def test_unlocking_here_leaves_other_places_locked() -> None:
    x = factories.organisation(settings={"maxFailedSignInAttempts": 2})
    y = factories.organisation(settings={"maxFailedSignInAttempts": 2})
    both = factories.account()
    there, here = factories.membership(both, y), factories.membership(both, x)
    fail(both.email, 3)

    do(account_admin(x), Action.UNLOCK_HERE, both)

    verified = sign_in.verify_password(both.email or "", PASSWORD, STRANGER)
    assert [o.membership.id for o in verified.offers if o.membership] == [here.id]
    assert [w.membership.id for w in verified.refused if w.membership] == [there.id]


def test_an_activation_is_sent_again_and_the_older_one_dies() -> None:
    who, other = superuser(), factories.account(activated=False)
    do(who, Action.SEND_ACTIVATION, other)
    old = factories.ticket_in("activation")

    assert do(who, Action.SEND_ACTIVATION, other)

    with pytest.raises(TicketRefused):
        registration.activate(old, VISITOR)
    registration.activate(factories.ticket_in("activation"), VISITOR)


def test_an_activation_goes_to_nobody_who_is_activated_suspended_or_without_an_address() -> None:
    who, suspended = superuser(), factories.account(activated=False)
    do(who, SUSPEND, suspended)
    generic = factories.account(None, username="desk-3", activated=False)

    for other in (factories.account(), suspended, generic):
        assert not do(who, Action.SEND_ACTIVATION, other)
    assert factories.mails("activation") == []


def test_too_much_mail_to_one_person_is_refused() -> None:
    who, other = superuser(), factories.account(activated=False)
    for _ in range(5):
        do(who, Action.SEND_ACTIVATION, other)

    with pytest.raises(ResendTooSoon):
        do(who, Action.SEND_ACTIVATION, other)
    assert len([what for what, _ in events(other) if what == "activation_sent"]) == 5


def test_a_reset_mail_lets_its_owner_choose_and_nobody_else() -> None:
    who, other = superuser(), factories.account()

    do(who, Action.SEND_RESET, other)

    assert opens(other), "the old password works until the new one is set"
    passwords.reset(factories.ticket_in("reset"), "a fresh start by mail", VISITOR)
    assert opens(other, "a fresh start by mail")


def test_a_reset_for_one_organisation_sets_the_password_there() -> None:
    x = factories.organisation("Xavier's")
    both = member(Role.STUDENT, x)
    factories.membership(both)
    factories.own_password(both, x)

    assert do(account_admin(x), Action.SEND_RESET_HERE, both)

    assert factories.latest_words("reset")["organisation"] == "Xavier's"
    passwords.reset(factories.ticket_in("reset"), "only good up here now", VISITOR)
    assert opens(both, "only good up here now")
    assert opens(both), "the account's own password is as it was"
    assert not opens(both, OWN_PASSWORD)


def test_there_is_no_reset_for_a_password_that_there_is_not() -> None:
    x = factories.organisation()

    assert not do(account_admin(x), Action.SEND_RESET_HERE, member(Role.STUDENT, x))


def test_a_superuser_says_which_organisation_a_reset_is_for() -> None:
    x = factories.organisation()
    other = member(Role.STUDENT, x)
    factories.own_password(other, x)
    who = superuser()

    with pytest.raises(NotFound):
        do(who, Action.SEND_RESET_HERE, other)
    assert do(who, Action.SEND_RESET_HERE, other, x)


def test_an_administrator_of_one_organisation_does_not_say_another() -> None:
    x, y = factories.organisation(), factories.organisation()
    both = member(Role.STUDENT, x)
    factories.membership(both, y)
    factories.own_password(both, y)

    assert not do(account_admin(x), Action.SEND_RESET_HERE, both, y)
    assert factories.mails("reset") == []


def test_a_lost_factor_is_removed_its_owner_told_and_everything_ended() -> None:
    who, other = superuser(), factories.account()
    opened = signed_in(other)
    factories.app_of(other)

    assert do(who, Action.REMOVE_FACTOR, other)

    assert list(db.session().scalars(select(TotpDevice))) == []
    assert len(factories.mails("factors_removed")) == 1
    assert not is_live(opened.bearer)
    assert opens(other)
    assert not do(who, Action.REMOVE_FACTOR, other)


def test_ending_sessions_ends_all_of_them_and_sign_ins_on_their_way() -> None:
    who, other = superuser(), member(Role.STUDENT, factories.pin_organisation())
    handle = sign_in.verify_password(other.email or "", PASSWORD, VISITOR).offers[0].handle
    opened = signed_in(other, visitor=STRANGER)

    do(who, Action.END_SESSIONS, other)

    assert not is_live(opened.bearer)
    with pytest.raises(TicketRefused):
        sign_in.proceed(handle, VISITOR)


def test_signing_out_of_one_organisation_leaves_the_others() -> None:
    x = factories.organisation()
    both = member(Role.STUDENT, x)
    factories.membership(both)
    for number in (0, 1):
        offer = sign_in.verify_password(both.email or "", PASSWORD, VISITOR).offers[number]
        sign_in.proceed(offer.handle, VISITOR)
    assert len(places_open_to(both)) == 2

    do(account_admin(x), Action.END_SEATS, both)

    assert len(places_open_to(both)) == 1
    assert x.id not in places_open_to(both)


@pytest.mark.parametrize("action", sorted(account_acts.ACTS))
def test_an_act_is_recorded_under_both_names(action: Action) -> None:
    x = factories.organisation()
    who, other = account_admin(x), member(Role.STUDENT, x)
    factories.own_password(other, x)
    factories.app_of(other)
    if action is Action.SEND_ACTIVATION:
        other.activated_at = None
    if action is Action.REACTIVATE:
        other.suspended_at = now()
    factories.saved(other)

    assert do(who, action, other)

    [(what, by)] = events(other)
    assert what == account_acts.ACTS[action].event
    assert by is not None
    assert by.id == who.account_id
    recorded = db.session().scalar(select(AuditEvent).where(AuditEvent.what == what))
    assert recorded is not None
    assert recorded.organisation_id == x.id


@pytest.mark.parametrize("action", sorted(account_acts.ACTS))
def test_what_is_refused_changes_nothing_and_records_nothing(action: Action) -> None:
    x, y = factories.organisation(), factories.organisation()
    who, other = account_admin(x), member(Role.STUDENT, y)
    factories.own_password(other, y)
    opened = signed_in(other, OWN_PASSWORD)

    assert refusal(lambda: do(who, action, other)) is NotFound
    assert events(other) == []
    assert is_live(opened.bearer)


def test_a_proof_that_grew_old_is_asked_for_first(clock: Clock) -> None:
    who, other = superuser(), factories.account()
    clock.advance(sessions.STEP_UP + timedelta(seconds=1))

    with pytest.raises(ProofRequired):
        do(who, SUSPEND, other)
    assert opens(other)


def test_the_last_superuser_is_not_suspended_not_even_by_themselves() -> None:
    only = member(Role.SUPERUSER)
    who = acting(only)

    assert refusal(lambda: do(who, SUSPEND, only)) is LastSuperuser
    assert events(only) == []


def test_one_of_two_superusers_may_be_suspended() -> None:
    only, other = member(Role.SUPERUSER), member(Role.SUPERUSER)

    assert do(acting(only), SUSPEND, other)
    assert refusal(lambda: do(acting(only), SUSPEND, only)) is LastSuperuser


def test_the_last_administratoristrator_is_not_suspended_by_a_superuser_either() -> None:
    x = factories.organisation()
    chief = member(Role.ACCOUNT_ADMIN, x)
    who = superuser()

    assert refusal(lambda: do(who, SUSPEND, chief)) is LastAdministrator

    member(Role.ACCOUNT_ADMIN, x)
    assert do(who, SUSPEND, chief)


@pytest.mark.parametrize("out", ["suspended_at", "activated_at"])
def test_who_could_not_sign_in_does_not_count(out: str) -> None:
    x = factories.organisation()
    chief, absent = member(Role.ACCOUNT_ADMIN, x), member(Role.ACCOUNT_ADMIN, x)
    setattr(absent, out, now() if out == "suspended_at" else None)
    factories.saved(absent)

    assert refusal(lambda: do(superuser(), SUSPEND, chief)) is LastAdministrator


def test_a_suspended_organisation_may_lose_its_last_administrator() -> None:
    x = factories.organisation()
    chief = member(Role.ACCOUNT_ADMIN, x)
    x.suspended_at = now()
    factories.saved(x)

    assert do(superuser(), SUSPEND, chief)


def test_another_organisations_last_administrator_is_not_even_there() -> None:
    y = factories.organisation()
    theirs = member(Role.ACCOUNT_ADMIN, y)

    who = account_admin(factories.organisation())

    assert refusal(lambda: do(who, SUSPEND, theirs)) is NotFound


def test_somebody_who_belongs_elsewhere_too_is_for_superusers() -> None:
    x = factories.organisation()
    both = member(Role.STUDENT, x)
    factories.membership(both)

    assert refusal(lambda: do(account_admin(x), SUSPEND, both)) is OutOfReach
    assert do(superuser(), SUSPEND, both)
