"""Taking one's data along: all of it, as documented, and nothing that opens anything."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, String, Text, select

from app import db
from app.clock import now
from app.errors import ProofRequired
from app.models import (
    Account,
    AuditEvent,
    DirectoryEntry,
    Factor,
    Passkey,
    RecoveryCode,
    RecoverySheet,
    RememberedDevice,
    Role,
    Session,
)
from app.operations import (
    addresses,
    audit,
    impersonation,
    own_data,
    passwords,
    refreshing,
    removal,
    totp_setup,
    unlocking,
)
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, VISITOR
from tests.operations.administrators import superuser
from tests.operations.signing_in import signed_in

pytestmark = pytest.mark.usefixtures("portal")

DOCUMENT = Path(__file__).parents[2] / "docs" / "your-data.md"
# Columns by these names hold a secret, or something that stands for one.
SECRET = re.compile(r"digest|hash|sealed|secret|public_key|credential_id|^code|^pin$|bearer|token")


def rich() -> Session:
    """Return the session of somebody who has some of everything."""
    who = factories.account("ann@example.org", username="ann", name="Ann")
    place = factories.organisation("Elm School")
    factories.membership(who, place, Role.TEACHER)
    factories.own_password(who, place)
    factories.membership(who, factories.organisation("Oak Academy"))
    signed_in(who, OWN_PASSWORD)
    session = signed_in(who).session
    passwords.forgotten("ann@example.org", VISITOR)
    unlocking.send("ann@example.org", VISITOR)
    addresses.ask(session, "new@example.org", VISITOR)
    refreshing.begin(session)
    totp_setup.pending_secret(who)
    db.session().commit()
    removal.schedule(session, VISITOR)
    add_factors(who)
    impersonation.start(superuser(), who.id, "Ann cannot find her course.", VISITOR)
    session.factor, session.factor_proved_at = Factor.PASSKEY, now()  # as the passkey now demands
    db.session().commit()
    return session


def add_factors(who: Account) -> None:
    factories.invitation(factories.organisation(), who.email or "", by=factories.account())
    factories.saved(DirectoryEntry(account_id=who.id, key="entry of ann"))
    key, credential = b"the public key of a passkey", "credential-id-of-a-passkey"
    soon = now() + timedelta(days=1)
    factories.saved(
        Passkey(account_id=who.id, credential_id=credential, public_key=key, name="My telephone")
    )
    factories.saved(RecoveryCode(account_id=who.id, digest="digest-of-a-recovery-code"))
    factories.saved(RecoverySheet(account_id=who.id, sealed="sealed-sheet", expires_at=soon))
    factories.saved(
        RememberedDevice(
            account_id=who.id,
            digest="digest-of-a-device",
            factor=Factor.PIN,
            expires_at=soon,
            address="192.0.2.1",
            user_agent="Firefox",
        )
    )


def exported(session: Session) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("".join(own_data.export(session, VISITOR)))
    return found


def secret_columns() -> list[Column[Any]]:
    """Return every column of every table that the export must never show."""
    return [
        column
        for table in db.Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | Text | LargeBinary) and SECRET.search(column.name)
    ]


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for each in value.values() for name in keys_of(each)}
    return {name for each in value for name in keys_of(each)} if isinstance(value, list) else set()


def test_all_of_it_is_there() -> None:
    found = exported(rich())

    assert found["format"] == own_data.FORMAT
    assert found["account"]["email"] == "ann@example.org"
    assert found["account"]["username"] == "ann"
    assert found["account"]["removal_due_at"]
    places = {(each["organisation"], each["role"]) for each in found["memberships"]}
    assert places == {("Elm School", "Teacher"), ("Oak Academy", "Student")}
    assert {each["organisation"] for each in found["passwords"]} == {None, "Elm School"}
    assert [each["name"] for each in found["passkeys"]] == ["My telephone"]
    assert [each["new_email"] for each in found["address_changes"]] == ["new@example.org"]
    assert [each["reason"] for each in found["impersonations"]] == ["Ann cannot find her course."]
    assert {each["kind"] for each in found["mails"]} == {
        "reset",
        "unlock",
        "new_address",
        "new_device",
        "removal_scheduled",
        "impersonated",
    }
    assert {each["state"] for each in found["mails"]} == {"waiting"}
    assert [each["network"] for each in found["known_networks"]] == ["192.0.2.1/32"]
    assert [each["what"] for each in found["history"]][-1] == "data_exported"
    assert found["history"][0]["by_administrator"] is False
    for one in ("authenticator_apps", "recovery_codes", "remembered_devices", "sessions", "seats"):
        assert len(found[one]) == 1, one


def test_what_a_directory_calls_somebody_is_there() -> None:
    found = exported(rich())

    assert [each["key"] for each in found["directory_entries"]] == ["entry of ann"]


def test_invitations_are_theirs_who_have_the_address_or_accepted_them() -> None:
    host, place = factories.account(name="Host"), factories.organisation("Elm School")
    who = factories.account("new@example.org")
    accepted = factories.invitation(place, "former@example.org", Role.TEACHER, host)
    accepted.accepted_at, accepted.accepted_by_id = now(), who.id
    factories.saved(accepted)
    factories.invitation(place, "somebody@example.org", Role.TEACHER, host)

    factories.invitation(place, "new@example.org", Role.STUDENT, host)

    found = exported(signed_in(who).session)["invitations"]

    told = [(each["email"], each["role"], each["invited_by"]) for each in found]
    assert told == [
        ("former@example.org", "Teacher", "Host"),
        ("new@example.org", "Student", "Host"),
    ]
    assert exported(signed_in(host).session)["invitations"] == []


def test_the_secret_columns_are_those_that_we_know_of() -> None:
    """If this fails, say whether the new column holds a secret: SECRET finds them by name."""
    named = {f"{column.table.name}.{column.name}" for column in secret_columns()}

    assert named >= {
        "passwords.hash",
        "sessions.digest",
        "refresh_tokens.digest",
        "totp_devices.sealed_secret",
        "passkeys.public_key",
        "passkeys.credential_id",
        "recovery_codes.digest",
        "recovery_sheets.sealed",
        "remembered_devices.digest",
        "address_tickets.digest",
        "address_tickets.code_digest",
        "reset_tickets.digest",
        "unlock_tickets.digest",
        "outgoing_mails.sealed",
    }


def test_no_secret_and_nothing_that_stands_for_one_is_in_it() -> None:
    session = rich()
    secret = {
        (column.table.name, column.name, text_of(value))
        for column in secret_columns()
        for value in db.session().scalars(select(column))
        if value
    }
    assert {table for table, _, _ in secret} >= {
        "passwords",
        "sessions",
        "refresh_tokens",
        "totp_devices",
        "passkeys",
        "recovery_codes",
        "recovery_sheets",
        "remembered_devices",
        "address_tickets",
        "reset_tickets",
        "unlock_tickets",
        "outgoing_mails",
    }
    mailed = [word for mail in factories.mails() for word in factories.words(mail).values()]
    codes = [word for word in mailed if "ticket=" in word or re.fullmatch(r"\w{5}-\w{5}", word)]
    assert len(codes) == 8

    written = "".join(own_data.export(session, VISITOR))

    assert [each for each in secret if each[2] in written] == []
    assert [word for word in codes if word in written] == []
    assert [name for name in keys_of(json.loads(written)) if SECRET.search(name)] == []


def text_of(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def test_it_has_the_documented_shape() -> None:
    [example] = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)

    assert shape(exported(rich())) == shape(json.loads(example))


def shape(value: object) -> object:
    """Return the names in a document: of a list, those of all its rows together."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items() if name != "details"}
    if isinstance(value, list):
        return sorted({name for row in value for name in row})
    return None


