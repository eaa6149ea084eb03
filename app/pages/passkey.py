"""A passkey as the second step of a sign-in."""

from flask import render_template
from flask.typing import ResponseReturnValue

from app.operations import passkey_step, sign_in
from app.pages import passkey_options, steps
from app.pages.answer_forms import PasskeyForm
from app.pages.sign_in import pages


@pages.get("/sign-in/passkey")
def passkey() -> ResponseReturnValue:
    """Show the button that asks for it."""
    return _page(PasskeyForm(formdata=None))


@pages.post("/sign-in/passkey")
def check_passkey() -> ResponseReturnValue:
    """Check what the browser made of it."""
    return steps.check(PasskeyForm(), _page)


@pages.post("/sign-in/passkey/options")
def ask_for_passkey() -> ResponseReturnValue:
    """Tell the browser which passkeys may answer."""
    handle = steps.handle()
    return passkey_options.handed_out(lambda: passkey_step.options_at_second_step(handle))


def _page(form: PasskeyForm) -> str:
    wanted = steps.waiting(sign_in.PasskeyWanted)
    return render_template(
        "sign_in/passkey.html",
        form=form,
        organisation=wanted.organisation,
        **steps.beside(),
    )
