"""The second step in another way: a recovery code, or another factor that one has."""

from flask import abort, flash, render_template, url_for
from flask.typing import ResponseReturnValue

from app.errors import ResendTooSoon
from app.models import Factor
from app.operations import sign_in
from app.pages import problems, steps
from app.pages.answer_forms import FactorForm, RecoveryForm
from app.pages.sign_in import pages
from app.pages.visitor import visitor

CHOOSABLE = (Factor.CODE, Factor.PASSKEY, Factor.PIN)


@pages.get("/sign-in/recovery")
def recovery() -> ResponseReturnValue:
    """Ask for one of the codes on paper."""
    return _page(RecoveryForm())


@pages.post("/sign-in/recovery")
def check_recovery() -> ResponseReturnValue:
    """Check it; it is used up with that."""
    return steps.check(RecoveryForm(), _page)


@pages.get("/sign-in/other")
def other() -> ResponseReturnValue:
    """Lead a reload back to the step that waits."""
    return steps.page_of(sign_in.peek(steps.handle()))


@pages.post("/sign-in/other")
def choose_other() -> ResponseReturnValue:
    """Ask for another factor instead."""
    form = FactorForm()
    chosen = next((each for each in CHOOSABLE if each.value == form.factor.data), None)
    if not form.validate() or chosen is None:
        abort(400)
    try:
        return steps.page_of(sign_in.choose(steps.handle(), chosen, visitor()))
    except ResendTooSoon as refusal:
        flash(problems.sentence(refusal), "warning")
        return steps.page_of(sign_in.peek(steps.handle()))


def _page(form: RecoveryForm) -> str:
    step, beside = sign_in.peek(steps.handle()), steps.beside()
    if not beside["other"].recovery_codes:
        abort(steps.page_of(step))
    return render_template(
        "sign_in/recovery.html",
        form=form,
        organisation=step.organisation,
        back=url_for(steps.PAGES[type(step)]),
        **beside,
    )
