"""The code that an authenticator app shows."""

from flask import render_template
from flask.typing import ResponseReturnValue

from app.operations import sign_in
from app.pages import steps
from app.pages.answer_forms import AppCodeForm
from app.pages.sign_in import pages


@pages.get("/sign-in/code")
def code() -> ResponseReturnValue:
    """Ask for the six digits."""
    return _page(AppCodeForm())


@pages.post("/sign-in/code")
def check_code() -> ResponseReturnValue:
    """Check the digits."""
    return steps.check(AppCodeForm(), _page)


def _page(form: AppCodeForm) -> str:
    wanted = steps.waiting(sign_in.CodeWanted)
    return render_template(
        "sign_in/code.html",
        form=form,
        organisation=wanted.organisation,
        **steps.beside(),
    )
