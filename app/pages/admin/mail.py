"""The portal's mail: what waits, what was refused and why, what was sent; sending again."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app import config
from app.operations import mail_again, mail_list
from app.operations.mail_list import ORDER, Filter, State
from app.operations.rights import Action
from app.pages.admin import cursors, exports, filters
from app.pages.admin import mail_words as words
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor


@dataclass(frozen=True)
class Asked:
    """Which mail an address asks for."""

    wanted: Filter

    def query(self, **changes: str | None) -> dict[str, str]:
        """Return what belongs into the address of the same list, first page, with changes."""
        wanted = self.wanted
        state = wanted.state.value if wanted.state else ""
        values = {"q": wanted.text, "state": state, "kind": wanted.kind, **changes}
        return {name: value for name, value in values.items() if value}


@pages.get("/mail")
@granted(Action.SEE_MAIL)
def mail() -> ResponseReturnValue:
    """Show one page of what the filter finds, how much there is of each, and whether it goes."""
    who, asked = acting(), _read(request.args)
    after = cursors.read(request.args.get("after"), ORDER, "mail")
    found = mail_list.find(who, asked.wanted, after)
    obstacles = mail_again.obstacles(found.rows)
    following = cursors.written(found.next, "mail")
    return render_template(
        "admin/mail.html",
        asked=asked,
        rows=[words.Line.of(each, obstacles.get(each.id)) for each in found.rows],
        counts=[(state, words.STATES[state], n) for state, n in mail_list.counts(who).items()],
        choices=_choices(),
        late_since=mail_list.late_since(who),
        has_server=config.current().smtp_url is not None,
        is_first=after is None,
        following=asked.query(after=following) if following else None,
    )


@pages.post("/mail/export")
@granted(Action.EXPORT_MAIL)
def export_mail() -> ResponseReturnValue:
    """Send what the filter shows as a file, once it is recorded that it is taken."""
    found = mail_list.begin_export(acting(), _read(request.form).wanted, visitor())
    return exports.download("mail", words.header(), words.fields(found))


@pages.post("/mail/<uuid:mail_id>/again")
@granted(Action.SEND_MAIL_AGAIN)
def send_mail_again(mail_id: uuid.UUID) -> Response:
    """Let a refused mail wait once more, or say what keeps it from that."""
    asked = _read(request.form)
    obstacle = mail_again.send_again(acting(), mail_id, visitor())
    if obstacle is None:
        flash(_("The mail is on its way again."), "success")
    else:
        flash(str(words.OBSTACLES[obstacle]), "warning")
    query: dict[str, Any] = asked.query()
    return redirect(url_for(".mail", **query), 303)


def _read(values: MultiDict[str, str]) -> Asked:
    state, kind = filters.one(values, "state", State), filters.one(values, "kind", _kind)
    return Asked(Filter(filters.text(values.get("q", "")), state, kind))


def _kind(name: str) -> str:
    if name not in words.KINDS:
        raise ValueError(name)
    return name


def _choices() -> dict[str, list[tuple[str, Any]]]:
    """Return what each filter may be set to, as (value, text)."""
    kinds = [(name, str(text)) for name, text in words.KINDS.items()]
    return {
        "state": [(state.value, words.STATES[state]) for state in State],
        "kind": sorted(kinds, key=lambda each: each[1]),
        "delimiter": exports.delimiters(),
    }
