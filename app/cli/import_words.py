"""What is wrong with a file of people, or with one of its rows, in the words of a terminal."""

from app.operations.import_faults import Fault, FileFault, FileRefused
from app.operations.import_undo import Undone

FAULTS = {
    Fault.UNREADABLE: "This row cannot be read.",
    Fault.TOO_MANY_CELLS: "This row has more cells than the header.",
    Fault.NOT_UTF8: "This is not UTF-8: save the file as UTF-8.",
    Fault.NOT_STORABLE: "This has a character that cannot be stored.",
    Fault.NOT_TEXT: "This is neither text nor a number.",
    Fault.TOO_LONG: "This is too long.",
    Fault.NO_IDENTITY: "There is neither an address nor a username.",
    Fault.BAD_UUID: "This is no UUID.",
    Fault.BAD_SHORT_ID: "This is not 17 letters and digits.",
    Fault.BAD_ADDRESS: "This is not an e-mail address that mail can be sent to.",
    Fault.BAD_USERNAME: "A username has 2 to 64 characters, no blanks and no @.",
    Fault.NOT_YES_OR_NO: "This is neither true nor false.",
    Fault.ACTIVATES_BY_MAIL: "Without an address nobody can be activated later.",
    Fault.UNKNOWN_FORMAT: "No hash format has this name.",
    Fault.HASH_UNKNOWN: "This is no hash of a kind that is known here.",
    Fault.HASH_MALFORMED: "This hash is not whole.",
    Fault.HASH_TOO_COSTLY: "This hash would take too long or too much memory to compare with.",
    Fault.BAD_SECRET: "This is no secret in base32 of 80 to 512 bits, for codes of six digits.",
    Fault.UNKNOWN_ROLE: "The roles are student, teacher and account-admin.",
    Fault.NO_ROLE: "There is an organisation, but no role at it.",
    Fault.NO_ORGANISATION: "There is something for an organisation, but no organisation.",
    Fault.UNKNOWN_ORGANISATION: "There is no such organisation.",
    Fault.SEVERAL_ORGANISATIONS: "Several organisations have this name: use the UUID.",
    Fault.NOT_ALLOWED: "You may not give this.",
    Fault.TAKEN: "This belongs to another account.",
    Fault.REPEATED: "An earlier row says the same.",
    Fault.DIFFERS: "An earlier row says otherwise of the same person.",
    Fault.FIRST_REFUSED: "The first row of this person was refused.",
    Fault.TOO_MANY_MAILS: "This address was sent too many invitations of late.",
}
FILES = {
    FileFault.EMPTY: "There is nobody in the file.",
    FileFault.NOT_UTF8: "The file is UTF-16: save it as UTF-8.",
    FileFault.NO_COLUMN: "The file has no column called {column}.",
    FileFault.REPEATED_COLUMN: "The file has two columns called {column}.",
    FileFault.TOO_MANY_COLUMNS: "The file has more than a thousand columns.",
    FileFault.NO_IDENTITY: "The file has no column email, and none called username: see --mapping.",
    FileFault.BROKEN: "The file is no JSON from row {row} on: an array, or an object on each line.",
    FileFault.TOO_LONG: "The file has a row that is longer than a million characters.",
    FileFault.NO_HEADER: "The file's first row is no header: it names no columns.",
    FileFault.NOT_TEXT: "The file is no text: save it as CSV or JSON, in UTF-8.",
    FileFault.TOO_LARGE: "The file is too large.",
    FileFault.TOO_MANY_FILES: "Too many files wait to be imported.",
    FileFault.NOT_A_LIST: "The file is one object of JSON: it has to be a list of people.",
}
LEFT = {
    Undone.IN_USE: "in use since",
    Undone.OTHER_MEMBERSHIPS: "members elsewhere by now",
    Undone.LAST_SUPERUSER: "the portal's only superuser",
    Undone.LAST_ADMINISTRATOR: "the only account administrators of their organisations",
    Undone.ACCOUNT_LEFT: "memberships of accounts that stay",
    Undone.ACCEPTED: "invitations that were accepted",
    Undone.GONE: "gone already",
}


def of_fault(word: str) -> str:
    """Return a sentence for what is wrong with a cell."""
    return FAULTS[Fault(word)]


def of_file(refused: FileRefused) -> str:
    """Return a sentence for what is wrong with a whole file."""
    return FILES[refused.fault].format(column=refused.column, row=refused.row)
