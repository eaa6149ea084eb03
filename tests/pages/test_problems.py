from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from app.clock import now
from app.errors import (
    Busy,
    InvalidSetting,
    Locked,
    MembershipLocked,
    PasswordRefused,
    Refusal,
    ResendTooSoon,
    TooManyCodes,
    TooManyTries,
)
from app.operations.lockout import FOREVER
from app.pages import problems
from app.security.password_rules import Problem


def kinds(of: type[Refusal]) -> Iterator[type[Refusal]]:
    yield of
    for kind in of.__subclasses__():
        yield from kinds(kind)


def example(kind: type[Refusal]) -> Refusal:
    if kind in {Locked, MembershipLocked, TooManyCodes}:
        return kind(now() + timedelta(minutes=12))
    if kind in {TooManyTries, Busy, ResendTooSoon}:
        return kind(42)
    if kind is PasswordRefused:
        return PasswordRefused(["too_short"], 8)
    return kind("a sentence") if kind is InvalidSetting else kind()


@pytest.mark.parametrize("kind", [*kinds(Refusal)])
def test_every_refusal_has_a_sentence_and_a_status(portal: Flask, kind: type[Refusal]) -> None:
    with portal.test_request_context():
        said = problems.sentence(example(kind))

    assert said.endswith(".")
    assert "%" not in said
    assert 400 <= problems.status(example(kind)) < 600


def test_no_sentence_is_left_over() -> None:
    assert set(problems.SENTENCES) == {kind.reason for kind in kinds(Refusal)}
    assert set(problems.STATUSES) < set(problems.SENTENCES)


@pytest.mark.parametrize("problem", [*Problem])
def test_every_problem_of_a_password_has_a_sentence(portal: Flask, problem: Problem) -> None:
    with portal.test_request_context():
        assert problems.password_sentence(problem, 8).endswith(".")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "in 1 second"), (42, "in 42 seconds"), (61, "in 2 minutes"), (720, "in 12 minutes")],
)
def test_waiting_is_told_in_whole_units_and_never_too_short(
    portal: Flask, seconds: int, words: str
) -> None:
    with portal.test_request_context():
        assert words in problems.sentence(TooManyTries(seconds))


def test_no_end_is_promised_of_a_lock_that_has_none(portal: Flask) -> None:
    with portal.test_request_context():
        said = problems.sentence(TooManyCodes(now() + FOREVER))

    assert "Set a new password by mail" in said
    assert "in 100 years" not in said
