"""One account, and each act on it, as they are met."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.clock import now
from app.models import Account, AuditEvent, Counted, FailedSignIns, Organisation, Role, Session
from app.operations import sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.admin.conftest import member, open_session
from tests.pages.browser import Browser, Page, values_of

BUTTONS = {
    "suspend": "Suspend",
    "unlock": "Open all locks",
    "send-reset": "Send a reset mail",
    "end-sessions": "End all sessions",
}


def page_of(browser: Browser, who: Account, at: Organisation | None = None) -> Page:
    prefix = f"/o/{at.id}" if at else ""
    return browser.open(f"{prefix}/admin/accounts/{who.id}")


def fresh(who: Account) -> Account:
    db.session().rollback()
    return db.session().get_one(Account, who.id)


def what_happened_to(who: Account) -> list[str]:
    db.session().rollback()
    mine = (
        select(AuditEvent.what).where(AuditEvent.account_id == who.id).order_by(AuditEvent.position)
    )
    return list(db.session().scalars(mine))


def lock(subject: str, counted: Counted = Counted.IDENTITY) -> None:
    until = now() + timedelta(minutes=12)
    row = FailedSignIns(counted=counted, subject=subject, failures=10, window_ends_at=until)
    row.locked_until = until
    factories.saved(row)


def test_the_page_tells_who_it_is_and_how_things_stand(superuser: Browser) -> None:
    x = factories.organisation("Xavier's")
    who = factories.account("ann@example.org", username="ann.s", name="Ann Smith")
    role = factories.membership(who, x, Role.TEACHER)
    factories.own_password(who, x)
    factories.app_of(who)
    lock(f"account:{who.id}")
    lock(str(role.id), Counted.MEMBERSHIP)

    page = page_of(superuser, who)

    assert page.heading == "Ann Smith"
    for fact in (
        "ann@example.org",
        "ann.s",
        "Locked",
        "Teacher",
        "Xavier's",
        "For Xavier's only, since",
        "The account's, since",
        "Authenticator app",
        "Too many wrong passwords for this account",
        "Too many wrong passwords at this organisation",
        "in 12 minutes",
        "The person is signed in nowhere.",
        "Nothing is recorded yet.",
    ):
        assert fact in page.main, fact


def test_the_page_holds_no_secret(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    secret = factories.app_of(who)
    session = open_session(who)

    text = page_of(superuser, who).response.text

    for each in (secret, session.digest, "argon2"):
        assert each not in text


def test_an_organisation_is_told_less_of_who_belongs_elsewhere_too(
    chief: Browser, place: Organisation
) -> None:
    y = factories.organisation("Yonder")
    both = member(Role.STUDENT, place, "Both Smith")
    there = factories.membership(both, y)
    factories.app_of(both)
    factories.own_password(both, y)
    lock(str(there.id), Counted.MEMBERSHIP)

    page = page_of(chief, both, place)

    for secret in ("Yonder", "Authenticator app", "Too many", "Suspend", str(y.id)):
        assert secret not in page.main, secret
    assert "for the portal's superusers to see and to do" in page.main


@pytest.mark.parametrize("slug", BUTTONS)
def test_each_act_has_a_page_of_its_own_that_does_nothing_yet(
    superuser: Browser, slug: str
) -> None:
    who = member(Role.STUDENT)
    page_of(superuser, who)
    before = what_happened_to(who)

    page = superuser.click(BUTTONS[slug])

    assert page.url.endswith(f"/{slug}")
    assert page.heading == BUTTONS[slug]
    assert what_happened_to(who) == before
    assert superuser.click("Not now").url == f"/admin/accounts/{who.id}"


def test_suspending_and_reactivating(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    page_of(superuser, who)

    superuser.click("Suspend")
    page = superuser.press("Suspend")

    assert "The account is suspended." in page.text
    assert "Suspended" in page.main
    assert fresh(who).suspended_at
    assert "Suspend" not in [a.text for a in page.root.iter("a")]
    superuser.click("Reactivate")
    assert "The account is active again." in superuser.press("Reactivate").text
    assert fresh(who).suspended_at is None
    assert what_happened_to(who) == ["account_suspended", "account_reactivated"]


def test_an_act_from_an_old_page_that_is_done_already_says_so(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    old = superuser.open(f"/admin/accounts/{who.id}/suspend")
    superuser.press("Suspend")
    superuser.page = old

    assert "There was nothing to do" in superuser.press("Suspend").text
    assert what_happened_to(who) == ["account_suspended"]


def test_sending_a_reset_shows_no_ticket_and_mails_one(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    superuser.open(f"/admin/accounts/{who.id}/send-reset")

    page = superuser.press("Send a reset mail")

    ticket = factories.ticket_in("reset")
    assert "The reset mail is on its way." in page.text
    assert ticket not in page.response.text


def test_a_reset_for_a_password_of_one_organisation(superuser: Browser) -> None:
    x = factories.organisation("Xavier's")
    who = member(Role.STUDENT, x)
    factories.own_password(who, x)
    page_of(superuser, who)

    superuser.click("Send a reset mail for it")
    superuser.press("Send a reset mail for the password there")

    assert factories.latest_words("reset")["organisation"] == "Xavier's"


def test_too_much_mail_is_told_where_one_asked(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    for _ in range(5):
        superuser.open(f"/admin/accounts/{who.id}/send-reset")
        superuser.press("Send a reset mail")
    superuser.open(f"/admin/accounts/{who.id}/send-reset")

    page = superuser.press("Send a reset mail")

    assert page.status == 429
    assert "A mail was sent a moment ago." in page.text


def test_a_lost_app_is_removed(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    factories.app_of(who)
    page_of(superuser, who)
    superuser.click("Remove the second step")

    page = superuser.press("Remove the second step")

    assert "The second step is removed." in page.text
    assert "None is set up." in page.text


def test_locks_are_opened(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    lock(f"account:{who.id}")
    page_of(superuser, who)
    superuser.click("Open all locks")

    assert "Nothing is locked." in superuser.press("Open all locks").text


def test_a_session_is_ended(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    open_session(who)
    assert "Firefox on Ubuntu" in page_of(superuser, who).main

    page = superuser.press("End")

    assert "That session is ended." in page.text
    left = select(Session).where(Session.account_id == who.id)
    assert db.session().scalar(left) is None


def test_the_last_superuser_is_kept_and_told_why(superuser: Browser) -> None:
    [me] = db.session().scalars(select(Account).where(Account.name == "Sue Super"))
    superuser.open(f"/admin/accounts/{me.id}/suspend")

    page = superuser.press("Suspend")

    assert page.status == 409
    assert "The portal would be left without a superuser." in page.text
    assert fresh(me).suspended_at is None


def test_suspending_oneself_ends_at_the_sign_in(superuser: Browser) -> None:
    member(Role.SUPERUSER)
    [me] = db.session().scalars(select(Account).where(Account.name == "Sue Super"))
    superuser.open(f"/admin/accounts/{me.id}/suspend")

    assert superuser.press("Suspend").url.startswith("/sign-in")


def test_what_only_superusers_do_is_refused_in_words(chief: Browser, place: Organisation) -> None:
    both = member(Role.STUDENT, place)
    factories.membership(both)

    page = chief.open(f"/o/{place.id}/admin/accounts/{both.id}/suspend")

    assert page.status == 403
    assert "Only the portal's superusers can do this to this account. Ask them." in page.text


def test_a_proof_that_grew_old_is_asked_for_on_the_way(superuser: Browser, clock: Clock) -> None:
    who = member(Role.STUDENT)
    page_of(superuser, who)
    clock.advance(sessions.STEP_UP)

    asked = superuser.click("Suspend")
    page = superuser.press("Continue", password=PASSWORD)

    assert asked.heading == "Is it still you?"
    assert page.url == f"/admin/accounts/{who.id}/suspend"
    clock.advance(sessions.STEP_UP)
    assert superuser.press("Suspend").heading == "Is it still you?"
    assert fresh(who).suspended_at is None


@pytest.mark.parametrize("at", ["nonsense", "", "6f0c1f7e-3a5c-4a43-9a0b-3b2f0f6f7d11"])
def test_an_act_about_no_organisation_that_there_is(superuser: Browser, at: str) -> None:
    who = member(Role.STUDENT)
    page = superuser.open(f"/admin/accounts/{who.id}/send-reset-here")
    form = values_of(page.form("Send a reset mail"))

    sent = superuser.send(
        "POST", f"/admin/accounts/{who.id}/send-reset-here", data=form | {"at": at}
    )

    assert sent.status_code in {303, 400, 404}
    assert factories.mails("reset") == []


def test_history_tells_what_administrators_did(superuser: Browser) -> None:
    who = member(Role.STUDENT)
    superuser.open(f"/admin/accounts/{who.id}/suspend")

    page = superuser.press("Suspend")

    assert "The account was suspended" in page.main
    assert "by Sue Super" in page.main
