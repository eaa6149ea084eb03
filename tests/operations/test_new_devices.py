"""Who is told of a sign-in, and who knows it already."""

from datetime import timedelta

import pytest

from app import db
from app.models import Interface, NotMeTicket
from app.operations import not_me, passwords, seats, sign_in, undoing
from app.operations.sign_in import SignedIn
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.signing_in import known_device, opens, signed_in, taken

pytestmark = pytest.mark.usefixtures("portal")

PROGRAMS = [each for each in Interface if each not in {Interface.PAGES, Interface.COMMAND}]
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"
ELSEWHERE = Visitor(Interface.PAGES, "203.0.113.9", PHONE)
NEW = "a fresh start at last"


def told() -> int:
    return len(factories.mails("new_device"))


def test_the_very_first_sign_in_is_news_to_nobody() -> None:
    signed_in(factories.account())

    assert told() == 0


def test_a_browser_without_the_cookie_is_told_with_where_it_is() -> None:
    who = factories.account()
    signed_in(who)

    done = signed_in(who, visitor=ELSEWHERE)

    words = factories.latest_words("new_device")
    link = words.pop("not_me_link")
    assert link.startswith("http://localhost:8000/not-me?ticket=")
    assert words == {
        "name": who.name,
        "user_agent": PHONE,
        "interface": "pages",
        "address": "203.0.113.9",
        "organisation": "",
    }
    assert undoing.by(factories.not_me_in("new_device")).sessions == [done.session]


def test_a_known_browser_is_not_told_again_wherever_it_is() -> None:
    who = factories.account()
    at_home = known_device(who)

    signed_in(who, visitor=Visitor(Interface.PAGES, "203.0.113.9", PHONE, at_home.device))

    assert told() == 0


@pytest.mark.parametrize("interface", PROGRAMS)
def test_a_program_is_told_from_a_network_that_is_not_known(interface: Interface) -> None:
    who = factories.account()
    signed_in(who)
    program = Visitor(interface, "203.0.113.9", "okhttp/4.9")

    for _ in range(2):
        signed_in(who, visitor=program)

    assert told() == 1
    assert factories.latest_words("new_device")["interface"] == interface.value


def test_a_network_is_a_stranger_after_thirty_days(clock: Clock) -> None:
    who, program = factories.account(), Visitor(Interface.ROCKETCHAT, "192.0.2.9")
    signed_in(who, visitor=program)

    clock.advance(timedelta(days=29))
    signed_in(who, visitor=program)
    assert told() == 0
    clock.advance(timedelta(days=31))
    signed_in(who, visitor=program)

    assert told() == 1


def test_another_seat_and_a_confirmation_are_no_new_sign_in() -> None:
    who = factories.account()
    factories.membership(who)
    other = factories.membership(who)
    session = signed_in(who).session

    [offer] = seats.switch(session, other.id, ELSEWHERE).offers
    taken(offer, ELSEWHERE)
    taken(seats.verify_again(session, PASSWORD, ELSEWHERE), ELSEWHERE)

    assert told() == 0


def test_one_factor_more_delays_the_mail_until_somebody_is_in() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    signed_in(who)

    [offer] = sign_in.verify_password(who.email or "", PASSWORD, ELSEWHERE).offers
    sign_in.proceed(offer.handle, ELSEWHERE)
    assert told() == 0
    pin = factories.latest_words("pin")["pin"]
    assert isinstance(sign_in.answer(offer.handle, pin, ELSEWHERE), SignedIn)

    assert told() == 1


def test_the_mail_names_the_organisation_and_leads_to_its_own_password() -> None:
    who, place = factories.account(), factories.organisation("Acme")
    factories.membership(who, place)
    factories.own_password(who, place)
    signed_in(who, OWN_PASSWORD)

    signed_in(who, OWN_PASSWORD, ELSEWHERE)

    assert factories.latest_words("new_device")["organisation"] == "Acme"
    reset = not_me.report(factories.not_me_in("new_device"), VISITOR)
    assert passwords.reset_of(reset).organisation_id == place.id
    passwords.reset(reset, NEW, VISITOR)
    assert not opens(who, OWN_PASSWORD)


def test_where_the_accounts_password_opened_an_organisation_it_is_set_anew() -> None:
    who, place = factories.account(), factories.organisation("Acme")
    factories.membership(who, place)
    signed_in(who)

    signed_in(who, visitor=ELSEWHERE)

    reset = not_me.report(factories.not_me_in("new_device"), VISITOR)
    assert passwords.reset_of(reset).organisation_id is None


def test_after_five_in_an_hour_no_more_are_told_and_no_link_is_made(clock: Clock) -> None:
    who = factories.account()
    signed_in(who)

    for _ in range(7):
        clock.advance(timedelta(seconds=1))
        signed_in(who, visitor=ELSEWHERE)

    assert told() == 5
    assert db.session().query(NotMeTicket).count() == 5
