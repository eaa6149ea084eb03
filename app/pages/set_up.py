"""Setting up an authenticator app on the way in, where one is demanded and there is none."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.operations import sign_in
from app.pages import secrets_shown, steps
from app.pages.answer_forms import AppCodeForm
from app.pages.sign_in import pages


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
    return render_template(
        "sign_in/set_up.html",
        form=form,
        organisation=wanted.organisation,
        **secrets_shown.by_app(wanted.uri, wanted.secret),
        **steps.beside(),
    )
