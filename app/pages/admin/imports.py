"""Importing people: a file, its columns, a check of every row, then the import, and its undoing.

What takes long is done beside (operations.import_work); these pages say what to do, and show how
far it is.
"""

import uuid
from collections.abc import Callable, Iterator

from flask import Response as Answer
from flask import flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import TicketRefused
from app.models import Import, Role, Stage
from app.operations import (
    authority,
    import_acts,
    import_list,
    import_outline,
    import_results,
    import_store,
    import_undo,
    import_undo_preview,
    import_work,
    organisation_choice,
    spreadsheet,
)
from app.operations.import_faults import FileRefused
from app.operations.import_outline import Outline
from app.operations.rights import Action
from app.operations.spreadsheet import Dialect
from app.pages.admin import cursors, exports
from app.pages.admin import import_words as words
from app.pages.admin.import_forms import MappingForm, guesses, shown
from app.pages.admin.seat import acting, granted, pages
from app.pages.forms import TicketForm
from app.pages.visitor import visitor

ONE = "/imports/<uuid:import_id>"


@pages.get("/imports")
@granted(Action.SEE_IMPORTS)
def imports() -> str:
    """Show one page of them, the newest first."""
    good_for = ("imports", acting().organisation_id)
    after = cursors.read(request.args.get("after"), import_list.ORDER, *good_for)
    found = import_list.find(acting(), after)
    return render_template(
        "admin/imports.html",
        rows=found.rows,
        people=import_list.people(found.rows),
        organisations=import_list.places(found.rows),
        following=cursors.written(found.next, *good_for),
        after=after,
        words=words,
    )


@pages.get(ONE)
@granted(Action.SEE_IMPORTS)
def one_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Show how far an import is, and what became of its rows."""
    found = import_list.one(acting(), import_id)
    if found.stage is Stage.UPLOADED and _may_map(found):
        return redirect(url_for(".import_columns", import_id=import_id), 303)
    return _page(found)


@pages.get(f"{ONE}/columns")
@granted(Action.IMPORT)
def import_columns(import_id: uuid.UUID) -> ResponseReturnValue:
    """Ask what the file's columns are."""
    authority.require_fresh(acting(), Action.IMPORT)
    found = import_list.one(acting(), import_id)
    if not _may_map(found):
        return _back(import_id)
    outline = _outline(found)
    return _columns_page(found, outline, _mapping_form(outline, asks=True))


@pages.post(f"{ONE}/columns")
@granted(Action.IMPORT)
def map_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Have every row checked by what was said of the columns."""
    found = import_list.one(acting(), import_id)
    if not _may_map(found):
        return _gone_on(import_id)
    outline = _outline(found)
    form = _mapping_form(outline)
    if not form.validate():
        return _columns_page(found, outline, form), 400
    try:
        import_acts.map_columns(acting(), import_id, form.chosen(), visitor())
    except FileRefused as refused:
        form.form_errors.append(words.of_file(refused))
        return _columns_page(found, outline, form), 400
    except TicketRefused:
        return _gone_on(import_id)
    return _back(import_id)


@pages.get(f"{ONE}/run")
@granted(Action.IMPORT)
def ask_to_run_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Ask whether it is meant, with what it will do."""
    authority.require_fresh(acting(), Action.IMPORT)
    found = import_list.one(acting(), import_id)
    if found.stage is not Stage.CHECKED:
        return _gone_on(import_id)
    return _asked("admin/import_run.html", found)


@pages.post(f"{ONE}/run")
@granted(Action.IMPORT)
def run_import(import_id: uuid.UUID) -> Response:
    """Have it done."""
    return _done(import_id, import_acts.confirm)


