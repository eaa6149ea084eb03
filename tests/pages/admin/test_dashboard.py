"""The overview: numbers, a table behind each chart, and nobody else's numbers."""

import base64
import hashlib
import re
import uuid
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import db
from app.clock import now
from app.models import AuditEvent, DailyFactors, Organisation, RequestCount, Role
from app.operations import audit, counting, request_counts
from app.operations.dashboard_charts import Span
from app.operations.dashboard_topics import AT_ONE, IN_ALL, Topic
from app.pages.admin import chart_words, drawing
from tests import factories
from tests.factories import VISITOR
from tests.operations.test_account_list import counted
from tests.pages.admin.conftest import member
from tests.pages.browser import Browser, Page, text_of

SVG = "{http://www.w3.org/2000/svg}"


def happen(what: str, times: int = 1, at: Organisation | None = None, **told: Any) -> None:
    with db.transaction():
        for _ in range(times):
            audit.record(what, VISITOR, organisation_id=at.id if at else None, **told)


def section(page: Page, topic: str) -> str:
    [found] = [each for each in page.root.iter("section") if each.get("aria-labelledby") == topic]
    return text_of(found)


def picture(browser: Browser, url: str) -> TestResponse:
    sent = browser.send("GET", url)
    assert sent.status_code == 200, url
    return sent


def images(page: Page) -> list[str]:
    sources = [each.attrib["src"] for each in page.root.iter("img")]
    return [each for each in sources if "/charts/" in each]


def rows(page: Page, title: str) -> list[list[str]]:
    """Return the cells of the table behind a chart, its head first, the newest day next."""
    [table] = [each for each in page.root.iter("table") if text_of(each).startswith(title)]
    return [[text_of(cell) for cell in row if cell.tag in {"th", "td"}] for row in table.iter("tr")]


def test_numbers_stand_in_headlines_charts_and_tables(superuser: Browser) -> None:
    happen("sign_in_failed", 7, reason="wrong_password")
    happen("account_locked", 2)

    page = superuser.open("/admin/")

    assert page.heading == "Overview"
    assert "Failed sign-ins 7 in 7 days, none in those before 7 today" in page.text
    failures = section(page, "chart-failures")
    assert "7 in all; the most, 7, on" in failures
    head, newest, before, *_ = rows(page, "Failed sign-ins")
    assert head[:3] == ["Day (UTC)", "Wrong password", "No such account"]
    assert newest[1:] == ["7", "0", "0", "0", "7"]
    assert before[1:] == ["0"] * 5
    assert "Days begin at midnight in UTC." in page.text


def test_a_table_names_its_rows_and_columns(superuser: Browser) -> None:
    happen("account_locked", 2)
    page = superuser.open("/admin/?days=7")
    [table] = [t for t in page.root.iter("table") if text_of(t).startswith("Locks")]

    assert [each.get("scope") for each in table.iter("th")] == ["col"] * 4 + ["row"] * 7
    assert len(list(table.iter("caption"))) == 1


@pytest.mark.parametrize("span", Span)
def test_each_span_shows_its_bars(span: Span, superuser: Browser) -> None:
    happen("registered", 3)
    page = superuser.open(f"/admin/?days={span.value}")

    assert text_of(next(e for e in page.root.iter("a") if e.get("aria-current") == "true")) == str(
        chart_words.SPANS[span]
    )
    [table] = [t for t in page.root.iter("table") if text_of(t).startswith("New accounts")]
    assert len(list(table.iter("tr"))) == span.bars + 1
    assert all(f"days={span.value}" in each for each in images(page))


@pytest.mark.parametrize("query", ["days=8", "days=x", "days=-7", "organisation=x"])
def test_what_no_page_offers_is_a_bad_request(query: str, superuser: Browser) -> None:
    assert superuser.open(f"/admin/?{query}").status == 400
    assert superuser.send("GET", f"/admin/charts/locks.svg?{query}").status_code == 400


def test_a_chart_is_a_picture_that_needs_nothing_else(superuser: Browser) -> None:
    happen("signed_in", 5, factor="code")
    page = superuser.open("/admin/")
    for url in images(page):
        sent = picture(superuser, url)
        root = ElementTree.fromstring(sent.text)  # noqa: S314 (our own)
        [style] = root.iter(f"{SVG}style")
        digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
        policy = sent.headers["Content-Security-Policy"].split("; ")

        assert sent.mimetype == "image/svg+xml"
        assert policy[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
        assert "sandbox" in policy
        assert sent.headers["Cache-Control"] == "no-store"
        assert "prefers-color-scheme: dark" in (style.text or "")
        assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
            "svg",
            "title",
            "style",
            "line",
            "rect",
            "text",
        }
        assert not re.search(r"script|href|url\(|@import|style=| on[a-z]+=", sent.text)


