"""Ending other people's sessions."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.errors import NotFound, ProofRequired, TicketRefused
from app.models import Account, AuditEvent, Organisation, Role, Session, Verification
from app.operations import session_acts, sessions, sign_in
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.administrators import account_admin, events, member, superuser
from tests.operations.signing_in import signed_in

pytestmark = pytest.mark.usefixtures("portal")


def is_live(bearer: str) -> bool:
    try:
        sessions.find(bearer)
    except TicketRefused:
        return False
    return True


def at(who: Account, place: Organisation, password: str = PASSWORD) -> sign_in.SignedIn:
    """Sign in at one organisation."""
    offers = sign_in.verify_password(who.email or "", password, VISITOR).offers
    there = next(o for o in offers if o.membership and o.membership.organisation_id == place.id)
    step = sign_in.proceed(there.handle, VISITOR)
    assert isinstance(step, sign_in.SignedIn)
    return step


def member_of_both() -> tuple[Account, Organisation, Organisation]:
    x, y = factories.organisation(), factories.organisation()
    both = member(Role.STUDENT, x)
    factories.membership(both, y)
    return both, x, y


def test_a_superuser_sees_and_ends_any_session() -> None:
    who, other = superuser(), member(Role.STUDENT)
    one, kept = signed_in(other), signed_in(other)

    assert len(session_acts.of_account(who, other.id)) == 2
    session_acts.end_one(who, other.id, one.session.id, VISITOR)

    assert not is_live(one.bearer)
    assert is_live(kept.bearer)
    assert [what for what, _ in events(other)] == ["session_ended"]


def test_an_organisation_sees_the_sessions_that_hold_a_seat_there() -> None:
    both, x, y = member_of_both()
    here, there = at(both, x), at(both, y)

    assert [s.id for s in session_acts.of_account(account_admin(x), both.id)] == [here.session.id]
    assert [s.id for s in session_acts.of_account(account_admin(y), both.id)] == [there.session.id]


def test_an_organisation_ends_what_a_session_holds_there_and_no_more() -> None:
    both, x, y = member_of_both()
    here, there = at(both, x), at(both, y)
    who = account_admin(x)

    session_acts.end_one(who, both.id, here.session.id, VISITOR)

    assert is_live(here.bearer), "it met the account's own way in, which is not this place's to end"
    assert sessions.seats_of(sessions.find(here.bearer)) == []
    with pytest.raises(NotFound):
        session_acts.end_one(who, both.id, there.session.id, VISITOR)
    assert len(sessions.seats_of(sessions.find(there.bearer))) == 1


def test_a_session_that_held_nothing_else_ends_with_its_seat() -> None:
    both, x, _y = member_of_both()
    factories.own_password(both, x)
    here = at(both, x, OWN_PASSWORD)

    session_acts.end_one(account_admin(x), both.id, here.session.id, VISITOR)

    assert not is_live(here.bearer)


def test_a_session_of_somebody_else_under_this_name_is_not_there() -> None:
    x = factories.organisation()
    one, other = member(Role.STUDENT, x), member(Role.STUDENT, x)
    opened = signed_in(other)

    for who in (account_admin(x), superuser()):
        with pytest.raises(NotFound):
            session_acts.end_one(who, one.id, opened.session.id, VISITOR)
    assert is_live(opened.bearer)


def test_everybody_is_signed_out_but_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_acts, "BATCH", 2)
    who = superuser()
    opened = [signed_in(member(Role.STUDENT)) for _ in range(5)]
    waiting = member(Role.STUDENT)
    sign_in.verify_password(waiting.email or "", PASSWORD, VISITOR)

    ended = session_acts.end_everybody(who, VISITOR)

    assert ended == 5
    assert not any(is_live(each.bearer) for each in opened)
    assert list(db.session().scalars(select(Session.id))) == [who.session_id]
    assert list(db.session().scalars(select(Verification.id))) == []
    recorded = select(AuditEvent.by_account_id).where(AuditEvent.what == "everybody_signed_out")
    assert list(db.session().scalars(recorded)) == [who.account_id]


def test_an_account_administrator_signs_nobody_out_of_the_portal() -> None:
    place = factories.organisation()
    who, opened = account_admin(place), signed_in(member(Role.STUDENT, place))

    with pytest.raises(NotFound):
        session_acts.end_everybody(who, VISITOR)
    assert is_live(opened.bearer)


def test_signing_everybody_out_asks_for_a_proof(clock: Clock) -> None:
    who, opened = superuser(), signed_in(member(Role.STUDENT))
    clock.advance(sessions.STEP_UP + timedelta(seconds=1))

    with pytest.raises(ProofRequired):
        session_acts.end_everybody(who, VISITOR)
    assert is_live(opened.bearer)
