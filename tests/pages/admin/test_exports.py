"""Lists as files: each is what its filter shows, runs nothing, comes in pieces, is recorded."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.clock import now
from app.models import AuditEvent, Organisation
from app.operations import keyset, sessions, spreadsheet
from tests import factories
from tests.conftest import Clock
from tests.operations.test_account_list import counted
from tests.pages.browser import Browser, text_of, values_of

FORMULA = '=HYPERLINK("http://evil.example")'


@dataclass(frozen=True)
class List:
    """A list that is exported: where it stands, how it is filtered, and how it is filled.

    `fill` makes so many rows that the filter shows, and one that it does not, in their order.
    """

    url: str
    query: str
    event: str
    told: dict[str, object]
    fill: Callable[[Organisation, Clock, int], None]
    link: str = "Next page"


def organisations(_place: Organisation, _clock: Clock, count: int) -> None:
    for number in range(count):
        factories.organisation(f"Academy {number:02}")
    factories.organisation("Elsewhere")


def invitations(place: Organisation, clock: Clock, count: int) -> None:
    for number in range(count):
        factories.invitation(place, f"row{number:02}@example.org")
        clock.advance(timedelta(seconds=1))
    gone = factories.invitation(place, "gone@example.org")
    gone.withdrawn_at = now()
    factories.saved(gone)
    factories.invitation(factories.organisation(), "elsewhere@example.org")


def mail(_place: Organisation, clock: Clock, count: int) -> None:
    factories.forget_mails()
    for number in range(count):
        factories.mail(to=f"row{number:02}@example.org", state="failed")
        clock.advance(timedelta(seconds=1))
    factories.mail(to="row99@example.org")
    factories.mail(to="other@example.org", state="failed")


LISTS = {
    "organisations": List(
        "/admin/organisations",
        "q=acad",
        "organisations_exported",
        {"searched": 1},
        organisations,
        "More",
    ),
    "invitations": List(
        "/admin/organisations/{place}/invitations",
        "state=open",
        "invitations_exported",
        {"state": "open"},
        invitations,
    ),
    "mail": List(
        "/admin/mail",
        "state=failed&q=row",
        "mail_exported",
        {"state": "failed", "kind": None, "searched": 1},
        mail,
    ),
}


@pytest.fixture(params=LISTS)
def of(request: pytest.FixtureRequest) -> List:
    return LISTS[request.param]


def address(of: List, place: Organisation) -> str:
    return f"{of.url.format(place=place.id)}?{of.query}"


def export(browser: Browser, **fields: str) -> list[list[str]]:
    form = browser.shown.form("Export")
    filled = values_of(form) | fields
    sent = browser.send("POST", form.attrib["action"], data=filled)
    assert sent.status_code == 200, sent.text
    assert sent.mimetype == "text/csv"
    assert sent.headers["Content-Disposition"].startswith("attachment; filename=")
    assert sent.headers["Cache-Control"] == "no-store"
    return list(csv.reader(io.StringIO(sent.text.removeprefix("\ufeff"))))


def shown(browser: Browser) -> list[str]:
    """Return what each row of the page's list is called."""
    lists = [each for each in browser.shown.root.iter("ul") if each.get("class") == "rows"]
    return [text_of(next(row.iter("bdi"))) for each in lists for row in each.iter("li")]


def test_an_export_is_what_the_filter_shows_all_pages_of_it(
    superuser: Browser, place: Organisation, clock: Clock, of: List
) -> None:
    of.fill(place, clock, 30)

    superuser.open(address(of, place))
    exported = [row[0] for row in export(superuser)[1:]]
    pages = shown(superuser)
    superuser.click(of.link)
    pages += shown(superuser)

    assert len(pages) == 30
    assert exported == pages


def test_an_export_is_recorded_without_what_was_typed(
    superuser: Browser, place: Organisation, clock: Clock, of: List
) -> None:
    of.fill(place, clock, 1)
    superuser.open(address(of, place))

    export(superuser)

    event = db.session().scalars(select(AuditEvent).where(AuditEvent.what == of.event)).one()
    assert factories.told(event) == of.told
    assert event.by_account_id is not None
    assert event.organisation_id == (place.id if "{place}" in of.url else None)


