"""Inviting people from administrators' seats: one, a list, again, and no more."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.clock import now
from app.models import Account, Invitation, Organisation, Role
from app.operations import invitation_list, invitations
from app.pages.admin import invitation_words
from tests import factories
from tests.conftest import Clock
from tests.pages.admin.conftest import member
from tests.pages.browser import Browser, Page, text_of, values_of

HOST = "http://localhost"
ANN = "ann@example.org"


def of(place: Organisation, more: str = "") -> str:
    return f"/o/{place.id}/admin/organisations/{place.id}/invitations{more}"


def rows() -> list[Invitation]:
    db.session().rollback()
    return list(db.session().scalars(select(Invitation).order_by(Invitation.email_key)))


def addresses(page: Page) -> list[str]:
    found = [text_of(each) for each in page.root.iter("bdi")]
    return [each for each in found if each.endswith("@example.org")]


def told(browser: Browser) -> list[str]:
    """Return the lines of the page's list, each with its verdict."""
    lists = [each for each in browser.shown.root.iter() if each.get("class") == "rows"]
    return [text_of(row) for each in lists for row in each.iter("li")]


def test_an_account_admin_invites_somebody(chief: Browser, place: Organisation) -> None:
    chief.open(f"/o/{place.id}/admin/organisations/{place.id}")
    empty = chief.click("Invitations")
    chief.click("Invite somebody")
    page = chief.press("Send the invitation", email=ANN, name="Ann Smith", role="teacher")

    assert "Nobody is invited yet" in empty.main
    assert page.url == of(place)
    assert "The invitation is on its way." in page.text
    assert "Ann Smith ann@example.org" in page.main
    assert "Teacher · by Alex Admin" in page.main
    assert "Open" in page.main
    assert factories.latest_words("invitation")["role"] == "Teacher"


def test_the_people_s_list_leads_there_too(
    chief: Browser, superuser: Browser, place: Organisation
) -> None:
    chief.open(f"/o/{place.id}/admin/accounts")
    assert chief.click("Invitations").url == of(place)

    everybody = superuser.open("/admin/accounts")
    of_one = superuser.open(f"/admin/accounts?organisation={place.id}")

    assert "Invitations" not in everybody.main
    assert of_one.link("Invitations") == f"/admin/organisations/{place.id}/invitations"


def test_roles_are_offered_up_to_ones_own_and_students_first(
    chief: Browser, place: Organisation
) -> None:
    form = chief.open(of(place, "/new")).form("Send the invitation")

    offered = [text_of(each) for each in form.iter("option")]
    assert offered == ["Student", "Teacher", "Account administrator"]


@pytest.mark.parametrize("path", ["/new", "/list"])
@pytest.mark.parametrize("forged", ["superuser", "headmaster", ""])
def test_a_forged_role_is_refused(
    chief: Browser, place: Organisation, path: str, forged: str
) -> None:
    page = chief.open(of(place, path))
    button = "Send the invitation"
    token = values_of(page.form(button))["csrf_token"]
    data = {"csrf_token": token, "email": ANN, "people": ANN, "role": forged}

    sent = chief.send("POST", of(place, path), data=data, headers={"Origin": HOST})

    assert sent.status_code == 400
    assert rows() == []


@pytest.mark.parametrize("where", ["another", "nowhere"])
def test_a_forged_organisation_is_not_there(
    chief: Browser, place: Organisation, where: str
) -> None:
    other = factories.organisation("Other")
    theirs = factories.invitation(other)
    target = other.id if where == "another" else uuid.uuid4()
    base = f"/o/{place.id}/admin/organisations/{target}/invitations"
    token = values_of(chief.open(of(place, "/new")).form("Send the invitation"))["csrf_token"]
    data = {"csrf_token": token, "email": ANN, "people": ANN, "role": "student"}

    for path in ("", "/new", "/list", f"/{theirs.id}/withdraw"):
        assert chief.send("GET", base + path).status_code == 404
    for path in ("/new", "/list", f"/{theirs.id}/again", f"/{theirs.id}/withdraw"):
        sent = chief.send("POST", base + path, data=data, headers={"Origin": HOST})
        assert sent.status_code == 404
    for path in (f"/{theirs.id}/again", f"/{theirs.id}/withdraw"):  # theirs, by way of ours
        sent = chief.send("POST", of(place, path), data=data, headers={"Origin": HOST})
        assert sent.status_code == 404
    assert [(each.id, each.withdrawn_at, each.sends) for each in rows()] == [(theirs.id, None, 1)]
    assert factories.mails() == []


