"""Recovery codes: shown until they are said to be kept, and never again."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import NotEnabled
from app.operations import factors, recovery_codes
from app.pages import next_url, problems, signed_in
from app.pages.account import pages
from app.pages.visitor import visitor
from app.security.tokens import is_recovery_code

FILE = "doorward-recovery-codes.txt"


@pages.get("/account/second-factor/recovery-codes", endpoint="recovery_codes")
def show() -> ResponseReturnValue:
    """Show a set that was just made, or how many are left of the old one."""
    row = signed_in.required()
    return render_template(
        "account/recovery_codes.html",
        codes=recovery_codes.sheet_of(row),
        left=recovery_codes.left(row.account),
        few=recovery_codes.FEW,
        strong=factors.of(row.account).strong,
    )


@pages.post("/account/second-factor/recovery-codes", endpoint="make_recovery_codes")
def make() -> ResponseReturnValue:
    """Make a new set."""
    try:
        recovery_codes.renew(signed_in.required(), visitor())
    except NotEnabled as refusal:
        flash(problems.sentence(refusal), "warning")
        return redirect(url_for("account.second_factor"), 303)
    return redirect(url_for("account.recovery_codes"), 303)


@pages.post("/account/second-factor/recovery-codes/kept", endpoint="keep_recovery_codes")
def keep() -> Response:
    """Show them no more, and go on to where one was going."""
    recovery_codes.keep(signed_in.required())
    flash(_("Good. Each code works once; your second step tells how many are left."), "success")
    return redirect(next_url.take("account.second_factor"), 303)


@pages.post("/account/second-factor/recovery-codes/file", endpoint="download_recovery_codes")
def download() -> ResponseReturnValue:
    """Give the codes that the page shows as a file: nothing is kept to make it from later."""
    codes = request.form.getlist("code")[: recovery_codes.SIZE]
    if not codes or not all(is_recovery_code(each) for each in codes):
        abort(400)
    told = _("Recovery codes for Doorward. Each works once. Keep them where nobody else looks.")
    text = "\n".join([told, "", *codes, ""])
    headers = {"Content-Disposition": f'attachment; filename="{FILE}"'}
    return text, 200, {"Content-Type": "text/plain; charset=utf-8", **headers}
