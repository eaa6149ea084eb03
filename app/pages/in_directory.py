"""Saying where something is changed that a directory has: on no page of ours."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app import config
from app.config.directory import Directory
from app.errors import KeptInDirectory
from app.operations import kept_elsewhere
from app.pages import problems, signed_in
from app.pages.account import pages

KEPT = {
    "password",
    "change_password",
    "address",
    "ask_for_address",
    "name",
    "change_name",
    "username",
    "change_username",
}


def directory() -> Directory | None:
    """Return what is known of the directory, for pages to name it."""
    return config.current().directory


@pages.before_request
def _say_where() -> ResponseReturnValue | None:
    """Answer in the place of pages that change what is not changed here."""
    row, name = signed_in.current(), (request.endpoint or "").rpartition(".")[2]
    if row is None or name not in KEPT or not kept_elsewhere.is_kept(row.account_id):
        return None
    page = render_template("account/in_directory.html", directory=directory())
    return page if request.method == "GET" else problems.answer(page, KeptInDirectory())