def test_what_cannot_be_is_told_beside_the_address(chief: Browser, place: Organisation) -> None:
    factories.membership(factories.account("mia@example.org"), place)
    chief.open(of(place, "/new"))

    for address, sentence in (
        ("mia@example.org", "Has this role here already."),
        ("nowhere", "This is not an e-mail address"),
        ("", "Enter an e-mail address."),
    ):
        page = chief.press("Send the invitation", email=address)
        assert page.status == 400
        assert sentence in page.main
    chief.press("Send the invitation", email=ANN)
    chief.open(of(place, "/new"))
    assert "Is invited already." in chief.press("Send the invitation", email=ANN).main


def test_whoever_has_an_account_elsewhere_is_answered_like_anybody(
    chief: Browser,
    place: Organisation,
    clock: Clock,
) -> None:
    factories.membership(factories.account(ANN), factories.organisation("Elsewhere"))
    pages = []
    for address in (ANN, "bob@example.org"):
        chief.open(of(place, "/new"))
        pages.append(chief.press("Send the invitation", email=address))
        clock.advance(timedelta(milliseconds=1))

    assert [page.status for page in pages] == [200, 200]
    newest, older = told(chief)
    assert older.replace("ann@", "bob@") == newest


def test_typing_much_comes_after_the_proof(
    chief: Browser, place: Organisation, clock: Clock
) -> None:
    clock.advance(timedelta(minutes=11))

    for path in ("/new", "/list"):
        assert chief.open(of(place, path)).url.startswith("/confirm")


# A list


def test_a_list_is_invited_in_one_go(chief: Browser, place: Organisation) -> None:
    chief.open(of(place))
    chief.click("Invite a list")
    page = chief.press(
        "Send the invitations", people=f"Ann <{ANN}>\r\nbob@example.org, Bob\r\n", role="teacher"
    )

    assert page.url == of(place)
    assert "2 invitations are on their way." in page.text
    assert [(each.email, each.name, each.role) for each in rows()] == [
        (ANN, "Ann", Role.TEACHER),
        ("bob@example.org", "Bob", Role.TEACHER),
    ]


def test_each_line_is_told_and_what_can_be_put_right_is_left(
    chief: Browser, place: Organisation
) -> None:
    factories.membership(factories.account("mia@example.org"), place)
    chief.open(of(place, "/list"))
    people = f"Ann <{ANN}>\nmia@example.org\nBob <bob@>\n<b>@example.org\n{ANN}"

    page = chief.press("Send the invitations", people=people)

    assert page.status == 400
    assert "1 invitation is on its way." in page.main
    assert told(chief) == [
        f"Ann {ANN} Invited.",
        "mia@example.org Has this role here already.",
        "Bob bob@ This is not an e-mail address that mail can be sent to.",
        "<b>@example.org This is not an e-mail address that mail can be sent to.",
        f"{ANN} Is invited already. Send the invitation again, if the mail is lost.",
    ]
    [left] = page.root.iter("textarea")
    assert (left.text or "").split("\n")[-2:] == ["Bob <bob@>", "<b>@example.org"]

    again = chief.press("Send the invitations", people="Bob <bob@example.org>")

    assert again.url == of(place)
    assert len(rows()) == 2


def test_an_empty_list_is_no_list(chief: Browser, place: Organisation) -> None:
    chief.open(of(place, "/list"))

    page = chief.press("Send the invitations", people=" \n ")

    assert page.status == 400
    assert "Enter at least one address." in page.main