def test_nothing_of_others_is_in_it() -> None:
    other = factories.account("other@example.org")
    signed_in(other)
    passwords.forgotten("other@example.org", VISITOR)

    written = json.dumps(exported(rich()))

    assert "other@example.org" not in written
    assert str(other.id) not in written


def test_it_asks_for_a_fresh_proof_before_the_first_word(clock: Clock) -> None:
    session = signed_in(factories.account()).session
    clock.advance(timedelta(minutes=10))

    with pytest.raises(ProofRequired):
        own_data.export(session, VISITOR)


def test_a_mere_seat_takes_nothing_along() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)

    with pytest.raises(ProofRequired):
        own_data.export(signed_in(who, OWN_PASSWORD).session, VISITOR)


def test_it_is_written_down_even_where_nobody_reads_to_the_end() -> None:
    session = signed_in(factories.account()).session

    own_data.export(session, VISITOR)

    taken = select(AuditEvent.account_id).where(AuditEvent.what == "data_exported")
    assert list(db.session().scalars(taken)) == [session.account_id]


def test_a_long_history_comes_whole_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "BATCH", 7)
    session = signed_in(factories.account()).session
    with db.transaction():
        for number in range(30):
            audit.record("name_changed", VISITOR, account_id=session.account_id, count=number)

    found = exported(session)

    counts = [e["details"]["count"] for e in found["history"] if e["what"] == "name_changed"]
    assert counts == list(range(30))


def test_rows_of_one_moment_come_once_each(
    clock: Clock,  # noqa: ARG001 (time stands still)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_data, "BATCH", 2)
    who = factories.account()
    for number in range(5):
        factories.membership(who, factories.organisation(f"Place {number}"))

    found = exported(signed_in(who).session)

    places = sorted(each["organisation"] for each in found["memberships"])
    assert places == [f"Place {number}" for number in range(5)]


def test_no_connection_is_held_while_it_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "BATCH", 2)
    session = rich()

    held = [in_use() for _piece in own_data.export(session, VISITOR)]

    assert len(held) > 20
    assert set(held) == {0}


def in_use() -> int:
    pool: Any = db.db.engine.pool
    return int(pool.checkedout())
