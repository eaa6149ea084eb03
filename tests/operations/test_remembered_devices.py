"""Trusted devices: where they are allowed, what they stand for, and how they are forgotten."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.errors import NotFound, ProofRequired
from app.models import Account, AuditEvent, Factor, Interface, Organisation, RememberedDevice, Role
from app.operations import (
    administration,
    chosen_pin,
    memberships,
    passwords,
    purging,
    recovery_codes,
    remembered_devices,
    seats,
    sessions,
    sign_in,
    totp_setup,
)
from app.operations.sign_in import CodeWanted, PinWanted, SignedIn
from app.operations.visitor import Visitor
from tests import factories
from tests.apps import code_of
from tests.conftest import Clock
from tests.factories import PASSWORD, STRANGER, VISITOR
from tests.operations.signing_in import by_code, confirmed, mailed_pin, refusal_of, waiting_for

pytestmark = pytest.mark.usefixtures("portal", "clock")

STEP = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NEW_PASSWORD = "seven quiet otters"


def student(*days: int) -> tuple[Account, str]:
    """Return somebody with an app, a student at one organisation for each number of days."""
    who = factories.account()
    for each in days:
        factories.membership(who, factories.organisation(rememberDeviceDays=each))
    return who, factories.app_of(who)


def trusted(who: Account, secret: str, visitor: Visitor = VISITOR) -> Visitor:
    """Sign in and ask for trust; return the visitor with the cookie that this left."""
    return replace(visitor, device=by_code(who, secret, visitor, trust=True).device)


def skips(who: Account, visitor: Visitor, password: str = PASSWORD, *, at: int = 0) -> bool:
    """Tell whether the password alone opens this way in there."""
    return entered(who, visitor, password, at=at) is not None


def entered(
    who: Account, visitor: Visitor, password: str = PASSWORD, *, at: int = 0
) -> SignedIn | None:
    verified = sign_in.verify_password(who.email or "", password, visitor)
    step = sign_in.proceed(verified.offers[at].handle, visitor)
    return step if isinstance(step, SignedIn) else None


def place_of(who: Account) -> Organisation:
    [place] = [m.organisation for m in memberships.of(who.id) if m.organisation]
    return place


def rows() -> list[RememberedDevice]:
    db.session().rollback()
    return list(db.session().scalars(select(RememberedDevice)))


def test_a_trusted_device_is_not_asked_again(clock: Clock) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    clock.advance(29 * DAY)

    assert skips(who, here)
    assert not skips(who, STRANGER)
    [device] = remembered_devices.of(who)
    assert (device.factor, device.last_used_at) == (Factor.CODE, clock.time)


def test_nobody_is_trusted_who_did_not_ask_for_it() -> None:
    who, secret = student(30)
    done = by_code(who, secret)

    assert not skips(who, replace(VISITOR, device=done.device))


# Where it is allowed


@pytest.mark.parametrize(
    ("policies", "days"), [((), 30), ((30,), 30), ((90, 7), 7), ((30, 0), 0), ((0,), 0)]
)
def test_the_strictest_organisation_in_reach_says_for_how_long(
    policies: tuple[int, ...], days: int, clock: Clock
) -> None:
    who, secret = student(*policies)
    assert remembered_devices.days_allowed(who) == days

    here = trusted(who, secret)

    assert len(rows()) == bool(days)
    assert skips(who, here) == bool(days)
    clock.advance(days * DAY - timedelta(seconds=1))
    assert skips(who, here) == bool(days)
    clock.advance(timedelta(seconds=1))
    assert not skips(who, here)
    assert remembered_devices.of(who) == []
    assert purging.purge().get("remembered_devices", 0) == bool(days)


def test_superusers_are_asked_each_time() -> None:
    who, secret = student()
    factories.membership(who, role=Role.SUPERUSER)

    here = trusted(who, secret)

    assert remembered_devices.days_allowed(who) == 0
    assert rows() == []
    assert not skips(who, here)


def test_whoever_becomes_a_superuser_is_asked_again() -> None:
    who, secret = student(30)
    here = trusted(who, secret)

    administration.add_membership(who, None, Role.SUPERUSER, VISITOR)

    assert not skips(who, here, at=0)
    assert not skips(who, here, at=1)


def test_fewer_days_hold_for_devices_that_are_trusted_already(clock: Clock) -> None:
    who, secret = student(30)
    place = place_of(who)
    here = trusted(who, secret)
    clock.advance(8 * DAY)
    assert skips(who, here)

    administration.change_settings(place, {"rememberDeviceDays": "7"}, VISITOR)

    assert not skips(who, here)


def test_an_organisation_that_allows_none_ends_what_they_opened() -> None:
    who, secret = student(30)
    place = place_of(who)
    here = trusted(who, secret)
    by_trust = entered(who, here)
    assert by_trust

    administration.change_settings(place, {"rememberDeviceDays": "0"}, VISITOR)

    assert rows() == []
    assert refusal_of(lambda: sessions.find(by_trust.bearer)) == "ticket_refused"
    assert not skips(who, here)


def test_whoever_joins_a_stricter_organisation_is_asked_again() -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    by_trust = entered(who, here)
    assert by_trust

    administration.add_membership(who, factories.organisation(), Role.STUDENT, VISITOR)

    assert rows() == []
    assert refusal_of(lambda: sessions.find(by_trust.bearer)) == "ticket_refused"
    assert not skips(who, here)


# What it stands for


def test_a_pin_that_was_answered_stands_for_no_app() -> None:
    who = factories.account()
    lax = factories.organisation("A", {"mfaForStudents": True}, rememberDeviceDays=30)
    strict = factories.organisation("B", factorForStudents="app", rememberDeviceDays=30)
    factories.membership(who, lax)
    done = sign_in.answer(waiting_for(who), mailed_pin(), VISITOR, trust=True)
    assert isinstance(done, SignedIn)
    here = replace(VISITOR, device=done.device)
    assert skips(who, here)

    factories.membership(who, strict)

    assert skips(who, here, at=0)
    assert not skips(who, here, at=1)


def test_a_pin_that_was_chosen_beside_an_app_stands_for_no_more_than_a_pin(clock: Clock) -> None:
    who, secret = student(30)
    session = by_code(who, secret).session
    chosen_pin.choose(session, VISITOR)
    factories.membership(
        who, factories.organisation("Z", factorForStudents="app", rememberDeviceDays=30)
    )
    handle = waiting_for(who)
    assert isinstance(sign_in.choose(handle, Factor.PIN, VISITOR), PinWanted)
    clock.advance(STEP)
    done = sign_in.answer(handle, mailed_pin(), VISITOR, trust=True)
    assert isinstance(done, SignedIn)
    here = replace(VISITOR, device=done.device)

    assert skips(who, here, at=0)
    assert not skips(who, here, at=1)


def test_a_recovery_code_makes_no_device_trusted(clock: Clock) -> None:
    who, secret = student(30)
    session = by_code(who, secret).session
    recovery_codes.renew(session, VISITOR)
    [code, *_] = recovery_codes.sheet_of(session)
    clock.advance(STEP)

    sign_in.answer(waiting_for(who), code, VISITOR, trust=True)

    assert rows() == []


@pytest.mark.parametrize("interface", [each for each in Interface if each is not Interface.PAGES])
def test_no_program_is_trusted(interface: Interface) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    program = replace(here, interface=interface)

    verified = sign_in.verify_password(who.email or "", PASSWORD, program)

    assert isinstance(sign_in.proceed(verified.offers[0].handle, program), CodeWanted)


def test_a_program_that_asks_for_trust_gets_none() -> None:
    who, secret = student(30)
    program = Visitor(Interface.INTEDASHBOARD, "192.0.2.1")

    by_code(who, secret, program, trust=True)

    assert not skips(who, VISITOR)
    assert not skips(who, program)


def test_a_session_by_trust_proved_its_factor_back_then(clock: Clock) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    clock.advance(DAY)

    done = entered(who, here)

    assert done
    sessions.require_account(done.session)
    assert len(sessions.seats_of(done.session)) == 1
    for act in (
        lambda: totp_setup.begin(done.session),
        lambda: totp_setup.remove(done.session, here),
        lambda: recovery_codes.renew(done.session, here),
        lambda: chosen_pin.choose(done.session, here),
        lambda: passwords.change(done.session, PASSWORD, NEW_PASSWORD, here),
    ):
        assert refusal_of(act) == "proof_required"


def test_a_fresh_proof_is_asked_of_a_trusted_device_too(clock: Clock) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    clock.advance(DAY)
    done = entered(who, here)
    assert done

    offer = seats.verify_again(done.session, PASSWORD, here)
    assert isinstance(sign_in.proceed(offer.handle, here), CodeWanted)

    sessions.require_account_proof(confirmed(done, code_of(secret), here).session)


def test_a_trusted_device_answers_for_one_more_seat(clock: Clock) -> None:
    who, secret = student(30, 30)
    here = trusted(who, secret)
    clock.advance(DAY)
    done = entered(who, here)
    assert done
    other = memberships.of(who.id)[1]

    [offer] = seats.switch(done.session, other.id, here).offers
    joined = sign_in.proceed(offer.handle, here)

    assert isinstance(joined, SignedIn)
    assert len(sessions.seats_of(joined.session)) == 2
    with pytest.raises(ProofRequired):
        sessions.require_account_proof(joined.session)


# Which device it is


def test_another_account_is_not_trusted_on_the_same_device(clock: Clock) -> None:
    who, secret = student(30)
    other, others_secret = student(30)
    here = trusted(who, secret)

    both = replace(VISITOR, device=by_code(other, others_secret, here).device)

    assert skips(who, both)
    assert not skips(other, both)
    clock.advance(STEP)
    assert skips(other, trusted(other, others_secret, both))


@pytest.mark.parametrize("forged", ["", "e30.aaaa.bbbb", "é"])
def test_a_forged_cookie_is_nothing(forged: str) -> None:
    who, secret = student(30)
    cookie = trusted(who, secret).device or ""

    for sent in (forged, cookie[:-2], cookie.swapcase(), f"{cookie}x"):
        assert not skips(who, replace(VISITOR, device=sent))


def test_the_name_in_the_cookie_is_kept_as_a_digest() -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    [device] = rows()

    assert len(device.digest) == 64
    assert device.digest not in (here.device or "")


def test_a_device_that_is_trusted_again_is_there_once(clock: Clock) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    clock.advance(31 * DAY)

    again = trusted(who, secret, here)

    [device] = rows()
    assert (device.proved_at, device.expires_at) == (clock.time, clock.time + 30 * DAY)
    assert skips(who, again)
    events = db.session().scalars(select(AuditEvent).where(AuditEvent.what == "device_remembered"))
    assert [event.details["days"] for event in events] == [30, 30]


# Forgetting


def test_forgetting_one_ends_what_it_opened_and_no_more(clock: Clock) -> None:
    who, secret = student(30)
    home = trusted(who, secret)
    clock.advance(STEP)
    work = trusted(who, secret, STRANGER)
    by_home, by_work = entered(who, home), entered(who, work)
    clock.advance(STEP)
    here = by_code(who, secret)
    assert by_home
    assert by_work
    [lost] = [each for each in remembered_devices.of(who) if each.address == VISITOR.address]

    remembered_devices.forget(here.session, lost.id, VISITOR)

    assert refusal_of(lambda: sessions.find(by_home.bearer)) == "ticket_refused"
    for other in (by_work, here):
        assert sessions.find(other.bearer)
    assert not skips(who, home)
    assert skips(who, work)


def test_one_may_forget_the_device_that_one_sits_at(clock: Clock) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    clock.advance(DAY)
    done = entered(who, here)
    assert done
    [device] = remembered_devices.of(who)

    remembered_devices.forget(done.session, device.id, here)

    assert sessions.find(done.bearer).remembered_device_id is None
    assert not skips(who, here)


def test_one_forgets_ones_own_devices_only() -> None:
    who, secret = student(30)
    other, others_secret = student(30)
    theirs = trusted(other, others_secret)
    session = by_code(who, secret).session
    [device] = remembered_devices.of(other)

    for unknown in (device.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            remembered_devices.forget(session, unknown, VISITOR)

    assert skips(other, theirs)


def by_reset(who: Account, _secret: str) -> str:
    passwords.forgotten(who.email or "", VISITOR)
    passwords.reset(factories.ticket_in("reset"), NEW_PASSWORD, VISITOR)
    return NEW_PASSWORD


def by_new_password(who: Account, secret: str) -> str:
    passwords.change(by_code(who, secret).session, PASSWORD, NEW_PASSWORD, VISITOR)
    return NEW_PASSWORD


def by_new_app(who: Account, secret: str) -> str:
    session = by_code(who, secret).session
    totp_setup.begin(session)
    totp_setup.confirm(session, code_of(totp_setup.waiting(session) or ""), VISITOR)
    return PASSWORD


def by_choosing_pins(who: Account, secret: str) -> str:
    chosen_pin.choose(by_code(who, secret).session, VISITOR)
    return PASSWORD


def by_new_codes(who: Account, secret: str) -> str:
    recovery_codes.renew(by_code(who, secret).session, VISITOR)
    return PASSWORD


@pytest.mark.parametrize(
    "change",
    [by_reset, by_new_password, by_new_app, by_choosing_pins, by_new_codes],
    ids=lambda change: change.__name__,
)
def test_a_change_forgets_them_all(change: Callable[[Account, str], None], clock: Clock) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    clock.advance(2 * MINUTE)
    assert skips(who, here)

    password = change(who, secret)

    assert rows() == []
    clock.advance(2 * MINUTE)
    assert not skips(who, here, password)


def test_an_app_that_is_taken_away_and_set_up_again_trusts_nobody(clock: Clock) -> None:
    who, secret = student(30)
    here = trusted(who, secret)
    clock.advance(2 * MINUTE)
    totp_setup.remove(by_code(who, secret).session, VISITOR)
    assert rows() == []

    factories.app_of(who)

    assert not skips(who, here)