def test_an_export_asks_for_a_proof_and_is_not_taken_without(
    superuser: Browser, place: Organisation, clock: Clock, of: List
) -> None:
    of.fill(place, clock, 1)
    form = superuser.open(address(of, place)).form("Export")
    clock.advance(sessions.STEP_UP)

    sent = superuser.send("POST", form.attrib["action"], data=values_of(form))

    assert sent.status_code == 303
    assert sent.headers["Location"].startswith("/confirm")
    assert not db.session().scalars(select(AuditEvent).where(AuditEvent.what == of.event)).all()


def test_an_export_takes_as_many_statements_for_each_batch_and_comes_in_pieces(
    superuser: Browser,
    place: Organisation,
    clock: Clock,
    of: List,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyset, "BATCH", 5)
    monkeypatch.setattr(spreadsheet, "ROWS_AT_ONCE", 5)
    of.fill(place, clock, 40)
    form = superuser.open(address(of, place)).form("Export")

    with superuser.app.app_context():
        streamed = superuser.client.open(
            form.attrib["action"],
            method="POST",
            data=values_of(form),
            base_url="http://localhost",
            environ_overrides=superuser.environ,
            buffered=False,
        )
        taken: list[int] = []
        pieces = iter(streamed.response)
        while True:
            with counted() as sent:
                piece = next(pieces, None)
            if piece is None:
                break
            taken.append(len(sent))
        streamed.close()

    assert len(taken) > 40 / 5
    assert max(taken[1:]) <= 3, "a batch is one statement, its counts, and what hangs on its rows"
    assert len({*taken[2:-1]}) == 1


@pytest.mark.parametrize("name", ["invitations", "mail"])
@pytest.mark.parametrize("fields", [{"delimiter": "|"}, {"state": "x"}])
def test_an_export_of_what_no_form_offers_is_refused(
    superuser: Browser, place: Organisation, clock: Clock, name: str, fields: dict[str, str]
) -> None:
    of = LISTS[name]
    of.fill(place, clock, 1)
    form = superuser.open(address(of, place)).form("Export")

    sent = superuser.send("POST", form.attrib["action"], data=values_of(form) | fields)

    assert sent.status_code == 400


def test_no_cell_is_a_formula(superuser: Browser, place: Organisation) -> None:
    factories.organisation(FORMULA)
    row = factories.invitation(place)
    row.name = FORMULA
    factories.saved(row)
    factories.mail(to="+1@example.org", state="failed", last_error=FORMULA)

    superuser.open("/admin/organisations")
    names = [each[0] for each in export(superuser)]
    superuser.open(f"/admin/organisations/{place.id}/invitations")
    invited = export(superuser)[1]
    superuser.open("/admin/mail")
    mails = export(superuser)[1]

    assert f"'{FORMULA}" in names
    assert invited[1] == f"'{FORMULA}"
    assert (mails[0], mails[9]) == ("'+1@example.org", f"'{FORMULA}")


def test_the_fields_are_these_and_no_others(superuser: Browser, place: Organisation) -> None:
    who = factories.account("ann@example.org", name="Ann Smith")
    factories.membership(who, place)
    factories.invitation(place, by=who)
    factories.mail("reset", who, state="failed", words={"link": "http://localhost/?ticket=s3cret"})

    headers = []
    for url in (
        "/admin/organisations",
        f"/admin/organisations/{place.id}/invitations",
        "/admin/mail",
    ):
        superuser.open(url)
        header, row, *_ = export(superuser)
        headers.append(header)
        assert "s3cret" not in str(row)

    assert headers == [
        ["Name", "Roles given", "Suspended since", "Added", "Identifier"],
        [
            "E-mail address",
            "Name",
            "Role",
            "State",
            "Invited by",
            "Times sent",
            "Last sent",
            "Good until",
            "Accepted",
            "Withdrawn",
            "Identifier",
        ],
        [
            "Address",
            "Kind",
            "State",
            "Queued",
            "Tries",
            "Next try",
            "Good until",
            "Sent",
            "Failed",
            "Reason",
            "Message-ID",
        ],
    ]


def test_an_account_administrator_exports_their_own_invitations(
    chief: Browser, place: Organisation
) -> None:
    factories.invitation(place, "ann@example.org")
    factories.invitation(factories.organisation(), "bob@example.org")
    chief.open(f"/o/{place.id}/admin/organisations/{place.id}/invitations")

    assert [row[0] for row in export(chief, delimiter="comma")[1:]] == ["ann@example.org"]
    event = (
        db.session()
        .scalars(select(AuditEvent).where(AuditEvent.what == "invitations_exported"))
        .one()
    )
    assert event.organisation_id == place.id
