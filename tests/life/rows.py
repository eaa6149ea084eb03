"""What must hold of all that is stored, after every step."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from app.models import Counted, Interface
from tests.life.ends import Ends
from tests.life.people import Tries, meets
from tests.life.portal import Row, Rows
from tests.life.sittings import Sitting

DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}(?![0-9A-Za-z])")
SIGNED = {Interface.BEARER_TOKEN, Interface.INTEDASHBOARD, Interface.HASURA_BACKEND_PLUS}
BY_PASSWORD = {Counted.IDENTITY, Counted.MEMBERSHIP}


COMPARED = {
    "accounts",
    "failed_sign_ins",
    "memberships",
    "passwords",
    "pending_sign_ins",
    "recovery_codes",
    "refresh_tokens",
    "remembered_devices",
    "seats",
    "sessions",
    "totp_devices",
}


def check(before: Rows, rows: Rows, life: Ends) -> None:
    sessions_are_those_that_ought_to_be(rows, life)
    policies_are_met(rows, life)
    handles_open_once(rows, life)
    people_are_as_they_were_left(rows, life)
    factors_are_spent_and_counted(rows, life)
    failures_are_not_forgotten(before, rows, life)
    families_have_one_heir(rows, life)
    devices_are_trusted_as_they_ought_to_be(rows, life)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def sessions_are_those_that_ought_to_be(rows: Rows, life: Ends) -> None:
    """None is there that no client was told of, none is missing, none lives too long."""
    live = {row["id"]: row for row in rows["sessions"] if _lives(row, life.now())}
    ought = {sitting.id: sitting for sitting in life.sittings}
    assert live.keys() == ought.keys(), "other sessions live than ought to"
    for name, sitting in ought.items():
        assert _session(live[name]) == _sitting(sitting)
        assert sitting.interface in SIGNED or live[name]["digest"] == digest(sitting.bearer)
        held = {seat["membership_id"]: seat["factor"] for seat in _seats(rows, name)}
        assert held == {each.member.id: each.factor for each in sitting.seats}


def policies_are_met(rows: Rows, life: Ends) -> None:
    """Say it once more, straight from the promise: why each session, and each seat, may live."""
    proved = {row["id"]: row["account_proved_at"] for row in rows["sessions"]}
    for sitting in life.sittings:
        person = sitting.person
        assert person.open or person.shut
        assert proved[sitting.id] or _seats(rows, sitting.id), "a session without a reason"
        if proved[sitting.id]:
            assert any(meets(each, person.demand) for each in sitting.shown)
        for seat in sitting.seats:
            assert seat.member in person.members
            assert seat.member.live
            assert seat.factor in sitting.shown
            assert meets(seat.factor, seat.member.demand)
            assert person.good_at(seat.member) is seat.password


def handles_open_once(rows: Rows, life: Ends) -> None:
    kept = {row["digest"]: row for row in rows["pending_sign_ins"]}
    for way in (way for proof in life.proofs for way in proof.ways if way.handle):
        row = kept.get(digest(way.handle))
        assert not (row and way.over), "a handle that was spent is still there"
        assert row is None or row["tries_left"] == way.tries


def people_are_as_they_were_left(rows: Rows, life: Ends) -> None:
    """Each account that somebody was told of is there exactly once, and opens as it ought to."""
    here = {person.id: person for person in life.people if not person.removed}
    assert {row["id"] for row in rows["accounts"]} == here.keys()
    members = {each.id for person in here.values() for each in person.members}
    assert {row["id"] for row in rows["memberships"]} == members
    passwords = Counter(row["account_id"] for row in rows["passwords"])
    assert passwords == {name: len(person.passwords) for name, person in here.items()}
    for row in rows["accounts"]:
        person, facts = (
            here[row["id"]],
            ("activated_at", "suspended_at", "pin_chosen_at", "removal_due_at"),
        )
        ought = (person.activated, person.suspended, person.pin_chosen, person.leaves is not None)
        assert tuple(row[name] is not None for name in facts) == ought


def factors_are_spent_and_counted(rows: Rows, life: Ends) -> None:
    """No step of an app comes back, no code, and no try that was counted."""
    steps = {r["account_id"]: r["last_step"] for r in rows["totp_devices"] if r["confirmed_at"]}
    waiting = {r["account_id"] for r in rows["totp_devices"] if not r["confirmed_at"]}
    codes = Counter(row["account_id"] for row in rows["recovery_codes"])
    for person in (each for each in life.people if not each.removed):
        assert steps.get(person.id) == (person.app.last_step if person.app else None)
        assert (person.id in waiting) == (person.pending is not None)
        assert codes[person.id] == len(person.recovery)
        for counted, tries in (
            (Counted.FACTOR, person.in_an_hour),
            (Counted.FACTOR_EVER, person.in_a_row),
        ):
            assert _failures(rows, counted, str(person.id), life.now()) == _made(tries, life.now())


def failures_are_not_forgotten(before: Rows, rows: Rows, life: Ends) -> None:
    """Wrong passwords stay counted until a right one, a reset, an unlocking, or time."""
    forgiven = [str(p.id) for p in life.settled] + [
        str(m.id) for p in life.settled for m in p.members
    ]
    for row in before.get("failed_sign_ins", []):
        kept = _failures(rows, row["counted"], row["subject"], life.now())
        counts = row["counted"] in BY_PASSWORD and _counts(row, life.now())
        excused = any(name in row["subject"] for name in forgiven)
        assert excused or not counts or kept >= row["failures"]


def families_have_one_heir(rows: Rows, life: Ends) -> None:
    """Of each live session's refresh tokens exactly one is good, and all are known."""
    tokens = defaultdict(list)
    for row in rows["refresh_tokens"]:
        tokens[row["session_id"]].append(row)
    for sitting in life.sittings:
        family = tokens[sitting.id]
        assert {row["digest"] for row in family} == {digest(each.token) for each in sitting.family}
        assert sum(row["used_at"] is None for row in family) == bool(sitting.family)