def test_bars_are_as_high_as_their_numbers(superuser: Browser) -> None:
    happen("signed_in", 6, factor="code")
    happen("signed_in", 1, factor="pin")  # with the superuser's own, without a second step: 8
    sent = picture(superuser, "/admin/charts/sign-ins.svg?days=7")
    rects = ElementTree.fromstring(sent.text).iter(f"{SVG}rect")  # noqa: S314 (our own)

    heights = [(each.attrib["class"], float(each.attrib["height"])) for each in rects]

    whole = drawing.BOTTOM - drawing.TOP
    assert heights == [("s0", round(whole * 7 / 8, 1)), ("s1", round(whole / 8, 1))]


@pytest.mark.parametrize(
    ("highest", "top"),
    [
        (0, 2),
        (1, 2),
        (3, 4),
        (9, 10),
        (16, 16),
        (17, 20),
        (135, 140),
        (161, 200),
        (1_000_001, 1_200_000),
    ],
)
def test_an_axis_ends_at_a_round_number_with_a_half(highest: int, top: int) -> None:
    assert drawing.top_of(highest) == top


def test_shares_fill_the_height_and_days_without_a_look_stay_empty(superuser: Browser) -> None:
    today = now().date()
    for ago in (0, 2):
        counts = {"passkey": 1, "app": 1, "pin": 0, "none": 2}
        factories.saved(DailyFactors(day=today - timedelta(days=ago), **counts))
    page = superuser.open("/admin/?days=7")
    sent = picture(superuser, "/admin/charts/factors.svg?days=7")
    rects = list(ElementTree.fromstring(sent.text).iter(f"{SVG}rect"))  # noqa: S314 (our own)

    assert "Of 4 active accounts, 50% have one of their own." in section(page, "chart-factors")
    assert section(page, "chart-factors").count("Nobody looked") == 5
    assert sum(float(each.attrib["height"]) for each in rects) == 2 * (drawing.BOTTOM - drawing.TOP)


def test_a_picture_is_told_in_words(superuser: Browser) -> None:
    happen("account_locked", 2)
    page = superuser.open("/admin/")

    told = [each.attrib["alt"] for each in page.root.iter("img") if "locks" in each.attrib["src"]]

    assert told[0].startswith("Locks, as bars. 2 in all; the most, 2, on ")


def test_an_empty_chart_is_a_sentence(superuser: Browser) -> None:
    page = superuser.open("/admin/")

    assert "Nothing in this time." in section(page, "chart-locks")
    assert not [each for each in images(page) if "locks" in each]
    assert picture(superuser, "/admin/charts/locks.svg")


def test_an_account_administrator_sees_their_organisation_s_numbers_alone(
    chief: Browser, place: Organisation
) -> None:
    other = factories.organisation("Elsewhere")
    happen("wrong_code", 3, place, factor="code")
    happen("wrong_code", 70, other, factor="code")
    happen("sign_in_failed", 900, None, reason="wrong_password")
    base = f"/o/{place.id}/admin"
    plain = picture(chief, f"{base}/charts/failures.svg").text

    for named in ("", str(other.id), str(uuid.uuid4()), "x"):
        asked = f"?organisation={named}"
        page = chief.open(f"{base}/{asked}")
        assert "Failed sign-ins 3 in 7 days" in page.text
        assert "Elsewhere" not in page.text
        assert str(other.id) not in page.main
        assert picture(chief, f"{base}/charts/failures.svg{asked}").text == plain


def test_how_the_portal_is_doing_is_for_superusers_alone(
    chief: Browser, superuser: Browser, place: Organisation
) -> None:
    whole, own = superuser.open("/admin/").text, chief.open(f"/o/{place.id}/admin/").text

    for told in ("How the portal is doing", "What runs here", "Waiting to be sent", "SQLite 3."):
        assert told in whole
        assert told not in own


