"""Where administering begins."""

from flask import render_template
from flask.typing import ResponseReturnValue

from app.pages.admin.seat import pages


@pages.get("/")
def overview() -> ResponseReturnValue:
    """Show what can be administered from this seat."""
    return render_template("admin/overview.html")
