"""Reading a list of people, however it was copied together."""

import pytest

from app.operations import invitees
from app.operations.invitees import Invitee

ANN = "ann@example.org"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (ANN, ""),
        (f"  {ANN}  ", ""),
        (f"<{ANN}>", ""),
        (f"Ann Smith <{ANN}>", "Ann Smith"),
        (f'"Smith, Ann" <{ANN}>', "Smith, Ann"),
        (f"Ann   Smith\t<{ANN}>", "Ann Smith"),
        (f"{ANN}, Ann Smith", "Ann Smith"),
        (f"{ANN},Smith, Ann", "Smith, Ann"),
        (f"{ANN};Ann Smith", "Ann Smith"),
        (f"{ANN}\tAnn Smith", "Ann Smith"),
        (f'{ANN}, "Ann Smith"', "Ann Smith"),
        (f"Ann <the one> <{ANN}>", "Ann <the one>"),
        (f"Ann\0 Sm\x1bith <{ANN}>", "Ann Smith"),
        (f"{ANN}, {'A' * 300}", "A" * 200),
    ],
)
def test_a_line_is_an_address_and_perhaps_a_name(line: str, name: str) -> None:
    assert invitees.read(line) == [Invitee(ANN, name)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n \n", "\u2028"])
def test_blank_lines_are_nobody(ending: str) -> None:
    found = invitees.read(f"{ending}{ANN}{ending}bob@example.org{ending}")

    assert [each.address for each in found] == [ANN, "bob@example.org"]


def test_what_is_no_address_is_still_somebody_s_line() -> None:
    assert invitees.read("Ann Smith\n<>\n,") == [
        Invitee("Ann Smith"),
        Invitee(""),
        Invitee(""),
    ]


@pytest.mark.parametrize("invitee", [Invitee(ANN), Invitee(ANN, "Ann Smith")])
def test_what_is_written_is_read_again(invitee: Invitee) -> None:
    assert invitees.read(invitees.written(invitee)) == [invitee]
