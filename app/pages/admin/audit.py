"""The audit log: who did what to whom, from where; exported, and verified."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.mail import devices
from app.models import Account, Interface
from app.operations import audit_chain, audit_reading, audit_verifying, organisation_choice
from app.operations.audit_reading import Line
from app.operations.audit_verifying import Part
from app.operations.rights import Action
from app.pages import event_words
from app.pages.admin import audit_filters, audit_words, exports
from app.pages.admin.seat import acting, can, granted, pages
from app.pages.visitor import visitor

VERIFIED, CHECKPOINT = "audit_verified", "audit_checkpoint"
FAILED = {"sign_in_failed", "wrong_code", "confirmation_failed", "activation_failed"}


@dataclass(frozen=True)
class Shown:
    """One event as it is shown."""

    line: Line
    sentence: str
    facts: list[str]
    device: str
    interface: str
    failed: bool
    details: dict[str, str]


@pages.get("/audit")
@granted(Action.SEE_AUDIT)
def audit() -> ResponseReturnValue:
    """Show one page of what the filter finds, the newest first."""
    asked = audit_filters.read(request.args, acting())
    page = audit_reading.page(acting(), asked.wanted, asked.cursor)
    older = audit_filters.sealed(page.older, acting())
    return render_template(
        "admin/audit.html",
        asked=asked,
        events=[_shown(each) for each in page.lines],
        older=asked.query(after=older) if older else None,
        choices=_choices(),
    )


@pages.post("/audit/export")
@granted(Action.EXPORT_AUDIT)
def export_audit() -> ResponseReturnValue:
    """Send what the filter shows as a file, once it is recorded that it is taken."""
    asked = audit_filters.read(request.form, acting())
    lines = audit_reading.begin_export(acting(), asked.wanted, visitor())
    return exports.download("audit-log", _header(), _fields(lines))


@pages.get("/audit/verify")
@granted(Action.VERIFY_AUDIT)
def verification() -> ResponseReturnValue:
    """Show what verifying found just now, or last, and the buttons that do it."""
    found: dict[str, Any] | None = session.pop(VERIFIED, None)
    faults = [audit_words.sentence(*each) for each in found["faults"]] if found else []
    return render_template(
        "admin/audit_verify.html",
        found=found,
        faults=faults,
        checkpoint=session.pop(CHECKPOINT, None),
        last=audit_reading.last_verified(acting()),
        extent=audit_chain.extent(),
    )


@pages.post("/audit/verify")
@granted(Action.VERIFY_AUDIT)
def verify_audit() -> ResponseReturnValue:
    """Verify the log, or the next part of it."""
    since = request.form.get("since", "0")
    behind = int(since) if since.isascii() and since.isdigit() and len(since) <= 18 else 0  # noqa: PLR2004 (digits of a 64-bit number)
    session[VERIFIED] = _told(audit_verifying.verify(acting(), behind, visitor()))
    return redirect(url_for(".verification"), 303)


@pages.post("/audit/checkpoint")
@granted(Action.VERIFY_AUDIT)
def make_checkpoint() -> ResponseReturnValue:
    """Sign where the log ends now, to be kept elsewhere."""
    session[CHECKPOINT] = str(audit_verifying.checkpoint(acting()))
    return redirect(url_for(".verification"), 303)


def _told(part: Part) -> dict[str, Any]:
    """Return what a page tells of a part: small enough for a cookie."""
    return {
        "since": part.since,
        "until": part.until,
        "events": part.events,
        "checkpoints": part.checkpoints,
        "found": part.found,
        "whole": part.whole,
        "faults": [[each.kind.value, each.first, each.last] for each in part.faults],
    }


def _shown(line: Line) -> Shown:
    entry = line.entry
    agent = str(entry.details.get("user_agent") or "")
    return Shown(
        line,
        event_words.sentence(entry),
        event_words.facts(entry, line.organisation),
        devices.label(agent) if agent else "",
        _interface(entry.interface),
        entry.what in FAILED,
        {name: str(value) for name, value in sorted(entry.details.items()) if value is not None},
    )


def _interface(word: str) -> str:
    known = {each.value: words for each, words in devices.OPENED_BY.items()}
    return str(known.get(word, word))


def _choices() -> dict[str, list[tuple[str, Any]]]:
    """Return what each filter may be set to, as (value, text)."""
    events = [(word, str(said)) for word, said in event_words.SENTENCES.items()]
    places = organisation_choice.by_name() if can(Action.SEE_ORGANISATIONS) else []
    return {
        "what": sorted(events, key=lambda each: each[1].casefold()),
        "interface": [(each.value, devices.OPENED_BY[each]) for each in Interface],
        "organisation": [(str(place), name) for place, name in places],
        "delimiter": exports.delimiters(),
    }


def _header() -> list[str]:
    return [
        _("Number"),
        _("Time"),
        _("Event"),
        _("In words"),
        _("Whom"),
        _("Whose identifier"),
        _("By whom"),
        _("Their identifier"),
        _("Organisation"),
        _("Its identifier"),
        _("Through"),
        _("From"),
        _("Details"),
    ]


def _fields(lines: Iterable[Line]) -> Iterator[list[str]]:
    """Yield the fields of each row: those that are named here, and no others."""
    for line in lines:
        entry = line.entry
        yield [
            str(entry.position),
            entry.at.isoformat(timespec="microseconds"),
            entry.what,
            event_words.sentence(entry),
            _name(line.whom),
            str(entry.account_id or ""),
            _name(line.by),
            str(entry.by_account_id or ""),
            line.organisation or "",
            str(entry.organisation_id or ""),
            _interface(entry.interface),
            entry.address,
            json.dumps(entry.details, sort_keys=True, ensure_ascii=False),
        ]


def _name(account: Account | None) -> str:
    return (account.email or account.username or "") if account else ""
