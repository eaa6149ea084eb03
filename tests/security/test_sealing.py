"""Secrets that the portal must be able to read again."""

import base64

import pytest

from app.security.sealing import Unsealable, seal, unseal

OLD, NEW = b"an old key " * 4, b"a new key " * 4


def test_what_was_sealed_opens_in_its_place() -> None:
    sealed = seal((NEW,), b"seed", "authenticator of ann")

    assert unseal((NEW,), sealed, "authenticator of ann") == b"seed"


def test_a_sealed_value_tells_nothing_and_is_never_the_same_twice() -> None:
    one, other = (seal((NEW,), b"seed", "ann") for _ in range(2))

    assert one != other
    assert "seed" not in one


def test_the_first_key_seals_and_any_opens() -> None:
    sealed_long_ago = seal((OLD,), b"seed", "ann")
    sealed_today = seal((NEW, OLD), b"seed", "ann")

    assert unseal((NEW, OLD), sealed_long_ago, "ann") == b"seed"
    assert unseal((NEW,), sealed_today, "ann") == b"seed"
    with pytest.raises(Unsealable):
        unseal((OLD,), sealed_today, "ann")


def test_a_value_moved_to_another_row_does_not_open() -> None:
    sealed = seal((NEW,), b"seed", "ann")

    with pytest.raises(Unsealable):
        unseal((NEW,), sealed, "eve")


def test_a_value_with_any_bit_changed_does_not_open() -> None:
    key_id, _, payload = seal((NEW,), b"seed", "ann").partition(".")
    raw = base64.urlsafe_b64decode(payload)

    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unsealable):
            unseal((NEW,), f"{key_id}.{base64.urlsafe_b64encode(changed).decode()}", "ann")


@pytest.mark.parametrize("rubbish", ["", ".", "seed", "00000000.", "é.é", "{id}.", "{id}.AAAA"])
def test_rubbish_does_not_open(rubbish: str) -> None:
    key_id = seal((NEW,), b"", "").partition(".")[0]

    with pytest.raises(Unsealable):
        unseal((NEW,), rubbish.replace("{id}", key_id), "ann")
