"""Uploading a file that people are to be imported from."""

from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from app.operations import authority, import_acts, import_store
from app.operations.import_faults import FileFault, FileRefused
from app.operations.rights import Action
from app.pages import error_pages, signed_in
from app.pages.admin import import_words as words
from app.pages.admin import seat
from app.pages.admin.import_forms import UploadForm
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor

ROOM_BESIDE = 1024 * 1024  # bytes beside the file: what is a little too large gets a sentence
TOO_LARGE = 413


@pages.get("/imports/new")
@granted(Action.IMPORT)
def new_import() -> str:
    """Ask for a file."""
    authority.require_fresh(acting(), Action.IMPORT)
    return _upload_page(UploadForm(formdata=None))


@pages.post("/imports/new")
@granted(Action.IMPORT)
def upload_import() -> ResponseReturnValue:
    """Keep a file, and ask what its columns are."""
    form = UploadForm()
    if not form.validate():
        return _upload_page(form), 400
    files = request.files.getlist("file")  # none where the field came as text
    if len(files) != 1:
        form.file.errors = [_("Choose one file.")]
        return _upload_page(form), 400
    [file] = files
    name = _name(file.filename)
    try:
        with file.stream as stream:
            begun = import_acts.upload(acting(), name, cast(BinaryIO, stream), visitor())
    except FileRefused as refused:
        return _refused(form, refused)
    return redirect(url_for(".import_columns", import_id=begun.id), 303)


@pages.url_value_preprocessor
def _make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a file be larger than other forms are, but only where an administrator sends it."""
    if (endpoint or "").endswith(".upload_import") and seat.is_held(signed_in.current()):
        request.max_content_length = import_store.MOST + ROOM_BESIDE
        request.max_form_memory_size = ROOM_BESIDE  # Werkzeug reads in pieces, and counts those


@pages.errorhandler(TOO_LARGE)
def _too_large(error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Say in the form itself that a file is too large; it was not read."""
    if not (request.endpoint or "").endswith(".upload_import") or not seat.is_held(
        signed_in.current()
    ):
        return error_pages.of_http(error)
    seat.enter()
    return _refused(UploadForm(formdata=None), FileRefused(FileFault.TOO_LARGE))


def _refused(form: UploadForm, refused: FileRefused) -> ResponseReturnValue:
    form.file.errors = [words.of_file(refused)]
    return _upload_page(form), TOO_LARGE if refused.fault is FileFault.TOO_LARGE else 400


def _upload_page(form: UploadForm) -> str:
    return render_template("admin/import_new.html", form=form, most=import_store.MOST >> 20)


def _name(sent: str | None) -> str:
    """Return a file's name without folders, and without what no page can show."""
    name = PurePosixPath((sent or "").replace("\\", "/")).name
    return "".join(sign for sign in name if sign.isprintable()) or _("File")
