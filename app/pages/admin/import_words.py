"""What imports are called: their stages, what became of rows, and what was wrong with them."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.models import Import, ImportRow, Outcome, Stage
from app.operations.import_faults import Fault, FileFault, FileRefused
from app.operations.import_undo import Undone

STAGES = {
    Stage.UPLOADING: _l("Uploading"),
    Stage.UPLOADED: _l("Columns wanted"),
    Stage.MAPPED: _l("Waits to be checked"),
    Stage.CHECKING: _l("Being checked"),
    Stage.CHECKED: _l("Checked"),
    Stage.CONFIRMED: _l("Waits to be imported"),
    Stage.RUNNING: _l("Being imported"),
    Stage.FINISHED: _l("Imported"),
    Stage.UNDOING: _l("Being taken back"),
    Stage.UNDONE: _l("Taken back"),
    Stage.STOPPED: _l("Stopped"),
}
TONES = {
    Stage.CHECKED: "wanting",
    Stage.UPLOADED: "wanting",
    Stage.FINISHED: "ready",
    Stage.STOPPED: "stopped",
}
PROBLEMS = {
    "by_hand": _l("It was stopped by hand."),
    "not_allowed": _l("It was stopped: whoever began it may not import here any more."),
    "file_gone": _l("It was stopped: its file is gone, or cannot be opened any more."),
    "failed": _l("It was stopped: something went wrong again and again. The log has more."),
}
OUTCOMES = {
    Outcome.CREATED: _l("Accounts added"),
    Outcome.JOINED: _l("Roles given to accounts that were here"),
    Outcome.INVITED: _l("People invited"),
    Outcome.UNCHANGED: _l("Left as they are"),
    Outcome.REFUSED: _l("Refused"),
}
EXPECTED = {
    Outcome.CREATED: _l("Accounts to be added"),
    Outcome.JOINED: _l("Roles to be given to accounts that are here"),
    Outcome.INVITED: _l("People to be invited"),
    Outcome.UNCHANGED: _l("To be left as they are"),
    Outcome.REFUSED: _l("Refused"),
}
UNDONE = {
    Undone.REMOVED: _l("Taken back"),
    Undone.IN_USE: _l("Left, because somebody uses it"),
    Undone.OTHER_MEMBERSHIPS: _l("Left, for they belong elsewhere by now"),
    Undone.LAST_SUPERUSER: _l("Left: the portal's only superuser"),
    Undone.LAST_ADMINISTRATOR: _l("Left: their organisation's only account administrator"),
    Undone.ACCOUNT_LEFT: _l("Left with their accounts"),
    Undone.ACCEPTED: _l("Left, because the invitation was accepted"),
    Undone.GONE: _l("Gone already"),
}
COLUMNS = {
    "email": _l("E-mail address"),
    "username": _l("Username"),
    "name": _l("Name"),
    "organisation": _l("Organisation"),
    "role": _l("Role"),
    "password_hash": _l("Password hash"),
    "hash_format": _l("Format of the hash"),
    "totp_secret": _l("Secret of the authenticator app"),
    "organisation_password_hash": _l("Hash of the password at the organisation only"),
    "activated": _l("Activated (true or false)"),
    "suspended": _l("Suspended (true or false)"),
    "superuser": _l("Superuser (true or false)"),
    "id": _l("Identifier (UUID)"),
    "short_id": _l("Short identifier (17 characters)"),
}
SYSTEMS = {
    "ours": _l("A spreadsheet, or something else"),
    "rocketchat": _l("Rocket.Chat: a mongoexport of its users"),
    "hasura": _l("Hasura Backend Plus: its table auth.accounts"),
    "keycloak": _l("Keycloak: the users of a realm's export"),
}
FAULTS = {
    Fault.UNREADABLE: _l("This row cannot be read."),
    Fault.TOO_MANY_CELLS: _l("This row has more cells than the header."),
    Fault.NOT_UTF8: _l("This is not UTF-8: save the file as UTF-8."),
    Fault.NOT_STORABLE: _l("This has a character that cannot be stored."),
    Fault.NOT_TEXT: _l("This is neither text nor a number."),
    Fault.TOO_LONG: _l("This is too long."),
    Fault.NO_IDENTITY: _l("There is neither an address nor a username."),
    Fault.BAD_UUID: _l("This is no UUID."),
    Fault.BAD_SHORT_ID: _l("This is not 17 letters and digits."),
    Fault.BAD_ADDRESS: _l("This is not an e-mail address that mail can be sent to."),
    Fault.BAD_USERNAME: _l("A username has 2 to 64 characters, no blanks and no @."),
    Fault.NOT_YES_OR_NO: _l("This is neither true nor false."),
    Fault.ACTIVATES_BY_MAIL: _l("Without an address nobody can be activated later."),
    Fault.UNKNOWN_FORMAT: _l("No hash format has this name."),
    Fault.HASH_UNKNOWN: _l("This is no hash of a kind that is known here."),
    Fault.HASH_MALFORMED: _l("This hash is not whole."),
    Fault.HASH_TOO_COSTLY: _l("This hash would take too long or too much memory to compare with."),
    Fault.BAD_SECRET: _l("This is no secret in base32 of 80 to 512 bits, for codes of six digits."),
    Fault.UNKNOWN_ROLE: _l("The roles are student, teacher and account-admin."),
    Fault.NO_ROLE: _l("There is an organisation, but no role at it."),
    Fault.NO_ORGANISATION: _l("There is something for an organisation, but no organisation."),
    Fault.UNKNOWN_ORGANISATION: _l("There is no such organisation that you look after."),
    Fault.SEVERAL_ORGANISATIONS: _l("Several organisations have this name: use the UUID."),
    Fault.NOT_ALLOWED: _l("You may not give this."),
    Fault.TAKEN: _l("This belongs to another account."),
    Fault.REPEATED: _l("An earlier row says the same."),
    Fault.DIFFERS: _l("An earlier row says otherwise of the same person."),
    Fault.FIRST_REFUSED: _l("The first row of this person was refused."),
    Fault.TOO_MANY_MAILS: _l("This address was sent too many invitations of late."),
}
FILES = {
    FileFault.EMPTY: _l("There is nobody in the file."),
    FileFault.NOT_UTF8: _l("The file is in another encoding than UTF-8: save it as UTF-8."),
    FileFault.NO_COLUMN: _l("The file has no column called %(column)s."),
    FileFault.REPEATED_COLUMN: _l("The file has two columns called %(column)s: rename one."),
    FileFault.TOO_MANY_COLUMNS: _l("The file has more than a thousand columns: leave some out."),
    FileFault.NO_IDENTITY: _l("Choose the column that has the address, or the username."),
    FileFault.BROKEN: _l(
        "The file is no JSON from row %(row)s on: it has to be a list, or an object on each line."
    ),
    FileFault.TOO_LONG: _l("The file has a row that is longer than a million characters."),
    FileFault.NO_HEADER: _l(
        "The first row names no columns. Put names above them, such as email, name and role."
    ),
    FileFault.NOT_TEXT: _l("The file is no text: save it as CSV or JSON, in UTF-8."),
    FileFault.NOT_A_LIST: _l(
        "The file is one object of JSON, not a list of people: save only the list."
    ),
    FileFault.TOO_LARGE: _l("The file is larger than 64 MB: split it into several."),
    FileFault.TOO_MANY_FILES: _l(
        "Three files of yours wait to be imported. Import one of them, or give it up, first."
    ),
}


def of_fault(word: str) -> str:
    """Return a sentence for what is wrong with a cell."""
    return str(FAULTS[Fault(word)])


def of_file(refused: FileRefused) -> str:
    """Return a sentence for what is wrong with a whole file."""
    return str(FILES[refused.fault]) % {"column": refused.column, "row": refused.row or 1}


def of_row(row: ImportRow) -> list[tuple[str, str]]:
    """Return which columns of a row are wrong, by our names for them, and why."""
    return [(column, of_fault(word)) for column, word in row.faults or []]


def stage_of(about: Import) -> Stage:
    """Return how far an import is, also one that a command does."""
    if about.stage is not None:
        return about.stage
    if about.undone_at is not None:
        return Stage.UNDONE
    if about.finished_at is None:
        return Stage.CHECKING if about.dry_run else Stage.RUNNING
    return Stage.CHECKED if about.dry_run else Stage.FINISHED


def tone_of(about: Import) -> str:
    """Return how its stage is coloured."""
    return TONES.get(stage_of(about), "quiet")


def counts_of(about: Import) -> list[tuple[Any, int]]:
    """Return what became of how many rows, or would; what none is counted of is left out."""
    words = EXPECTED if about.dry_run else OUTCOMES
    counts = [(words[outcome], about.counts.get(outcome, 0)) for outcome in Outcome]
    return [(said, rows) for said, rows in counts if rows]


def time_of(seconds: int) -> str:
    """Return how long something will take, roughly."""
    if seconds < 60:  # noqa: PLR2004 (a minute)
        return _("less than a minute")
    return _("about %(minutes)s min", minutes=round(seconds / 60))
