"""The directory's state, and trying it out."""

from flask import redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from app import config
from app.directory import reader
from app.directory.conversation import Trouble
from app.errors import DirectoryAway, Locked, TooManyTries
from app.operations import authority, directory_probe
from app.operations.directory_probe import Found
from app.operations.rights import Action
from app.pages import problems
from app.pages.admin.forms import DirectoryForm
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor

TRIED = "directory_tried"
TROUBLES = {
    Trouble.NO_CONNECTION: lazy_gettext("No connection: nothing listens there, or it was lost."),
    Trouble.TOO_SLOW: lazy_gettext("It took too long."),
    Trouble.TOO_MANY: lazy_gettext("It was not asked: too many people wait for it just now."),
    Trouble.CERTIFICATE: lazy_gettext(
        "Its certificate is not valid for this name, or signed by nobody whom the portal believes."
    ),
    Trouble.TLS: lazy_gettext("It does not speak TLS as the portal does."),
    Trouble.REFUSES_PORTAL: lazy_gettext("It refuses the portal's own name and password."),
    Trouble.NO_BASE: lazy_gettext(
        "It has nothing where people are looked for, or does not show it to the portal."
    ),
    Trouble.ODD_ANSWER: lazy_gettext("It answers, but not what was asked."),
}


@pages.get("/directory")
@granted(Action.SEE_DIRECTORY)
def directory() -> ResponseReturnValue:
    """Show how its servers are, and whom a look found just now."""
    tried = session.pop(TRIED, None) if reader.in_use() else None
    if tried is None:
        return _page(DirectoryForm(formdata=None))
    form = DirectoryForm(formdata=None, data={"identity": tried["identity"]})
    try:
        return _page(form, directory_probe.found(acting(), **tried))
    except DirectoryAway as refusal:
        form.identity.errors = [problems.sentence(refusal)]
        return problems.answer(_page(form), refusal)


@pages.post("/directory")
@granted(Action.SEE_DIRECTORY)
def try_directory() -> ResponseReturnValue:
    """Look somebody up, with or without a password; nobody is signed in."""
    form = DirectoryForm()
    authority.require_fresh(acting(), Action.SEE_DIRECTORY)
    if not form.validate() or not reader.in_use():
        return _page(form), 400
    identity, password = form.identity.data or "", form.password.data or ""
    try:
        right = directory_probe.probe(acting(), identity, password, visitor())
    except (Locked, TooManyTries, DirectoryAway) as refusal:
        form.identity.errors = [problems.sentence(refusal)]
        return problems.answer(_page(form), refusal)
    session[TRIED] = {"identity": identity, "right": right}
    return redirect(url_for(".directory"), 303)


def _page(form: DirectoryForm, found: Found | None = None) -> str:
    found_wrong = directory_probe.servers(acting()) if reader.in_use() else {}
    servers = {url: TROUBLES[why] if why else None for url, why in found_wrong.items()}
    settings = config.current().directory
    return render_template(
        "admin/directory.html", form=form, found=found, servers=servers, settings=settings
    )