def test_five_hundred_long_lines_fit_and_much_more_does_not(
    chief: Browser, place: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_LINES", 2)
    chief.open(of(place, "/list"))
    line = f"{'ä' * 100} <{{}}{'a' * 50}@{'b' * 60}.example.org>"

    page = chief.press("Send the invitations", people="\n".join(line.format(n) for n in range(500)))

    assert page.status == 400
    assert len(rows()) == 2
    assert page.main.count("The list was too long for one go.") == 498
    much = chief.press("Send the invitations", people="x" * 600_000)
    assert much.status == 413


def test_control_characters_come_back_as_nothing(chief: Browser, place: Organisation) -> None:
    chief.open(of(place, "/list"))

    page = chief.press("Send the invitations", people="nul\0\x1b[1m here\nbob@example.org")

    assert page.status == 400
    assert "nul[1m here" in page.main


# Again, and no more


def test_it_is_sent_again_by_one_button(chief: Browser, place: Organisation) -> None:
    factories.invitation(place, ANN)
    before = chief.open(of(place))
    assert "by somebody whose account is gone" in before.main
    assert "It opens nothing now" in before.main

    page = chief.press("Send again")

    assert "The earlier link no longer works." in page.text
    assert "sent 2 times" in page.main
    assert "It opens nothing now" not in page.main
    assert len(factories.mails("invitation")) == 1


def test_too_much_mail_is_told_above_the_list(chief: Browser, place: Organisation) -> None:
    factories.invitation(place, ANN)
    chief.open(of(place))
    for _ in range(3):
        chief.press("Send again")

    page = chief.press("Send again")

    assert page.url == of(place)
    assert "Another can be sent in 1 hour" in page.text


def test_withdrawing_asks_once(chief: Browser, place: Organisation) -> None:
    factories.invitation(place, ANN)
    chief.open(of(place))

    asked = chief.click("Withdraw")
    assert asked.heading == "Withdraw the invitation?"
    assert ANN in asked.main
    assert rows()[0].withdrawn_at is None
    page = chief.press("Withdraw it")

    assert "its link opens nothing any more" in page.text
    assert "Withdrawn" in page.main
    assert rows()[0].withdrawn_at is not None
    assert not [form for form in page.root.iter("form") if "again" in form.attrib["action"]]


def test_what_was_settled_meanwhile_is_told(chief: Browser, place: Organisation) -> None:
    row = factories.invitation(place, ANN)
    chief.open(of(place, f"/{row.id}/withdraw"))
    row.accepted_at = now()
    factories.saved(row)

    page = chief.press("Withdraw it")

    assert page.url == of(place)
    assert "That is used up or too old." in page.text


def test_a_filter_shows_one_state_and_pages_stay_in_it(
    chief: Browser, place: Organisation, clock: Clock
) -> None:
    for number in range(27):
        factories.invitation(place, f"open{number:02}@example.org")
        clock.advance(timedelta(seconds=1))
    gone = factories.invitation(place, "gone@example.org")
    gone.withdrawn_at = now()
    factories.saved(gone)

    chief.open(of(place))
    first = chief.ask("Show", state="open")
    second = chief.click("Next page")
    withdrawn = chief.open(of(place, "?state=withdrawn"))

    assert len(addresses(first)) == 25
    assert addresses(first)[0] == "open26@example.org"
    assert addresses(second) == ["open01@example.org", "open00@example.org"]
    assert addresses(withdrawn) == ["gone@example.org"]
    assert chief.open(of(place, "?state=lost")).status == 400
    assert chief.open(of(place, "?after=forged")).status == 400
    assert "None is in this state" in chief.open(of(place, "?state=accepted")).main


def test_a_cursor_of_one_organisation_is_none_of_another(
    superuser: Browser, place: Organisation, clock: Clock
) -> None:
    other = factories.organisation()
    for number in range(26):
        factories.invitation(place, f"open{number:02}@example.org")
        clock.advance(timedelta(seconds=1))
    superuser.open(f"/admin/organisations/{place.id}/invitations")
    following = superuser.shown.link("Next page")

    theirs = following.replace(str(place.id), str(other.id))

    assert superuser.open(following).status == 200
    assert superuser.open(theirs).status == 400


def test_a_suspended_organisation_says_so_and_invites_nobody(
    superuser: Browser, place: Organisation
) -> None:
    base = f"/admin/organisations/{place.id}/invitations"
    superuser.open(f"{base}/new")
    place.suspended_at = now()
    factories.saved(place)

    page = superuser.press("Send the invitation", email=ANN)

    assert page.status == 403
    assert "This organisation is suspended." in page.main
    assert "no invitation opens anything" in superuser.open(base).main
    assert rows() == []


def test_what_strangers_are_called_is_never_markup(chief: Browser, place: Organisation) -> None:
    row = factories.invitation(place, ANN)
    row.name = '<script>alert("x")</script>'
    factories.saved(row)

    page = chief.open(of(place))

    assert row.name in page.main
    assert "<script>alert" not in page.response.text


def test_every_verdict_and_every_state_has_words() -> None:
    assert set(invitation_words.VERDICTS) == set(invitations.Verdict)
    assert set(invitation_words.VERDICT_TONES) == set(invitations.Verdict)
    assert set(invitation_words.STATES) == set(invitation_list.State)
    assert set(invitation_words.TONES) == set(invitation_list.State)


def test_an_account_admin_demoted_meanwhile_is_told_of_by_the_list(
    superuser: Browser, place: Organisation
) -> None:
    boss = member(Role.ACCOUNT_ADMIN, place)
    factories.invitation(place, ANN, by=boss)
    base = f"/admin/organisations/{place.id}/invitations"
    assert "It opens nothing now" not in superuser.open(base).main

    db.session().get_one(Account, boss.id).suspended_at = now()
    db.session().commit()

    assert "It opens nothing now" in superuser.open(base).main
