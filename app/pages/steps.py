"""From one step of the sign-in to the next, for every page that takes part in it.

Flask's signed cookie carries what this browser is in the middle of: `verification` (the proven
password's secret), `handle` (the chosen way in), `keep`, `next`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import abort, flash, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.errors import Refusal, TicketRefused
from app.models import Factor, Session
from app.operations import recovery_codes, sessions, sign_in
from app.pages import cookies, next_url, problems, signed_in
from app.pages.answer_forms import AnswerForm
from app.pages.visitor import visitor

UNDER_WAY = ("verification", "handle", "keep", "confirm_by_mail")
PAGES: dict[type[Any], str] = {
    sign_in.PinWanted: "sign_in.pin",
    sign_in.CodeWanted: "sign_in.code",
    sign_in.PasskeyWanted: "sign_in.passkey",
    sign_in.Enrolment: "sign_in.set_up",
}

W = TypeVar("W", bound=sign_in.Waiting)
F = TypeVar("F", bound=AnswerForm)


def go_on(handle: str) -> Response:
    """Go on with the chosen way in: to what it asks for, or in."""
    before = signed_in.current()
    return _lead_to(sign_in.proceed(handle, visitor()), before)


def handle() -> str:
    """Return the handle of the way in that this browser chose, or "" where it chose none."""
    chosen: str = session.get("handle", "")
    return chosen


def waiting(kind: type[W]) -> W:
    """Return what the chosen way in waits for; leave for the right page if it is no `kind`.

    Raises TicketRefused where it waits for nothing.
    """
    step = sign_in.peek(handle())
    return step if isinstance(step, kind) else abort(page_of(step))


def beside() -> dict[str, Any]:
    """Return what every page of the second step shows beside its question."""
    other = sign_in.alternatives(handle())
    return {
        "other": other,
        "choosing": other.elsewhere and "verification" in session,
        "moving": signed_in.current() is not None,
    }


def check(form: F, page: Callable[[F], str]) -> ResponseReturnValue:
    """Check the digits of `form` and go on, or show its `page` again with what is wrong."""
    before = signed_in.current()
    if not form.validate():
        return page(form), 400
    try:
        typed, trust = form.code.data or "", bool(form.trust.data)
        step = sign_in.answer(handle(), typed, visitor(), trust=trust)
    except TicketRefused:
        raise
    except Refusal as refusal:
        form.refuse_answer(refusal)
        return problems.answer(page(form), refusal)
    return _lead_to(step, before)


def page_of(step: sign_in.Waiting) -> Response:
    """Lead to the page where a step is answered."""
    return redirect(url_for(PAGES[type(step)]), 303)


def welcome(done: sign_in.SignedIn, before: Session | None) -> Response:
    """Let somebody in who has done everything; `before` is the session they came with.

    A new session starts with nothing of what this browser held; one that gained a seat keeps the
    rest of it, so that forms in other tabs stay good.
    """
    following = next_url.take()
    kept = session.get("keep", session.permanent)
    if before is None or before.id != done.session.id:
        _leave(before)
    forget_steps()
    session.permanent = kept
    signed_in.remember(done.session, done.bearer)
    _tell_of_used_code(done)
    response = redirect(_with_codes_first(following) if done.enrolled else following, 303)
    if done.device:
        cookies.keep(response, cookies.DEVICE, done.device)
    return response


def _with_codes_first(following: str) -> str:
    """Return where new recovery codes are shown; from there one goes on to `following`."""
    session["next"] = following
    return url_for("account.recovery_codes")


def _tell_of_used_code(done: sign_in.SignedIn) -> None:
    if done.answered is Factor.RECOVERY:
        left = recovery_codes.left(done.session.account)
        flash(_used_a_code(left), "warning" if left <= recovery_codes.FEW else "info")


def _used_a_code(left: int) -> str:
    return ngettext(
        "You used a recovery code; %(num)s is left. If your app or passkey is lost, replace it.",
        "You used a recovery code; %(num)s are left. If your app or passkey is lost, replace it.",
        left,
    )


def start_again() -> Response:
    """Send somebody whose handle or verification is over back to where they came from."""
    forget_steps()
    if signed_in.current() is not None:
        flash(_("That took too long. Start again."))
        return redirect(url_for("home.index"), 303)
    flash(_("That took too long. Sign in again."))
    return redirect(url_for("sign_in.password"), 303)


def forget_steps() -> None:
    """Forget what this browser was in the middle of."""
    for name in UNDER_WAY:
        session.pop(name, None)


def _lead_to(step: sign_in.Step, before: Session | None) -> Response:
    if isinstance(step, sign_in.SignedIn):
        return welcome(step, before)
    session["handle"] = step.handle
    return page_of(step)


def _leave(before: Session | None) -> None:
    if before is not None:
        sessions.end(before, visitor())
    signed_in.forget()
