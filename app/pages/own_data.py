"""What the portal keeps of an account, and why; and all of it to take along."""

from flask import Response, render_template, stream_with_context
from flask.typing import ResponseReturnValue

from app.operations import own_data, purging, sessions
from app.pages import signed_in
from app.pages.account import pages
from app.pages.visitor import visitor

FILE_NAME = "doorward-account.json"


@pages.get("/account/data", endpoint="data")
def show() -> ResponseReturnValue:
    """Say what is kept, and why; not to somebody who holds a mere seat."""
    row = signed_in.required()
    sessions.require_account(row)
    return render_template(
        "account/data.html",
        account=row.account,
        mail_days=purging.MAIL_KEPT.days,
        network_days=purging.NETWORK_KEPT.days,
    )


@pages.post("/account/data")
def download() -> Response:
    """Hand over everything, as a file that is written while it travels."""
    pieces = own_data.export(signed_in.required(), visitor())
    response = Response(stream_with_context(pieces), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=FILE_NAME)
    return response