def devices_are_trusted_as_they_ought_to_be(rows: Rows, life: Ends) -> None:
    """A browser answers for those who asked it to, for what they showed and for so long."""
    ought = Counter(
        (person.id, trust.factor, trust.shown_at, trust.ends)
        for device in life.devices
        for person, trust in device.trust.items()
        if trust.ends > life.now()
    )
    kept = (row for row in rows["remembered_devices"] if row["expires_at"] > life.now())
    names = ("account_id", "factor", "proved_at", "expires_at")
    assert Counter(tuple(row[name] for name in names) for row in kept) == ought


def nothing_is_kept_in_plain(rows: Rows, secrets: set[str]) -> None:
    """No column holds a secret that anybody was told: no password, PIN, code, token or ticket."""
    text = "\n".join(_texts(rows))
    digits = set(DIGITS.findall(text))
    found = [each for each in secrets if (each in digits if len(each) == 6 else each in text)]
    assert not found, "a secret stands in the database"


def _texts(rows: Rows) -> Iterator[str]:
    for row in (row for table in rows.values() for row in table):
        for value in row.values():
            if isinstance(value, str | dict | list):
                yield str(value)


def _session(row: Row) -> dict[str, Any]:
    names = ("factor", "factor_proved_at", "account_proved_at", "expires_at", "last_seen_at")
    return {
        "account": row["account_id"],
        "interface": row["interface"],
        **{name: row[name] for name in names},
        "trusted": row["remembered_device_id"] is not None,
    }


def _sitting(sitting: Sitting) -> dict[str, Any]:
    return {
        "account": sitting.person.id,
        "interface": sitting.interface,
        "factor": sitting.factor,
        "factor_proved_at": sitting.factor_at,
        "account_proved_at": sitting.proved_at,
        "expires_at": sitting.ends,
        "last_seen_at": sitting.seen,
        "trusted": sitting.trust is not None,
    }


def _lives(row: Row, at: datetime) -> bool:
    idle = timedelta(seconds=row["idle_seconds"])
    return bool(at < row["expires_at"] and at < row["last_seen_at"] + idle)


def _seats(rows: Rows, session_id: object) -> list[Row]:
    return [row for row in rows["seats"] if row["session_id"] == session_id]


def _counts(row: Row, at: datetime) -> bool:
    locked = row["locked_until"]
    return bool(row["window_ends_at"] > at and (locked is None or locked > at))


def _failures(rows: Rows, counted: Counted, subject: str, at: datetime) -> int:
    named = [
        r for r in rows["failed_sign_ins"] if (r["counted"], r["subject"]) == (counted, subject)
    ]
    return sum(row["failures"] for row in named if _counts(row, at))


def _made(tries: Tries, at: datetime) -> int:
    over = tries.ends is None or tries.ends <= at or (tries.locked and tries.locked <= at)
    return 0 if over else tries.made
