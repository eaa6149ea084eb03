"""Secrets to hand out, and what is kept of them."""

import re
import uuid

import pytest

from app.security import tokens


def test_a_secret_has_256_bits_in_43_url_safe_characters() -> None:
    secrets = {tokens.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(re.fullmatch(r"[\w-]{43}", secret, re.ASCII) for secret in secrets)


def test_a_uuid_is_of_version_4() -> None:
    made = tokens.new_uuid()

    assert str(uuid.UUID(made)) == made
    assert uuid.UUID(made).version == 4


def test_a_pin_has_six_digits_leading_zeros_kept() -> None:
    pins = [tokens.new_pin() for _ in range(300)]

    assert all(re.fullmatch(r"[0-9]{6}", pin) for pin in pins)
    assert any(pin.startswith("0") for pin in pins)


def test_a_short_id_has_17_characters_that_nobody_mistakes() -> None:
    made = tokens.new_short_id()

    assert re.fullmatch(r"[2-9A-HJ-NP-TW-Za-km-z]{17}", made)


def test_a_typed_code_is_shown_in_two_groups() -> None:
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", tokens.new_typed_code())


@pytest.mark.parametrize(
    "typed",
    [
        "K7QF3-M9TX1",
        "k7qf3m9tx1",
        " K7QF3 M9TX1 ",
        "k7qf3\u2013m9txl",
        "K7Q F3M 9TXI",
        "K7QF3-M9TX1\n",
    ],
)
def test_a_typed_code_may_be_typed_carelessly(typed: str) -> None:
    assert tokens.normal_typed_code(typed) == "K7QF3M9TX1"


def test_a_typed_code_read_as_o_is_the_zero_it_is() -> None:
    assert tokens.normal_typed_code("ooooo-OOOOO") == "0000000000"


def test_a_digest_is_sha_256() -> None:
    assert tokens.digest("abc").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_a_keyed_digest_keeps_its_parts_apart() -> None:
    key = b"k" * 32

    assert tokens.keyed_digest(key, "ab", "c") != tokens.keyed_digest(key, "a", "bc")
    assert tokens.keyed_digest(key, "ab") != tokens.keyed_digest(key, "ab", "")
    assert tokens.keyed_digest(key, "ab") != tokens.keyed_digest(b"l" * 32, "ab")
    assert tokens.keyed_digest(key, "ab") == tokens.keyed_digest(key, "ab")


def test_a_keyed_digest_tells_a_nul_at_the_end() -> None:
    assert tokens.keyed_digest(b"k", "x") != tokens.keyed_digest(b"k", "x\0")


def test_half_a_surrogate_pair_is_a_wrong_secret_and_no_failure() -> None:
    assert not tokens.same("\ud800", "right")
    assert tokens.digest("\ud800") != tokens.digest("\ud801")
    assert tokens.keyed_digest(b"k", "\ud800") != tokens.keyed_digest(b"k", "")


def test_same_tells_equal_from_unequal() -> None:
    assert tokens.same("grün", "grün")
    assert not tokens.same("grün", "grun")
