"""What a page's script asks for before the browser makes or uses a passkey: options, as JSON."""

from collections.abc import Callable
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import Refusal, WrongCode
from app.pages import problems


def handed_out(options: Callable[[], dict[str, Any]]) -> ResponseReturnValue:
    """Answer with the options, or with a sentence that says why there are none."""
    try:
        return jsonify(options())
    except Refusal as refusal:
        seconds = problems.retry_after(refusal)
        headers = {} if seconds is None else {"Retry-After": str(seconds)}
        body = jsonify(problem=problems.sentence(refusal))
        return body, problems.status(refusal), headers


def sentence(refusal: Refusal) -> str:
    """Return what to tell a person whose passkey was refused; a wrong one never says why."""
    if isinstance(refusal, WrongCode):
        return _("This passkey was not accepted. Try again, or use another way.")
    return problems.sentence(refusal)