def test_a_superuser_looks_at_one_organisation(superuser: Browser) -> None:
    place = factories.organisation("Xylo <School>")
    happen("membership_locked", 4, place)
    happen("membership_locked", 5)
    superuser.open("/admin/")

    page = superuser.ask("Show", organisation=str(place.id))

    assert "What happened at Xylo <School>" in page.text
    assert "Locks 4 in 7 days" in page.text
    assert "How the portal is doing" not in page.text
    assert images(page)
    assert all(f"organisation={place.id}" in each for each in images(page))
    assert superuser.open(f"/admin/?organisation={uuid.uuid4()}").status == 404
    nowhere = f"/admin/charts/locks.svg?organisation={uuid.uuid4()}"
    assert superuser.send("GET", nowhere).status_code == 404


def test_a_chart_that_nobody_draws_is_not_there(superuser: Browser) -> None:
    assert superuser.send("GET", "/admin/charts/secrets.svg").status_code == 404


def test_a_fresh_portal_says_how_to_begin(superuser: Browser) -> None:
    page = superuser.open("/admin/")
    assert "First steps" in page.text

    superuser.click("Add an organisation")
    assert superuser.shown.url == "/admin/organisations"
    factories.organisation()

    assert "First steps" not in superuser.open("/admin/").text


def test_a_fresh_organisation_says_whom_to_invite(chief: Browser, place: Organisation) -> None:
    chief.open(f"/o/{place.id}/admin/")
    chief.click("Invite somebody")
    assert chief.shown.url == f"/o/{place.id}/admin/organisations/{place.id}/invitations/new"

    member(Role.STUDENT, place)

    assert "First steps" not in chief.open(f"/o/{place.id}/admin/").text


def test_the_places_are_still_there(superuser: Browser) -> None:
    page = superuser.open("/admin/")

    assert page.link("People") == "/admin/accounts"
    assert "Who is here: search, look closely, help whoever cannot get in, export." in page.text


def test_reading_writes_nothing_and_costs_the_same(superuser: Browser) -> None:
    superuser.open("/admin/")
    with counted() as few:
        superuser.send("GET", "/admin/")
    happen("signed_in", 300, factor="none")
    for _ in range(40):
        member(Role.STUDENT, factories.organisation())
    counting.catch_up()
    events = db.session().scalar(select(func.count()).select_from(AuditEvent))

    with counted() as many:
        superuser.send("GET", "/admin/")

    assert len(many) == len(few)
    assert db.session().scalar(select(func.count()).select_from(AuditEvent)) == events


def test_every_series_and_topic_has_words() -> None:
    for sortings in (IN_ALL, AT_ONE):
        for topic, sorting in sortings.items():
            assert set(sorting.values()) <= chart_words.SERIES[topic].keys()
    for table in (
        chart_words.TITLES,
        chart_words.TITLES_AT_ONE,
        chart_words.ABOUT,
        chart_words.ABOUT_AT_ONE,
    ):
        assert set(table) == set(Topic)


def test_requests_are_counted_by_route_and_nothing_that_was_sent(guest: Browser) -> None:
    request_counts.forget()
    guest.open("/sign-in?next=/home")
    guest.send("HEAD", "/sign-in")
    guest.send("GET", "/no/such/secret-thing")
    guest.send("GET", "/static/doorward.css").close()
    guest.send("POST", "/sign-in", data={"identity": "ann"})
    request_counts.flush()

    found = {each.what: each.requests for each in db.session().scalars(select(RequestCount))}

    assert found == {"GET /sign-in": 2, "no such address": 1, "POST /sign-in": 1}


def test_an_answer_that_failed_is_counted_as_that(
    guest: Browser, monkeypatch: pytest.MonkeyPatch, portal: Flask
) -> None:
    request_counts.forget()
    monkeypatch.setitem(portal.view_functions, "sign_in.password", fail)
    monkeypatch.setattr(portal, "testing", False)

    assert guest.send("GET", "/sign-in").status_code == 500
    request_counts.flush()

    [row] = db.session().scalars(select(RequestCount))
    assert (row.what, row.requests, row.failed) == ("GET /sign-in", 1, 1)


def fail() -> str:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("week", "before", "told"),
    [
        (0, 0, "as many as in those before"),
        (5, 0, "none in those before"),
        (5, 19, "19 in those before"),
        (30, 20, "50% more than in those before"),
        (1_000, 4_000, "75% fewer than in those before"),
    ],
)
def test_a_change_is_told_in_words(week: int, before: int, told: str, portal: Flask) -> None:
    with portal.test_request_context():
        assert chart_words.change(week, before) == told
