"""The accounts of the portal, or the members of an organisation: searched, listed, exported."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.models import Role
from app.operations import account_export, account_list, organisation_choice
from app.operations.account_list import Line, Sort, State
from app.operations.rights import Action
from app.pages import roles
from app.pages.admin import act_words, exports, filters, words
from app.pages.admin.seat import acting, can, granted, pages
from app.pages.visitor import visitor


@pages.get("/accounts")
@granted(Action.SEE_ACCOUNTS)
def accounts() -> ResponseReturnValue:
    """Show one page of what the filter finds."""
    who = acting()
    asked = filters.read(request.args, who)
    found = account_list.find(who, asked.wanted, asked.sort, asked.after)
    following = filters.cursor(who, asked.sort, found.next)
    return render_template(
        "admin/accounts.html",
        asked=asked,
        rows=[_shown(line) for line in found.lines],
        is_cut=found.cut,
        most=account_list.MOST_BEGINNINGS,
        following=asked.query(after=following) if following else None,
        choices=_choices(),
        acts=[act_words.WORDS[each] for each in act_words.BULK if can(each)],
    )


@pages.post("/accounts/export")
@granted(Action.EXPORT_ACCOUNTS)
def export_accounts() -> ResponseReturnValue:
    """Send what the filter shows as a file, once it is recorded that it is taken."""
    who = acting()
    asked = filters.read(request.form, who)
    lines = account_export.begin(who, asked.wanted, asked.sort, visitor())
    return exports.download("accounts", _header(), _fields(lines))


def _shown(line: Line) -> dict[str, Any]:
    state = words.state_of(line.account, line.locked_until)
    return {
        "account": line.account,
        "state": words.STATES[state],
        "tone": words.TONES[state],
        "roles": [words.role_at(each) for each in line.memberships],
        "memberships": line.memberships,
    }


def _choices() -> dict[str, list[tuple[str, Any]]]:
    """Return what each filter may be set to, as (value, text)."""
    here = acting().of_portal
    offered = [role for role in Role if here or role is not Role.SUPERUSER]
    places = organisation_choice.by_name() if here else []
    return {
        "organisation": [(str(place), name) for place, name in places],
        "role": [(role.slug, roles.NAMES[role]) for role in offered],
        "state": [(state.value, words.STATES[state]) for state in State],
        "sort": [("" if s is Sort.NAME else s.value, words.SORTS[s]) for s in Sort],
        "delimiter": exports.delimiters(),
    }


def _header() -> list[str]:
    return [
        _("E-mail address"),
        _("Username"),
        _("Name"),
        _("State"),
        _("Roles"),
        _("Added"),
        _("Activated"),
        _("Locked until"),
        _("Identifier"),
    ]


def _fields(lines: Iterable[Line]) -> Iterator[list[str]]:
    """Yield the fields of each row: those that are named here, and no others."""
    for line in lines:
        account, until = line.account, line.locked_until
        yield [
            account.email or "",
            account.username or "",
            account.name,
            str(words.STATES[words.state_of(account, until)]),
            "; ".join(words.role_at(each) for each in line.memberships),
            exports.moment(account.created_at),
            exports.moment(account.activated_at),
            exports.moment(until),
            str(account.id),
        ]
