"""What one row says, and everything that can be wrong with its cells."""

import uuid
from typing import Any

import pytest

from app.models import Role
from app.operations.import_entries import entry
from app.operations.import_faults import Fault
from tests.security.foreign import HASHES

WHO: dict[str, Any] = {"email": "ana@example.org"}
BCRYPT = HASHES["bcrypt 2b"][1]


def faults(**cells: Any) -> list[tuple[str, Fault]]:
    return entry(2, WHO | cells).faults


def test_a_whole_row_is_made_into_what_the_tables_keep() -> None:
    made = entry(
        7,
        {
            "id": "11111111-1111-4111-8111-111111111111",
            "short_id": "aobEdbYhXfu5hkeqG",
            "email": " Ana@Example.ORG ",
            "username": "Ana.S",
            "name": "  Ana \n Silva ",
            "activated": "false",
            "suspended": "T",
            "superuser": True,
            "password_hash": BCRYPT,
            "totp_secret": "jbsw y3dp ehpk 3pxp",
            "organisation": " Northwind   College ",
            "role": "Account Admin",
            "organisation_password_hash": BCRYPT,
        },
    )

    assert made.faults == []
    assert made.id == uuid.UUID("11111111-1111-4111-8111-111111111111")
    assert (made.email, made.email_key) == ("Ana@example.org", "ana@example.org")
    assert (made.username, made.username_key) == ("Ana.S", "ana.s")
    assert (made.name, made.organisation) == ("Ana Silva", "Northwind College")
    assert (made.activated, made.suspended, made.superuser) == (False, True, True)
    assert made.role is Role.ACCOUNT_ADMIN
    assert made.password_hash == made.organisation_password_hash == BCRYPT
    assert made.totp_secret == "JBSWY3DPEHPK3PXP"


def test_what_is_left_out_has_its_default() -> None:
    made = entry(2, {"username": "desk-3", "activated": "", "name": ""})

    assert made.faults == []
    assert (made.email, made.name, made.role) == (None, "", None)
    assert (made.activated, made.suspended, made.superuser) == (True, False, False)


@pytest.mark.parametrize(
    ("cells", "column", "fault"),
    [
        ({"id": "7"}, "id", Fault.BAD_UUID),
        ({"short_id": "short"}, "short_id", Fault.BAD_SHORT_ID),
        ({"short_id": "aobEdbYhXfu5hkeq "}, "short_id", Fault.BAD_SHORT_ID),
        ({"short_id": "\uff41obEdbYhXfu5hkeqG"}, "short_id", Fault.BAD_SHORT_ID),
        ({"email": "nowhere"}, "email", Fault.BAD_ADDRESS),
        ({"email": "a" * 310 + "@b.org"}, "email", Fault.BAD_ADDRESS),
        ({"email": "a" * 320 + "@b.org"}, "email", Fault.TOO_LONG),
        ({"username": "a"}, "username", Fault.BAD_USERNAME),
        ({"username": "a@b"}, "username", Fault.BAD_USERNAME),
        ({"name": "x" * 201}, "name", Fault.TOO_LONG),
        ({"name": "a\0b"}, "name", Fault.NOT_STORABLE),
        ({"name": "a\x1bb"}, "name", Fault.NOT_STORABLE),
        ({"name": "Zo\udceb"}, "name", Fault.NOT_UTF8),
        ({"name": ["Ana"]}, "name", Fault.NOT_TEXT),
        ({"name": 1.5}, "name", Fault.NOT_TEXT),
        ({"activated": "perhaps"}, "activated", Fault.NOT_YES_OR_NO),
        ({"suspended": "2"}, "suspended", Fault.NOT_YES_OR_NO),
        ({"superuser": "admin"}, "superuser", Fault.NOT_YES_OR_NO),
        ({"password_hash": "secret"}, "password_hash", Fault.HASH_UNKNOWN),
        ({"password_hash": BCRYPT[:-1]}, "password_hash", Fault.HASH_MALFORMED),
        ({"password_hash": "$2b$20" + BCRYPT[6:]}, "password_hash", Fault.HASH_TOO_COSTLY),
        ({"password_hash": "x" * 2_049}, "password_hash", Fault.TOO_LONG),
        ({"password_hash": BCRYPT, "hash_format": "md5"}, "hash_format", Fault.UNKNOWN_FORMAT),
        ({"password_hash": BCRYPT, "hash_format": "scrypt"}, "password_hash", Fault.HASH_UNKNOWN),
        ({"totp_secret": "JBSWY3DP"}, "totp_secret", Fault.BAD_SECRET),
        ({"totp_secret": "no base32!"}, "totp_secret", Fault.BAD_SECRET),
        ({"organisation": "Cy"}, "role", Fault.NO_ROLE),
        ({"organisation": "Cy", "role": "dean"}, "role", Fault.UNKNOWN_ROLE),
        ({"organisation": "Cy", "role": "superuser"}, "role", Fault.UNKNOWN_ROLE),
        ({"organisation": "x" * 201, "role": "student"}, "organisation", Fault.TOO_LONG),
        ({"role": "student"}, "organisation", Fault.NO_ORGANISATION),
        ({"organisation_password_hash": BCRYPT}, "organisation", Fault.NO_ORGANISATION),
    ],
)
def test_each_fault_is_told_with_its_column(
    cells: dict[str, Any], column: str, fault: Fault
) -> None:
    assert faults(**cells) == [(column, fault)]


def test_a_row_needs_somebody() -> None:
    assert entry(2, {"name": "Ana"}).faults == [("email", Fault.NO_IDENTITY)]


def test_who_has_no_address_cannot_be_activated_later() -> None:
    made = entry(2, {"username": "desk-3", "activated": "no"})

    assert made.faults == [("activated", Fault.ACTIVATES_BY_MAIL)]


def test_every_fault_of_a_row_is_told() -> None:
    told = faults(id="7", email="nowhere", role="dean", organisation="Cy")

    assert told == [
        ("id", Fault.BAD_UUID),
        ("email", Fault.BAD_ADDRESS),
        ("role", Fault.UNKNOWN_ROLE),
    ]


@pytest.mark.parametrize("written", ["!", "!b0PCDGjsvKC1sEcdYrbEKL2HU2izcN721cF845yN", "*"])
def test_what_marks_an_account_without_a_password_is_none(written: str) -> None:
    made = entry(2, WHO | {"password_hash": written})

    assert (made.password_hash, made.faults) == (None, [])


def test_keycloaks_credential_may_be_an_object() -> None:
    credential = {
        "secretData": {"value": "A" * 43, "salt": "c2FsdA"},
        "credentialData": {"hashIterations": 1, "algorithm": "pbkdf2-sha256"},
    }

    made = entry(2, WHO | {"password_hash": credential})

    assert made.faults == []
    assert (made.password_hash or "").startswith("$pbkdf2-sha256$i=1$")


@pytest.mark.parametrize("written", ["Account Admin", "account-admin", "ACCOUNT_ADMIN"])
def test_a_role_is_read_in_any_spelling(written: str) -> None:
    assert entry(2, WHO | {"organisation": "Cy", "role": written}).role is Role.ACCOUNT_ADMIN


def test_numbers_in_json_are_text_here() -> None:
    made = entry(2, {"username": 12345, "superuser": 0, "activated": 1})

    assert (made.username, made.superuser, made.activated) == ("12345", False, True)
