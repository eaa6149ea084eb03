"""Keeping passwords and comparing with them."""

import re
import resource
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from app.security import passwords

STRONG = passwords.hasher  # before the tests of all else put a cheap one in its place
FAMILY = "\U0001f469\U0001f9d1\U0001f466\U0001f431" * 32


def test_a_password_matches_its_own_hash_only() -> None:
    hashed = passwords.hash_password("correct horse")

    assert passwords.matches("correct horse", hashed)
    assert not passwords.matches("correct horsf", hashed)


def test_the_real_hasher_has_the_parameters_that_owasp_asks_for() -> None:
    made = extract_parameters(STRONG.hash("correct horse"))

    assert made.type is Type.ID
    assert (made.memory_cost, made.time_cost, made.parallelism) == (19_456, 2, 1)
    assert made.salt_len >= 16


@pytest.mark.parametrize(
    ("password", "other"),
    [(" lead", "lead"), ("trail ", "trail"), ("\uff21", "A"), ("ﬁsh", "fish"), ("Ann", "ann")],
)
def test_nothing_is_trimmed_or_folded(password: str, other: str) -> None:
    hashed = passwords.hash_password(password)

    assert passwords.matches(password, hashed)
    assert not passwords.matches(other, hashed)


def test_a_letter_typed_in_two_strokes_is_the_letter() -> None:
    assert passwords.matches("zoe\u0308 sleeps", passwords.hash_password("zoë sleeps"))


def test_128_wide_characters_count_to_the_last() -> None:
    hashed = passwords.hash_password(FAMILY)

    assert len(FAMILY.encode()) == 512
    assert passwords.matches(FAMILY, hashed)
    assert not passwords.matches(FAMILY[:-1] + "\U0001f436", hashed)


def test_128_letters_of_two_strokes_are_not_too_long() -> None:
    assert not passwords.too_long("e\u0308" * 128)


@pytest.mark.parametrize(
    "password", ["a" * 129, "e\u0308" * 129, "a\0b", "\0", "a" * 9 + "\ud800", "a\u0301" * 50_000]
)
def test_what_no_account_can_have_is_never_hashed(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = passwords.hash_password("a")
    monkeypatch.setattr(passwords, "hasher", None)

    assert passwords.too_long(password)
    assert not passwords.matches(password, hashed)
    passwords.spend_decoy(password)
    with pytest.raises(ValueError, match="no account"):
        passwords.hash_password(password)


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "!",
        "plain",
        "$argon2",
        "$argon2id$v=19$m=8,t=1,p=1$bad$bad",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aaaaa",
        "$argon2id$v=19$m=1,t=0,p=0$c29tZXNhbHQ$qLml5cbqFAO6YxVHhrSBHP0UWdxrIxkNcM8aMX3blzU",
        "$argon2id$é",
        "$2b$12$abcdefghijklmnopqrstuv",
    ],
)
def test_rubbish_matches_nothing(rubbish: str) -> None:
    assert not passwords.matches("plain", rubbish)


@pytest.fixture
def _a_terabyte_at_most() -> Iterator[None]:
    """Make the system refuse what it would otherwise promise and then not have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**40, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.usefixtures("_a_terabyte_at_most")
def test_a_machine_without_memory_is_not_a_wrong_password() -> None:
    four_terabytes = re.sub(r"m=\d+", "m=4294967295", passwords.hash_password("a"))

    with pytest.raises(MemoryError):
        passwords.matches("a", four_terabytes)


def test_a_hash_of_other_parameters_is_to_be_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    old = passwords.hash_password("correct horse")
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(2, 8, 1))

    assert passwords.needs_rehash(old)
    assert passwords.matches("correct horse", old)
    assert not passwords.needs_rehash(passwords.hash_password("correct horse"))
    assert passwords.needs_rehash("$2b$12$abcdefghijklmnopqrstuv")
