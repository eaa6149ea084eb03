"""Setting up an authenticator app on the way in, where one is demanded and there is none."""

from flask import redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from app.operations import sign_in
from app.pages import signed_in, steps
from app.pages.forms import AppCodeForm
from app.pages.sign_in import pages
from app.security import qr

GROUP = 4  # letters that an eye can carry from one screen to another


@pages.get("/sign-in/set-up")
def set_up() -> ResponseReturnValue:
    """Show what the app has to know. Who comes by a mail's link signs in first."""
    if not steps.handle():
        return redirect(url_for("sign_in.password"), 303)
    return _page(AppCodeForm())


@pages.post("/sign-in/set-up")
def confirm_app() -> ResponseReturnValue:
    """Check the app's first code."""
    return steps.check(AppCodeForm(), _page)


def _page(form: AppCodeForm) -> str:
    wanted = steps.waiting(sign_in.Enrolment)
    says = _("QR code for the app to scan: it holds the secret that stands below")
    return render_template(
        "sign_in/set_up.html",
        form=form,
        organisation=wanted.organisation,
        qr_says=says,
        picture=Markup(qr.svg(wanted.uri, title=says)),  # noqa: S704 (drawn by us; segno escapes)
        secret=_in_groups(wanted.secret),
        choosing="verification" in session,
        moving=signed_in.current() is not None,
    )


def _in_groups(secret: str) -> str:
    return " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))
