from collections.abc import Callable

import pytest

from app.models import Role
from tests import factories
from tests.factories import PASSWORD
from tests.pages.browser import Browser, Page, values_of

NEW = "nine calm otters"


def test_a_reset_sets_the_password_and_signs_nobody_in(guest: Browser) -> None:
    who = factories.account()
    _ask(guest, who.email or "")

    page = guest.open(_link())
    assert (who.email or "") in page.text
    done = guest.press("Set the password", password=NEW)

    assert done.url == "/sign-in"
    assert "Your password is changed." in done.text
    assert factories.sessions_open() == 0
    assert guest.sign_in(who).status == 401
    assert guest.sign_in(who, NEW).url == "/home"


def test_a_reset_never_skips_the_pin(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation(), Role.STUDENT)
    _ask(guest, who.email or "")
    guest.open(_link())
    guest.press("Set the password", password=NEW)

    assert guest.sign_in(who, NEW).url == "/sign-in/pin"


def test_a_reset_ends_every_session(guest: Browser, new_guest: Callable[..., Browser]) -> None:
    who, elsewhere = factories.account(), new_guest()
    elsewhere.sign_in(who)
    _ask(guest, who.email or "")
    guest.open(_link())

    guest.press("Set the password", password=NEW)

    assert elsewhere.open("/home").url.startswith("/sign-in")


def test_asking_looks_the_same_for_nobody(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who = factories.account("somebody@example.org")

    known = _ask(guest, who.email or "")
    unknown = _ask(new_guest(), "else-body@example.org")

    assert known.url == unknown.url == "/forgotten/check-mail"
    assert known.main.replace("somebody@", "") == unknown.main.replace("else-body@", "")
    assert len(factories.mails("reset")) == 1


def test_the_code_leads_to_the_new_password(guest: Browser) -> None:
    who = factories.account()
    _ask(guest, who.email or "")

    page = guest.press("Continue", code=factories.latest_words("reset")["code"])

    assert page.url == "/reset"
    assert guest.press("Set the password", password=NEW).url == "/sign-in"


def test_a_wrong_code_is_refused(guest: Browser) -> None:
    who = factories.account()
    _ask(guest, who.email or "")

    page = guest.press("Continue", code="WRONG-CODE1")

    assert page.status == 400
    assert "That code is not right, or too old." in page.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_the_link_spends_nothing(
    guest: Browser, new_guest: Callable[..., Browser], method: str
) -> None:
    who, scanner = factories.account(), new_guest()
    _ask(guest, who.email or "")

    assert scanner.send(method, _link()).status_code == 303
    assert scanner.send(method, "/reset").status_code == 200

    assert guest.open(_link()).status == 200
    assert guest.press("Set the password", password=NEW).url == "/sign-in"


def test_a_bad_password_keeps_the_ticket(guest: Browser) -> None:
    who = factories.account()
    _ask(guest, who.email or "")
    guest.open(_link())

    page = guest.press("Set the password", password="short")

    assert page.status == 400
    assert "Use at least 8 characters." in page.text
    assert guest.press("Set the password", password=NEW).url == "/sign-in"


def test_a_link_works_once(guest: Browser, new_guest: Callable[..., Browser]) -> None:
    who, other = factories.account(), new_guest()
    _ask(guest, who.email or "")
    link = _link()
    other.open(link)
    guest.open(link)
    guest.press("Set the password", password=NEW)

    late = other.press("Set the password", password="eight loud badgers")

    assert late.status == 410
    assert "This link is used up or too old." in late.text
    assert guest.sign_in(who, NEW).url == "/home"


def test_a_foreign_ticket_opens_nothing_else(guest: Browser) -> None:
    who = factories.account()
    _ask(guest, who.email or "")
    ticket = factories.ticket_in("reset")

    assert guest.open(f"/activate?ticket={ticket}").status == 410
    assert guest.open(f"/unlock?ticket={ticket}").status == 410
    assert guest.open(f"/reset?ticket={ticket}").status == 200


def test_the_meter_judges_while_one_types(guest: Browser) -> None:
    guest.open("/register")
    token = values_of(guest.shown.form("Register"))["csrf_token"]

    def judged(password: str, **words: str) -> dict[str, object]:
        data = {"password": password, "csrf_token": token, **words}
        answer: dict[str, object] = guest.send("POST", "/password-strength", data=data).get_json()
        return answer

    assert judged("password1")["score"] == 0
    assert "Too many people use this password." in str(judged("password1")["problems"])
    assert judged(PASSWORD)["score"] == 4
    assert judged(PASSWORD)["problems"] == []
    assert judged("annabella1", name="Anna Bella")["score"] == 0


def test_the_meter_of_a_reset_knows_whose_password_it_is(guest: Browser) -> None:
    who = factories.account("annabella@example.org")
    factories.membership(who, factories.organisation(passwordMinLength=20))
    _ask(guest, who.email or "")
    token = values_of(guest.open(_link()).form("Set the password"))["csrf_token"]

    data = {"password": PASSWORD[:15], "csrf_token": token}
    answer = guest.send("POST", "/password-strength", data=data).get_json()

    assert "Use at least 20 characters." in answer["problems"]


def test_the_meter_answers_only_pages_of_ours(guest: Browser) -> None:
    assert guest.send("POST", "/password-strength", data={"password": "x"}).status_code == 403


def _ask(guest: Browser, identity: str) -> Page:
    guest.open("/forgotten")
    return guest.press("Send the mail", identity=identity)


def _link() -> str:
    return "/reset?ticket=" + factories.ticket_in("reset")
