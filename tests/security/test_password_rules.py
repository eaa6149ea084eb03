"""What a new password must be."""

import random
import string
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.security.password_rules import COMMON, Problem, problems, strength

ANN = ("Ann.Smith@example.org", "asmith", "Ann Smith", "Acme School")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "acme-trombone-lake", "smith coffee teddy", "пингвин на льду"],
)
def test_a_good_password_breaks_no_rule(password: str) -> None:
    assert problems(password, 8, ANN) == []


def test_eleven_random_letters_and_digits_always_pass() -> None:
    dice = random.Random(11)  # noqa: S311 - the same draw in every run
    alphabet = string.ascii_lowercase + string.digits
    drawn = ["".join(dice.choices(alphabet, k=11)) for _ in range(2000)]

    assert [password for password in drawn if problems(password, 8, ANN)] == []


@pytest.mark.parametrize("minimum", [6, 8, 15])
def test_the_minimum_is_in_code_points(minimum: int) -> None:
    snow = "☃❄🎿🏔🧣🧤🛷⛷🏂🥌⛸🌨🌬🦌🐧"[:minimum]

    assert Problem.TOO_SHORT not in problems(snow, minimum, [])
    assert Problem.TOO_SHORT in problems(snow[:-1], minimum, [])
    assert Problem.TOO_SHORT in problems("e\u0308" * (minimum - 1), minimum, [])


def test_128_code_points_pass_and_129_do_not() -> None:
    words = "the quick brown fox jumps over the lazy dog and then " * 3

    assert problems(words[:128], 8, []) == []
    assert problems(words[:129], 8, []) == [Problem.TOO_LONG]


@pytest.mark.parametrize("password", ["a\0b long enough", "half a pair \ud800"])
def test_what_is_not_stored_alike_everywhere_is_refused(password: str) -> None:
    assert problems(password, 8, []) == [Problem.NOT_ALLOWED]


def test_the_3000_commonest_that_are_long_enough_are_refused() -> None:
    fitting = [password for password in COMMON if len(password) >= 8][:3000]

    assert all(Problem.COMMON in problems(password, 8, []) for password in fitting)
    assert len(fitting) == 3000


@pytest.mark.parametrize(
    "password",
    ["password1", "Password123!", "PASSWORD2024!", "\uff30assword1", "sunshine...", "P@ssw0rd"],
)
def test_a_common_password_stays_common_in_disguise(password: str) -> None:
    assert Problem.COMMON in problems(password, 8, [])


def test_a_common_word_with_much_behind_it_is_not_common() -> None:
    assert problems("password-83741-2275", 8, []) == []


@pytest.mark.parametrize(
    "password",
    [
        "acme12345678",
        "ACME!!!!!!!!",
        "acmeacmeacme",
        "acmexxxxxxxx",
        "ann.smith@example.org",
        "ann.smith2024",
        "AnnSmith1987",
        "smith-acme-smith",
        "acmeschool!",
        "asmith_asmith",
        "doorward2024",
    ],
)
def test_a_password_made_of_known_names_is_refused(password: str) -> None:
    assert Problem.MADE_OF_CONTEXT in problems(password, 8, ANN)


def test_the_same_password_is_fine_for_somebody_else() -> None:
    assert problems("acme12345678", 8, ["bob@example.com"]) == []


def test_a_name_of_three_letters_forbids_nothing() -> None:
    assert problems("ann7 banana", 8, ["ann", "Ann"]) == []


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "abcdefgh", "abcabcabcabc"])
def test_what_is_guessed_at_once_is_refused(password: str) -> None:
    assert Problem.GUESSABLE in problems(password, 8, [])


def test_all_that_is_wrong_is_said() -> None:
    assert problems("abc123", 8, []) == [Problem.TOO_SHORT, Problem.COMMON, Problem.GUESSABLE]


def test_strength_says_what_is_weak() -> None:
    weak, strong = strength("aaaaaaaa", []), strength("correct horse battery", [])

    assert (weak.score, strong.score) == (0, 4)
    assert "Repeats" in weak.warning
    assert weak.suggestions


@pytest.mark.parametrize("password", ["", "\0", "\ud800", "x" * 9999, "([{<4@!1|$5+783690%2" * 9])
def test_strength_has_an_answer_for_everything(password: str) -> None:
    assert 0 <= strength(password, ANN).score <= 4


def test_one_persons_words_do_not_count_for_another() -> None:
    one = ["margravine of tuscarora"]

    with ThreadPoolExecutor(2) as threads:
        hers = threads.map(lambda _: strength("margravine of tuscarora", one).score, range(50))
        his = threads.map(lambda _: strength("margravine of tuscarora", []).score, range(50))

        assert set(hers) == {0}
        assert set(his) == {4}
