"""Everything that is ever written down has a sentence."""

import pytest
from flask import Flask

from app.models import AuditEvent, Factor, Interface, Role
from app.operations import history
from app.pages import event_words
from tests import factories
from tests.operations.signing_in import WRONG, fail, reason
from tests.pages import written_down


def test_the_search_finds_what_stands_plainly_and_what_is_handed_on() -> None:
    found = written_down.words()

    assert {"sign_in_failed", "password_changed"} <= found  # as they stand
    assert {"signed_in", "seat_taken", "confirmed"} <= found  # assigned before
    assert {"membership_added", "membership_removed"} <= found  # handed to a helper
    assert {"pin_chosen", "app_disabled"} <= found  # handed to another module


def test_every_event_that_the_code_writes_has_a_sentence() -> None:
    assert written_down.words() - set(event_words.SENTENCES) == set()


def test_no_sentence_is_for_what_nobody_writes() -> None:
    assert set(event_words.SENTENCES) - written_down.words() == set()
    assert set(event_words.SENTENCES) >= history.SIGN_INS


def event(what: str, **details: object) -> AuditEvent:
    return AuditEvent(what=what, interface=Interface.PAGES, address="", details=details)


@pytest.mark.parametrize("what", event_words.SENTENCES)
def test_every_sentence_is_plain_text(portal: Flask, what: str) -> None:
    with portal.test_request_context():
        said = event_words.sentence(event(what))

    assert said[0].isupper()
    assert "%" not in said
    assert not said.endswith((".", "!"))


def test_what_a_newer_doorward_wrote_is_told_by_its_name(portal: Flask) -> None:
    with portal.test_request_context():
        assert event_words.sentence(event("flew_100%")).endswith(": flew_100%")
        assert event_words.facts(event("flew", reason="high", factor=3, role=None), None) == []


@pytest.mark.parametrize("factor", list(Factor))
def test_every_factor_has_words(portal: Flask, factor: Factor) -> None:
    with portal.test_request_context():
        [words] = event_words.facts(event("signed_in", factor=factor.value), None)

    assert words


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_words(portal: Flask, role: Role) -> None:
    with portal.test_request_context():
        [words] = event_words.facts(event("membership_added", role=role.value), None)

    assert words.startswith("As ")


@pytest.mark.usefixtures("portal")
def test_the_reasons_why_a_sign_in_fails_have_words() -> None:
    suspended, new = factories.account(), factories.account(activated=False)
    suspended.suspended_at = suspended.created_at
    shut, locked = factories.account(), factories.account()
    closed = factories.organisation()
    closed.suspended_at = closed.created_at
    factories.membership(shut, closed)
    factories.membership(locked, factories.organisation(settings={"maxFailedSignInAttempts": 2}))
    fail(locked.email, 2)

    reasons = {reason(who.email) for who in (suspended, new, locked)}
    reasons |= {reason("nobody@example.org"), reason(shut.email), reason(shut.email, WRONG)}

    assert len(reasons) == 6
    assert reasons <= set(event_words.REASONS)
