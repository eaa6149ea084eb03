"""Groups in groups, which a setting lets be followed."""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import pytest

from app.directory import groups, reader
from app.directory.reader import Named
from app.errors import DirectoryAway
from tests import slapd
from tests.slapd import GROUPS, Slapd

ANN, PUPIL = Named("person001"), Named("person050")
STAFF, SCHOOL = f"cn=staff,{GROUPS}", f"cn=school,{GROUPS}"
Ask = Callable[..., None]


@pytest.fixture
def nested(directory: Slapd) -> Iterator[None]:
    """Have teachers in staff, staff in the school, and by mistake the school in staff."""
    with group(directory, STAFF, slapd.TEACHERS, SCHOOL), group(directory, SCHOOL, STAFF):
        yield


@contextlib.contextmanager
def group(directory: Slapd, dn: str, *members: str) -> Iterator[None]:
    with directory.administered() as talk:
        assert talk.add(dn, "groupOfNames", {"member": members})
    try:
        yield
    finally:
        with directory.administered() as talk:
            talk.delete(dn)


def of(named: Named) -> frozenset[str]:
    found = reader.look_up(named)
    assert found is not None
    return found.groups


def mapped(*dns: str) -> dict[str, tuple[uuid.UUID, str]]:
    return {dn: (uuid.uuid4(), "Teacher") for dn in dns}


@pytest.mark.usefixtures("nested")
def test_groups_in_groups_are_followed_where_that_is_wanted(asks_directory: Ask) -> None:
    asks_directory(groups=mapped(SCHOOL, slapd.TEACHERS))
    assert of(ANN) == {slapd.TEACHERS}
    asks_directory(groups=mapped(SCHOOL, slapd.TEACHERS), nested_groups_dn=GROUPS)
    assert of(ANN) == {slapd.TEACHERS, SCHOOL}
    assert of(PUPIL) == set()


@pytest.mark.usefixtures("nested")
def test_more_groups_than_anybody_is_in_are_no_answer(
    asks_directory: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks_directory(groups=mapped(SCHOOL), nested_groups_dn=GROUPS)
    monkeypatch.setattr(groups, "MOST_GROUPS", 3)
    assert of(ANN) == {SCHOOL}
    monkeypatch.setattr(groups, "MOST_GROUPS", 2)
    with pytest.raises(DirectoryAway):
        reader.look_up(ANN)


def test_where_groups_are_looked_for_has_to_be_there(asks_directory: Ask) -> None:
    asks_directory(groups=mapped(SCHOOL), nested_groups_dn=f"ou=nowhere,{slapd.BASE}")
    with pytest.raises(DirectoryAway):
        reader.look_up(ANN)


def test_who_has_no_username_is_in_groups_by_the_rest(
    asks_directory: Ask, directory: Slapd
) -> None:
    asks_directory(groups=mapped(SCHOOL))
    nameless = f"cn=Nameless (no uid),{slapd.PEOPLE}"
    with directory.administered() as talk:
        facts = {"sn": "Nameless", "mail": "nameless@school.example"}
        assert talk.add(nameless, "inetOrgPerson", facts)
    try:
        with group(directory, SCHOOL, nameless):
            assert of(Named("nameless@school.example")) == {SCHOOL}
    finally:
        with directory.administered() as talk:
            talk.delete(nameless)
