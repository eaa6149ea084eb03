"""The pages for what goes wrong, from a mistyped address to a database that is away."""

from flask import Flask, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from sqlalchemy.orm.exc import ObjectDeletedError
from structlog.stdlib import get_logger
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app import db
from app.errors import ProofRequired, Refusal
from app.pages import next_url, problems

RETRY_AFTER_S = 2

log = get_logger("doorward.pages")

TITLES = {
    400: _l("That request cannot be read"),
    401: _l("Sign in first"),
    403: _l("This is not open to you"),
    404: _l("There is no such page"),
    405: _l("That cannot be done here"),
    408: _l("That took too long"),
    409: _l("That is there already"),
    410: _l("That is no longer there"),
    413: _l("That is too much at once"),
    415: _l("That cannot be read here"),
    429: _l("Too many tries"),
    500: _l("Something went wrong"),
    503: _l("Not just now"),
}


def init_app(app: Flask) -> None:
    """Answer everything that goes wrong with a page of ours."""
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(CSRFError, _of_old_form)
    app.register_error_handler(Refusal, _of_refusal)
    app.register_error_handler(ProofRequired, _ask_for_proof)
    app.register_error_handler(exc.OperationalError, _of_database)
    app.register_error_handler(exc.TimeoutError, _of_database)
    app.register_error_handler(ObjectDeletedError, _of_ended_session)


def forbidden(message: str, title: str) -> Response:
    """Return the page that says what is not open just now."""
    return _page(403, message=message, title=title)


def of_http(error: HTTPException) -> ResponseReturnValue:
    """Answer what HTTP itself has a number for."""
    if error.response is not None or error.code is None or error.code < 400:  # noqa: PLR2004
        return error.get_response()  # a redirect, or an answer that is ready
    return _page(error.code, headers=_kept_headers(error))


def _kept_headers(error: HTTPException) -> dict[str, str]:
    """Keep what HTTP demands beside the page: Allow, Retry-After."""
    return {name: value for name, value in error.get_headers() if name != "Content-Type"}


def _of_old_form(_error: CSRFError) -> ResponseReturnValue:
    sentence = _("This form is too old, or your browser keeps no cookies. Nothing was changed.")
    return _page(403, message=sentence, title=_("Load the page again"), advice=400)


def _of_refusal(refusal: Refusal) -> ResponseReturnValue:
    seconds = problems.retry_after(refusal)
    return _page(
        problems.status(refusal),
        message=problems.sentence(refusal),
        headers={} if seconds is None else {"Retry-After": str(seconds)},
    )


def _ask_for_proof(refusal: ProofRequired) -> Response:
    """Ask again who it is, then lead back to the page, or to the page that the form stood on."""
    came_from = request.full_path if request.method == "GET" else next_url.page_before()
    following = next_url.safe(came_from.rstrip("?")) or url_for("account.index")
    session["confirm_by_mail"] = refusal.by_mail
    return redirect(url_for("confirm.confirm", next=following), 303)


def _of_ended_session(_error: ObjectDeletedError) -> Response:
    """Send whoever was signed out by another request meanwhile to sign in again."""
    db.session().rollback()
    return redirect(url_for("sign_in.password"), 303)


def _of_database(error: Exception) -> ResponseReturnValue:
    log.error("database_unavailable", exc_info=error)
    db.session().rollback()
    return _page(503, headers={"Retry-After": str(RETRY_AFTER_S)})


def _page(
    code: int,
    *,
    message: str = "",
    title: str | None = None,
    headers: dict[str, str] | None = None,
    advice: int | None = None,
) -> Response:
    """Make the page; `advice` is the code whose advice fits, where it is not its own."""
    page = render_template(
        "error.html",
        code=code,
        advice_of=advice or code,
        title_text=title or TITLES.get(code) or TITLES[code // 100 * 100],
        message=message,
        retry_after=(headers or {}).get("Retry-After"),
        request_id=g.get("request_id"),
    )
    return make_response(page, code, headers or {})
