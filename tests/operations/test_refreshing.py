"""Refresh tokens: one successor each, ten seconds' grace, and a copy ends the session."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.errors import TicketRefused
from app.models import Account, AuditEvent, Interface, RefreshToken, Session
from app.operations import access_tokens, administration, refreshing, sessions, sign_in
from app.operations.sign_in import SignedIn
from app.operations.visitor import Visitor
from app.security.tokens import digest
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

PROGRAM = Visitor(Interface.HASURA_BACKEND_PLUS, "192.0.2.1", "axios/0.21")
A_MOMENT = timedelta(seconds=1)


def signed_in(who: Account | None = None, visitor: Visitor = PROGRAM) -> SignedIn:
    who = who or factories.account()
    verified = sign_in.verify_password(who.email or "", PASSWORD, visitor, whole=True)
    step = sign_in.proceed(verified.offers[0].handle, visitor)
    assert isinstance(step, SignedIn)
    return step


def begun() -> str:
    return refreshing.begin(signed_in().session)


def renewed(token: str) -> str:
    return refreshing.renew(token, PROGRAM)[1]


def refused(token: str) -> bool:
    try:
        refreshing.session_of(token)
    except TicketRefused:
        return True
    return False


def test_each_token_makes_the_next() -> None:
    first = begun()

    second = renewed(first)
    third = renewed(second)

    assert len({first, second, third}) == 3
    assert renewed(third)


def test_only_digests_are_kept() -> None:
    first = begun()
    second = renewed(first)

    kept = set(db.session().scalars(select(RefreshToken.digest)))

    assert kept == {digest(first), digest(second)}


def test_whoever_lost_the_answer_asks_again_within_ten_seconds(clock: Clock) -> None:
    first = begun()
    second = renewed(first)

    clock.advance(RefreshToken.GRACE - A_MOMENT)

    assert renewed(first) == second
    assert renewed(second)


@pytest.mark.parametrize("late", [RefreshToken.GRACE, timedelta(days=2)])
def test_a_used_token_ends_the_session_and_tells_its_owner(clock: Clock, late: timedelta) -> None:
    first = begun()
    second = renewed(first)
    clock.advance(late)

    with pytest.raises(TicketRefused):
        renewed(first)

    assert refused(second)
    assert factories.sessions_open() == 0
    assert len(factories.mails("sessions_ended")) == 1
    assert "refresh_token_reused" in set(db.session().scalars(select(AuditEvent.what)))


def test_a_token_two_generations_old_ends_the_session_even_at_once(clock: Clock) -> None:
    first = begun()
    third = renewed(renewed(first))

    with pytest.raises(TicketRefused):
        renewed(first)

    assert refused(third)
    assert len(factories.mails("sessions_ended")) == 1
    clock.advance(A_MOMENT)
    with pytest.raises(TicketRefused):
        renewed(third)


def test_the_end_of_one_session_is_no_end_of_another() -> None:
    who = factories.account()
    first, other = (
        refreshing.begin(signed_in(who).session),
        refreshing.begin(signed_in(who).session),
    )
    renewed(renewed(first))

    with pytest.raises(TicketRefused):
        renewed(first)

    assert renewed(other)


@pytest.mark.parametrize(
    "token", ["", "x", "0b9e3f62-5a4f-4d57-9d3c-1c2b3a4d5e6f", "\x00", "\ud800"]
)
def test_a_token_that_nobody_was_given_ends_nothing(token: str) -> None:
    mine = begun()

    with pytest.raises(TicketRefused):
        renewed(token)

    assert renewed(mine)


def test_thirty_days_are_all_however_often_it_is_renewed(clock: Clock) -> None:
    opened = signed_in()
    token, ends = refreshing.begin(opened.session), opened.session.expires_at
    assert ends == now() + timedelta(days=30)

    for _ in range(29):
        clock.advance(timedelta(days=1))
        token = renewed(token)
    clock.advance(timedelta(days=1))

    with pytest.raises(TicketRefused):
        renewed(token)


def test_renewing_proves_nothing_anew(clock: Clock) -> None:
    opened = signed_in()
    token, proved_at = refreshing.begin(opened.session), opened.session.account_proved_at
    clock.advance(timedelta(minutes=11))

    session, _ = refreshing.renew(token, PROGRAM)

    assert session.account_proved_at == proved_at


def test_an_account_that_was_suspended_renews_nothing() -> None:
    who = factories.account()
    token = refreshing.begin(signed_in(who).session)
    administration.suspend_account(who, PROGRAM)

    with pytest.raises(TicketRefused):
        renewed(token)


def test_no_kind_of_secret_passes_for_another() -> None:
    opened = signed_in()
    token = refreshing.begin(opened.session)
    access = access_tokens.issue(opened.session, access_tokens.SHORT)

    for secret in (access, opened.bearer, str(opened.session.id)):
        with pytest.raises(TicketRefused):
            renewed(secret)
    with pytest.raises(TicketRefused):
        access_tokens.find(token)


def test_to_revoke_ends_what_this_interface_opened_and_nothing_else() -> None:
    who = factories.account()
    pages = Visitor(Interface.PAGES, "192.0.2.1")
    elsewhere, stranger = signed_in(who, pages), signed_in()
    opened = [signed_in(who), signed_in(who)]
    access = access_tokens.issue(opened[0].session, access_tokens.SHORT)
    tokens = [refreshing.begin(each.session) for each in opened]

    refreshing.revoke(who, PROGRAM)

    assert all(refused(token) for token in tokens)
    with pytest.raises(TicketRefused):
        access_tokens.find(access)
    assert sessions.find(elsewhere.bearer)
    assert sessions.find(stranger.bearer)


def test_fifty_renewals_at_once_have_one_successor(portal: Flask) -> None:
    token = begun()
    answers: list[str] = []

    ended = at_once(portal, lambda _: answers.append(renewed(token)))

    assert ended[WON] == len(answers) == 50
    assert len(set(answers)) == 1
    db.session().rollback()
    assert db.session().scalar(select(func.count()).select_from(RefreshToken)) == 2


def test_fifty_copies_at_once_end_the_session_once(portal: Flask) -> None:
    token = begun()
    newest = renewed(renewed(token))

    ended = at_once(portal, lambda _: renewed(token))

    assert ended == {TicketRefused.reason: 50}
    db.session().rollback()
    assert refused(newest)
    assert len(factories.mails("sessions_ended")) == 1
    assert db.session().scalar(select(func.count()).select_from(Session)) == 0


def test_old_and_new_at_once_end_in_one_way_or_the_other(portal: Flask) -> None:
    """Both sides of a copied token at once: it never forks into two living families."""
    first = begun()
    second = renewed(first)
    answers: list[str] = []

    at_once(portal, lambda n: answers.append(renewed(first if n % 2 else second)))

    db.session().rollback()
    alive = [token for token in set(answers) if not refused(token)]
    assert alive == []  # the second was used, so the first is a copy
    assert len(factories.mails("sessions_ended")) == 1
