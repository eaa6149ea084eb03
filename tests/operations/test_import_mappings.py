"""Whose columns mean what."""

import json
from typing import Any

import pytest

from app.operations.import_mappings import ColumnMapping, UnknownName, from_words
from tests.operations.others_exports import HASURA, KEYCLOAK, ROCKETCHAT


def test_our_own_columns_mean_themselves_and_others_nothing() -> None:
    cells = ColumnMapping().cells({"email": "a@b.org", "role": "student", "shoe_size": "43"})

    assert cells == {"email": "a@b.org", "role": "student"}


def test_a_column_is_taken_for_another() -> None:
    mapping = from_words(["email=E-mail address", "name=Who"])

    assert mapping.cells({"e_mail_address": "a@b.org", "who": "Ana", "name": "x"}) == {
        "email": "a@b.org",
        "name": "Ana",
    }


def test_a_column_is_left_out() -> None:
    mapping = from_words(["id="])

    assert mapping.cells({"id": "7", "email": "a@b.org"}) == {"email": "a@b.org"}
    assert mapping.names() == set()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("profile.mail", "a@b.org"),
        ("all.0.at", "c@d.org"),
        ("all.1.at", None),
        ("all.at", None),
        ("profile.mail.0", None),
        ("dotted.name", "e@f.org"),
        ("none", None),
    ],
)
def test_json_is_reached_into_by_a_path(path: str, found: str | None) -> None:
    row = {"profile": {"mail": "a@b.org"}, "all": [{"at": "c@d.org"}], "dotted.name": "e@f.org"}

    assert from_words([f"email={path}"]).cells(row).get("email") == found


@pytest.mark.parametrize("word", ["mail=email", "auth0", "=email", ""])
def test_what_nobody_knows_is_said(word: str) -> None:
    with pytest.raises(UnknownName):
        from_words([word])


def test_alike_mappings_are_kept_alike() -> None:
    one, other = from_words(["email=a", "name=b"]), from_words(["name=b", "email=a"])

    assert json.dumps(one.kept()) == json.dumps(other.kept())
    assert one.kept() != from_words(["email=a"]).kept()


def test_rocket_chats_users_keep_their_ids_and_passwords() -> None:
    assert from_words(["rocketchat"]).cells(ROCKETCHAT) == {
        "short_id": "aobEdbYhXfu5hkeqG",
        "email": "ana@example.org",
        "username": "ana",
        "name": "Ana Silva",
        "activated": True,
        "suspended": False,
        "password_hash": "$2b$10$hash",
        "hash_format": "rocketchat",
        "totp_secret": "JBSWY3DPEHPK3PXP",
    }


def test_rocket_chats_deactivated_are_suspended_and_unverified_not_activated() -> None:
    unverified = [{"address": "ana@example.org", "verified": False}]

    cells = from_words(["rocketchat"]).cells(ROCKETCHAT | {"active": False, "emails": unverified})

    assert (cells["suspended"], cells["activated"]) == (True, False)


def test_rocket_chats_unfinished_second_factor_is_none() -> None:
    begun = {"totp": {"enabled": False, "tempSecret": "x", "secret": "JBSWY3DPEHPK3PXP"}}

    cells = from_words(["rocketchat"]).cells(ROCKETCHAT | {"services": begun})

    assert "totp_secret" not in cells
    assert "password_hash" not in cells


def test_a_ready_made_mapping_is_changed_by_hand() -> None:
    cells = from_words(["rocketchat", "activated=active"]).cells(
        ROCKETCHAT | {"emails": [{"address": "ana@example.org", "verified": False}]}
    )

    assert cells["activated"] is True


def test_hasuras_accounts_are_known_by_their_users() -> None:
    assert from_words(["hasura"]).cells(HASURA) == {
        "id": "22222222-2222-4222-8222-222222222222",
        "email": "ana@example.org",
        "activated": True,
        "password_hash": "$2a$10$hash",
        "totp_secret": "JBSWY3DPEHPK3PXP",
    }


def test_hasuras_accounts_without_a_user_keep_their_own_id() -> None:
    assert from_words(["hasura"]).cells(HASURA | {"user_id": None})["id"] == HASURA["id"]


@pytest.mark.parametrize(
    ("written", "has"), [("t", True), ("f", False), ("", False), (False, False)]
)
def test_hasuras_second_factor_counts_where_it_is_on(written: object, has: bool) -> None:  # noqa: FBT001 (a case)
    cells = from_words(["hasura"]).cells(HASURA | {"mfa_enabled": written})

    assert ("totp_secret" in cells) is has


def test_keycloaks_users_are_read() -> None:
    cells = from_words(["keycloak"]).cells(KEYCLOAK)
    password = json.loads(cells.pop("password_hash"))

    assert password["secretData"] == '{"value": "x"}'
    assert cells == {
        "id": "44444444-4444-4444-8444-444444444444",
        "email": "ana@example.org",
        "username": "ana",
        "name": "Ana Silva",
        "activated": True,
        "suspended": False,
        "hash_format": "keycloak",
        "totp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    }


@pytest.mark.parametrize(
    ("changes", "secret"),
    [
        ({"digits": 8}, "-"),
        ({"period": 60}, "-"),
        ({"algorithm": "HmacSHA256"}, "-"),
        ({"subType": "hotp"}, "-"),
        ({"secretEncoding": "BASE32"}, "12345678901234567890"),
    ],
)
def test_keycloaks_apps_with_other_codes_are_no_secret(
    changes: dict[str, object], secret: str
) -> None:
    password, app = KEYCLOAK["credentials"]
    said = json.loads(app["credentialData"]) | changes
    changed = [password, app | {"credentialData": json.dumps(said)}]

    assert (
        from_words(["keycloak"]).cells(KEYCLOAK | {"credentials": changed})["totp_secret"] == secret
    )


@pytest.mark.parametrize("system", ["rocketchat", "hasura", "keycloak"])
@pytest.mark.parametrize(
    "row",
    [
        {},
        {"emails": 7, "services": [], "credentials": [7]},
        {"emails": [7], "services": {"totp": 1}, "credentials": [{"type": []}]},
        {"credentials": [{"type": "otp"}, {"type": "password"}], "firstName": 7},
        {"credentials": [{"type": "otp", "secretData": "[]", "credentialData": "7"}]},
    ],
)
def test_rows_of_another_shape_harm_nobody(system: str, row: dict[str, Any]) -> None:
    assert "email" not in from_words([system]).cells(row)
