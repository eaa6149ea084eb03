"""Factors that change while they are answered: everybody takes turns, and nobody waits in vain."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.errors import NotSignedIn
from app.models import Account, Session, TotpDevice
from app.operations import (
    passkey_step,
    passkeys,
    passwords,
    recovery_codes,
    removal,
    sessions,
    sign_in,
    totp_setup,
)
from app.operations.sign_in import Enrolment
from tests import factories
from tests.factories import PASSWORD, VISITOR
from tests.operations import with_passkeys
from tests.operations.signing_in import by_code, signed_in, waiting_for
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal", "clock")

SOME = 9  # fewer than the tries of an hour
LAST = SOME - 1


def looking_again() -> None:
    """Look at what is there now, not when this test last looked."""
    db.session().rollback()


def anew(session_id: object) -> Session:
    """Return a session as a request of its own finds it, if it is there still."""
    found = db.session().get(Session, session_id)
    if found is None:
        raise NotSignedIn
    return found


def test_an_app_goes_while_recovery_codes_are_answered(portal: Flask) -> None:
    who = factories.account()
    session_id = by_code(who, factories.app_of(who)).session.id
    codes = factories.recovery_codes_of(who)
    handles = [waiting_for(who) for _ in range(SOME)]

    def act(number: int) -> None:
        if number == LAST:
            totp_setup.remove(anew(session_id), VISITOR)
        else:
            sign_in.answer(handles[number], codes[number], VISITOR)

    ended = at_once(portal, act, SOME)

    looking_again()
    assert set(ended) <= {WON, "ticket_refused"}
    assert [each.id for each in sessions.all_of(who)] == [session_id]
    assert recovery_codes.left(who) == 0


def test_a_passkey_goes_while_it_confirms(portal: Flask) -> None:
    who, holder = with_passkeys.owner()
    session = with_passkeys.opened(holder).session
    other = with_passkeys.opened(holder).session
    [passkey] = passkeys.of(session)
    credential = holder.use(passkey_step.options_to_confirm(other))
    ids, passkey_id = (session.id, other.id), passkey.id

    def act(number: int) -> None:
        if number == 0:
            passkeys.remove(anew(ids[0]), passkey_id, VISITOR)
        else:
            passkey_step.verify_passkey_again(anew(ids[1]), credential, VISITOR)

    ended = at_once(portal, act, 2)

    looking_again()
    assert set(ended) <= {WON, "wrong_code", "not_signed_in"}
    assert [each.id for each in sessions.all_of(who)] == [ids[0]]


def removal_asked_for(session: Session) -> None:
    removal.schedule(session, VISITOR)


def others_ended(session: Session) -> None:
    sessions.end_others(session, VISITOR)


def password_changed(session: Session) -> None:
    passwords.change(session, PASSWORD, "seven quiet otters", VISITOR)


@pytest.mark.parametrize("end", [removal_asked_for, others_ended, password_changed])
def test_all_that_is_open_ends_while_sign_ins_are_finished(
    portal: Flask, end: Callable[[Session], None]
) -> None:
    who = factories.account()
    factories.membership(who)
    session_id = signed_in(who).session.id
    handles = [waiting_way(who) for _ in range(SOME)]

    def act(number: int) -> None:
        if number == LAST:
            end(anew(session_id))
        else:
            sign_in.proceed(handles[number], VISITOR)

    ended = at_once(portal, act, SOME)

    looking_again()
    assert set(ended) <= {WON, "ticket_refused"}
    assert [each.id for each in sessions.all_of(who)] == [session_id]


def test_sign_ins_that_set_an_app_up_at_once_leave_one_that_waits(portal: Flask) -> None:
    who = enrolling()
    offers = [sign_in.verify_password("ida", PASSWORD, VISITOR).offers[0] for _ in range(SOME)]
    steps: list[sign_in.Step] = []

    ended = at_once(
        portal, lambda number: steps.append(sign_in.proceed(offers[number].handle, VISITOR)), SOME
    )

    looking_again()
    assert ended == {WON: SOME}
    assert len({step.secret for step in steps if isinstance(step, Enrolment)}) == SOME
    waiting = select(func.count()).where(TotpDevice.account_id == who.id)
    assert db.session().scalar(waiting) == 1


def test_one_sign_in_that_sets_an_app_up_is_shown_one_secret(portal: Flask) -> None:
    enrolling()
    handle = sign_in.verify_password("ida", PASSWORD, VISITOR).offers[0].handle
    steps: list[sign_in.Step] = []

    at_once(portal, lambda _: steps.append(sign_in.proceed(handle, VISITOR)), SOME)

    assert len({step.secret for step in steps if isinstance(step, Enrolment)}) == 1


def test_new_recovery_codes_asked_for_at_once_are_one_set(portal: Flask) -> None:
    who = factories.account()
    done = by_code(who, factories.app_of(who))
    session_id = done.session.id
    recovery_codes.renew(done.session, VISITOR)

    ended = at_once(portal, lambda _: recovery_codes.renew(anew(session_id), VISITOR), SOME)

    looking_again()
    assert ended == {WON: SOME}
    assert recovery_codes.left(who) == recovery_codes.SIZE


def waiting_way(who: Account) -> str:
    """Prove the password; return the handle of a way in that nothing more is asked for."""
    return sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle


def enrolling() -> Account:
    """Return somebody whose organisation demands an app, and to whom no PIN can be mailed."""
    place = factories.organisation("", {"allowGenericUsers": True}, factorForStudents="app")
    who = factories.account(None, username="ida")
    factories.membership(who, place)
    return who