@pages.get(f"{ONE}/stop")
@granted(Action.IMPORT)
def ask_to_stop_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Ask whether it is meant."""
    authority.require_fresh(acting(), Action.IMPORT)
    found = import_list.one(acting(), import_id)
    if found.stage not in import_acts.OPEN:
        return _gone_on(import_id)
    return _asked("admin/import_stop.html", found)


@pages.post(f"{ONE}/stop")
@granted(Action.IMPORT)
def stop_import(import_id: uuid.UUID) -> Response:
    """Let it go no further."""
    return _done(import_id, import_acts.stop)


@pages.get(f"{ONE}/undo")
@granted(Action.UNDO_IMPORT)
def ask_to_undo_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Ask whether it is meant: what would go, and who would stay."""
    authority.require_fresh(acting(), Action.UNDO_IMPORT)
    found = import_list.one(acting(), import_id)
    if found.dry_run or found.stage not in import_acts.UNDONE_FROM:
        return _gone_on(import_id)
    return _asked("admin/import_undo.html", found, told=import_undo_preview.of(import_id))


@pages.post(f"{ONE}/undo")
@granted(Action.UNDO_IMPORT)
def undo_import(import_id: uuid.UUID) -> Response:
    """Have it taken back."""
    return _done(import_id, import_acts.undo)


@pages.post(f"{ONE}/result")
@granted(Action.SEE_IMPORTS)
def import_result(import_id: uuid.UUID) -> ResponseReturnValue:
    """Send what became of each row as a file, in pieces, once it is recorded that it is taken."""
    rows = import_acts.result(acting(), import_id, words.of_fault, visitor())
    header = [str(each) for each in next(rows)]
    pieces = spreadsheet.lines(header, _fields(rows), Dialect())
    attached = f'attachment; filename="import-{import_id}.csv"'
    streamed = stream_with_context(pieces)
    return Answer(streamed, content_type=exports.CSV, headers={"Content-Disposition": attached})


def _done(import_id: uuid.UUID, act: Callable[..., None]) -> Response:
    try:
        act(acting(), import_id, visitor())
    except TicketRefused:
        return _gone_on(import_id)
    return _back(import_id)


def _back(import_id: uuid.UUID) -> Response:
    return redirect(url_for(".one_import", import_id=import_id), 303)


def _gone_on(import_id: uuid.UUID) -> Response:
    flash(_("That cannot be done any more: this is how far the import is."), "warning")
    return _back(import_id)


def _may_map(found: Import) -> bool:
    stage_fits = found.stage in {Stage.UPLOADED, Stage.CHECKED}
    return stage_fits and import_store.is_there(found.id)


def _outline(found: Import) -> Outline:
    return import_outline.of(import_store.open_file(found.id, found.size))


def _mapping_form(outline: Outline, *, asks: bool = False) -> MappingForm:
    portal = acting().of_portal
    usual = None if portal else Role.STUDENT
    form = MappingForm(formdata=None, data=guesses(outline, usual)) if asks else MappingForm()
    here: list[Role] = [role for role in reversed(Role) if role is not Role.SUPERUSER]
    grantable = [role for role in here if authority.may_grant(acting(), role)]
    form.offer(outline, import_acts.columns_for(acting()), grantable)
    form.place_among(organisation_choice.by_name() if portal else [], asks_place=portal)
    return form


def _fields(rows: Iterator[tuple[object, ...]]) -> Iterator[list[str]]:
    for row in rows:
        yield ["" if cell is None else str(cell) for cell in row]


def _columns_page(found: Import, outline: Outline, form: MappingForm) -> str:
    return render_template(
        "admin/import_columns.html",
        found=found,
        outline=outline,
        form=form,
        shown=shown,
    )


def _asked(template: str, found: Import, **more: object) -> str:
    return render_template(
        template, found=found, words=words, form=TicketForm(formdata=None), **more
    )


def _page(found: Import) -> str:
    working = found.stage in import_work.WORK
    report = [] if working else import_list.refused(found.id)
    return render_template(
        "admin/import_progress.html" if working else "admin/import.html",
        found=found,
        people=import_list.people([found]),
        organisations=import_list.places([found]),
        progress=import_list.progress(found) if working else None,
        refused=[(row.number, words.of_row(row)) for row in report],
        most=import_list.FAULTS,
        kept=0 if working else import_results.kept(found.id),
        undone=import_undo.counted(found.id) if found.undone_at else {},
        has_file=import_store.is_there(found.id),
        can_undo=not found.dry_run and found.stage in import_acts.UNDONE_FROM,
        open=found.stage in import_acts.OPEN,
        words=words,
    )
