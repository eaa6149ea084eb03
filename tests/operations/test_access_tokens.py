"""Signed access tokens: good as long as their session, and signed with keys that change."""

import base64
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import config, db
from app.errors import TicketRefused
from app.models import Account, SigningKey
from app.operations import access_tokens, administration, refreshing, sessions, signing_keys
from app.security import jwt
from tests import factories
from tests.conftest import KEY, Clock
from tests.factories import VISITOR
from tests.operations.test_races import WON, at_once
from tests.operations.test_refreshing import signed_in

pytestmark = pytest.mark.usefixtures("portal")

NEW_KEY = "a newer key for tests only: as long: 9876543210"


def payload(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found


def lives(token: str) -> bool:
    try:
        access_tokens.find(token)
    except TicketRefused:
        return False
    return True


def keys() -> list[SigningKey]:
    db.session().rollback()
    return list(db.session().scalars(select(SigningKey).order_by(SigningKey.created_at)))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_token_finds_its_session(algorithm: str, change_settings: Callable[..., None]) -> None:
    change_settings(jwt_algorithm=algorithm)
    opened = signed_in()

    token = access_tokens.issue(opened.session, access_tokens.SHORT)

    assert access_tokens.find(token).id == opened.session.id
    assert [key.algorithm for key in keys()] == [algorithm]


def test_it_says_who_for_whom_and_for_how_long(clock: Clock) -> None:
    who = factories.account()
    opened = signed_in(who)

    said = payload(access_tokens.issue(opened.session, access_tokens.SHORT))

    seconds = int(clock.time.timestamp())
    assert uuid.UUID(said.pop("jti"))
    assert said == {
        "iss": config.current().base_url,
        "aud": "doorward",
        "sub": str(who.id),
        "sid": str(opened.session.id),
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + 900,
        "https://hasura.io/jwt/claims": {
            "x-hasura-user-id": str(who.id),
            "x-hasura-allowed-roles": ["user"],
            "x-hasura-default-role": "user",
        },
    }


def test_a_short_token_ends_after_a_quarter_of_an_hour(clock: Clock) -> None:
    token = access_tokens.issue(signed_in().session, access_tokens.SHORT)

    clock.advance(timedelta(minutes=14, seconds=58))
    assert lives(token)
    clock.advance(timedelta(seconds=2))
    assert not lives(token)


def test_no_token_outlives_its_session(clock: Clock) -> None:
    opened = signed_in()
    clock.advance(timedelta(days=30) - timedelta(minutes=5))

    soon = payload(access_tokens.issue(opened.session, access_tokens.SHORT))["exp"]
    long = payload(access_tokens.issue(opened.session))["exp"]

    assert soon == long == int(opened.session.expires_at.timestamp())


def _sign_out(_who: Account, token: str) -> None:
    sessions.end(access_tokens.find(token), VISITOR)


def _suspend(who: Account, _token: str) -> None:
    administration.suspend_account(who, VISITOR)


def _revoke(who: Account, _token: str) -> None:
    refreshing.revoke(who, VISITOR)


@pytest.mark.parametrize("end", [_sign_out, _suspend, _revoke])
def test_a_token_dies_with_its_session(end: Callable[[Account, str], None]) -> None:
    who = factories.account()
    token = access_tokens.issue(signed_in(who).session)

    end(who, token)

    assert not lives(token)


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": str(uuid.uuid4())},
        {"sid": str(uuid.uuid4())},
        {"sid": "no uuid"},
        {"iss": "https://elsewhere.example.org"},
        {"aud": "https://elsewhere.example.org"},
    ],
)
def test_what_our_own_key_signed_still_has_to_be_meant_for_us(changed: dict[str, str]) -> None:
    said = payload(access_tokens.issue(signed_in().session))
    in_force = signing_keys.current()

    assert lives(jwt.sign(said, in_force.signing, in_force.algorithm))
    assert not lives(jwt.sign({**said, **changed}, in_force.signing, in_force.algorithm))


@pytest.mark.parametrize("bearer", ["", ".", "..", "a.b.c", "x" * 5_000, "é.é.é", "\ud800"])
def test_what_is_no_bearer_finds_nothing(bearer: str) -> None:
    assert not lives(bearer)


def test_a_rotation_signs_nobody_out(clock: Clock) -> None:
    opened = signed_in()
    before = access_tokens.issue(opened.session)

    signing_keys.rotate()
    clock.advance(timedelta(seconds=1))

    after = access_tokens.issue(opened.session)
    assert lives(before)
    assert lives(after)
    assert before.split(".")[0] != after.split(".")[0]


def test_a_key_is_deleted_once_its_last_token_has_expired(clock: Clock) -> None:
    signing_keys.current()
    clock.advance(timedelta(seconds=1))
    signing_keys.rotate()

    clock.advance(timedelta(hours=23))
    signing_keys.rotate()
    assert len(keys()) == 3
    clock.advance(timedelta(hours=2))
    signing_keys.rotate()

    assert len(keys()) == 3


def test_what_another_worker_signed_with_a_key_made_just_now_is_good() -> None:
    opened = signed_in()
    ours = signing_keys.current()
    signing_keys.rotate()
    theirs = access_tokens.issue(opened.session)
    signing_keys._known[:] = [ours]  # as a worker that has not looked since

    assert lives(theirs)


def test_another_algorithm_leaves_older_tokens_good(change_settings: Callable[..., None]) -> None:
    opened = signed_in()
    before = access_tokens.issue(opened.session)

    change_settings(jwt_algorithm="EdDSA")
    signing_keys.forget()

    assert lives(before)
    assert lives(access_tokens.issue(opened.session))
    assert {key["alg"] for key in signing_keys.current().public} == {"ES256", "EdDSA"}


def test_private_keys_are_sealed() -> None:
    signing_keys.current()
    [kept] = keys()

    assert '"d"' not in kept.sealed_private
    assert "d" not in kept.public


def test_a_new_secret_key_opens_what_the_old_one_sealed(
    change_settings: Callable[..., None],
) -> None:
    token = access_tokens.issue(signed_in().session)

    change_settings(secret_key=f"{NEW_KEY},{KEY}")
    signing_keys.forget()

    assert lives(token)
    assert len(keys()) == 1


def test_where_the_old_secret_key_is_gone_a_new_pair_signs_and_the_old_still_verifies(
    change_settings: Callable[..., None],
) -> None:
    opened = signed_in()
    before = access_tokens.issue(opened.session)

    change_settings(secret_key=NEW_KEY)
    signing_keys.forget()

    assert lives(access_tokens.issue(opened.session))
    assert lives(before)
    assert len(keys()) == 2


def test_a_sealed_key_opens_in_no_other_row() -> None:
    signing_keys.current()
    db.session().execute(update(SigningKey).values(id="another"))
    db.session().commit()
    signing_keys.forget()

    signing_keys.current()

    assert len(keys()) == 2  # the moved one does not open: another was made


def test_fifty_who_need_the_first_key_all_can_be_verified(portal: Flask) -> None:
    session_id = signed_in().session.id
    tokens: list[str] = []

    def issue(_number: int) -> None:
        signing_keys.forget()
        tokens.append(access_tokens.issue(sessions.find_by_id(session_id)))

    ended = at_once(portal, issue)

    signing_keys.forget()
    assert ended[WON] == 50
    assert all(lives(token) for token in tokens)
    assert db.session().scalar(select(func.count()).select_from(SigningKey))
