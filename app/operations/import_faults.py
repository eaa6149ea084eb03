"""What can be wrong with a file that people are to be imported from, and with one of its rows."""

import enum


class Fault(enum.StrEnum):
    """Why one row, or one cell of it, was refused. Whoever shows it has words for each."""

    UNREADABLE = "unreadable"
    TOO_MANY_CELLS = "too_many_cells"
    NOT_UTF8 = "not_utf8"
    NOT_STORABLE = "not_storable"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    NO_IDENTITY = "no_identity"
    BAD_UUID = "bad_uuid"
    BAD_SHORT_ID = "bad_short_id"
    BAD_ADDRESS = "bad_address"
    BAD_USERNAME = "bad_username"
    NOT_YES_OR_NO = "not_yes_or_no"
    ACTIVATES_BY_MAIL = "activates_by_mail"
    UNKNOWN_FORMAT = "unknown_format"
    HASH_UNKNOWN = "hash_unknown"
    HASH_MALFORMED = "hash_malformed"
    HASH_TOO_COSTLY = "hash_too_costly"
    BAD_SECRET = "bad_secret"  # noqa: S105 (a reason, no secret)
    UNKNOWN_ROLE = "unknown_role"
    NO_ROLE = "no_role"
    NO_ORGANISATION = "no_organisation"
    UNKNOWN_ORGANISATION = "unknown_organisation"
    SEVERAL_ORGANISATIONS = "several_organisations"
    NOT_ALLOWED = "not_allowed"
    TAKEN = "taken"
    REPEATED = "repeated"
    DIFFERS = "differs"
    FIRST_REFUSED = "first_refused"
    TOO_MANY_MAILS = "too_many_mails"


Faults = list[tuple[str, Fault]]  # the column, or "" for the whole row; and why


class FileFault(enum.StrEnum):
    """Why a whole file was refused, before anything of it was kept."""

    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    NO_COLUMN = "no_column"
    REPEATED_COLUMN = "repeated_column"
    TOO_MANY_COLUMNS = "too_many_columns"
    NO_IDENTITY = "no_identity"
    BROKEN = "broken"
    TOO_LONG = "too_long"
    NO_HEADER = "no_header"
    NOT_TEXT = "not_text"
    NOT_A_LIST = "not_a_list"
    TOO_LARGE = "too_large"
    TOO_MANY_FILES = "too_many_files"


class FileRefused(Exception):
    """A file that nobody can be imported from.

    `row` is where it breaks off, `column` the one that it is about; either may be none.
    """

    def __init__(self, fault: FileFault, row: int | None = None, column: str = "") -> None:
        super().__init__(fault.value)
        self.fault, self.row, self.column = fault, row, column
