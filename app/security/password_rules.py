"""What a new password must be (NIST SP 800-63B-4 section 3.1.1.2; OWASP ASVS 5.0, 6.2).

Long enough, not common, not made of its owner's names, not guessed at once. No rules about
capitals, digits or signs.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from zxcvbn import feedback, matching, scoring, time_estimates

from app.security import passwords

PORTAL = "doorward"
COMMON = matching.RANKED_DICTIONARIES["passwords"]  # 30,000, the commonest first
SHORTEST_WORD = 4  # characters; "ann" stands in too many good passwords
MOST_PADDING = 5  # signs behind a common password that leave it common: password2024!
FEWEST_LETTERS = 5  # different ones beside a name, that make it a password of its own
NO_LETTERS = re.compile(r"[\W\d_]+")
TAIL = re.compile(r"[\W\d_]+$")

# zxcvbn's time grows with the length and, steeply, with how many different signs might stand
# for letters: all twenty of them in 64 characters took 1.3 s.
MOST_SCORED = 64  # characters
MOST_SCORED_OF_SIGNS = 16
MANY_SIGNS = 8
SIGNS_FOR_LETTERS = frozenset(sign for signs in matching.L33T_TABLE.values() for sign in signs)


class Problem(StrEnum):
    """Why a password is refused; the pages and the contracts have the words."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_ALLOWED = "not_allowed"  # NUL, or half a surrogate pair
    COMMON = "common"
    MADE_OF_CONTEXT = "made_of_context"
    GUESSABLE = "guessable"


@dataclass(frozen=True)
class Strength:
    """How long a password would stand against guessing: `score` 0 (not at all) to 4."""

    score: int
    warning: str
    suggestions: tuple[str, ...]


def problems(password: str, minimum: int, context: Iterable[str]) -> list[Problem]:
    """Return every rule that `password` breaks; `minimum` is in code points.

    `context` are the texts a guesser would try first: address, username, name, organisations.
    """
    if passwords.unstorable(password):
        return [Problem.NOT_ALLOWED]
    if passwords.too_long(password):
        return [Problem.TOO_LONG]
    words = _words(context)
    broken = {
        Problem.TOO_SHORT: len(passwords.normal(password)) < minimum,
        Problem.COMMON: _is_common(_folded(password)),
        Problem.MADE_OF_CONTEXT: _is_made_of(words, _folded(password)),
        Problem.GUESSABLE: _strength(password, words).score == 0,
    }
    return [problem for problem, holds in broken.items() if holds]


def strength(password: str, context: Iterable[str]) -> Strength:
    """Return how well `password` stands against guessing, in zxcvbn's (English) words.

    Only its beginning is looked at, which bounds the time to some 50 ms.
    """
    return _strength(password, _words(context))


def _is_common(folded: str) -> bool:
    stem = TAIL.sub("", folded)
    padded = len(stem) >= SHORTEST_WORD and len(folded) - len(stem) <= MOST_PADDING
    return folded in COMMON or (padded and stem in COMMON)


def _is_made_of(words: list[str], folded: str) -> bool:
    """Tell whether little is left of `folded` without the words, digits, signs and repeats."""
    rest = folded
    for word in words:
        rest = rest.replace(word, " ")
    return rest != folded and len(set(NO_LETTERS.sub("", rest))) < FEWEST_LETTERS


def _words(context: Iterable[str]) -> list[str]:
    """Return the words of `context`, the longest first, so that none hides in another.

    Each text counts whole, run together and in its parts: `ann.smith`, `annsmith`, `smith`.
    """
    words = {word for text in (*context, PORTAL) for word in _spellings(_folded(text))}
    return sorted((word for word in words if len(word) >= SHORTEST_WORD), key=_longest_first)


def _longest_first(word: str) -> tuple[int, str]:
    return -len(word), word


def _spellings(text: str) -> set[str]:
    local_part = text.partition("@")[0]
    parts = NO_LETTERS.split(text)
    return {text, local_part, *parts, NO_LETTERS.sub("", local_part)}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _strength(password: str, words: list[str]) -> Strength:
    # zxcvbn.zxcvbn() keeps the words in a table that all threads share: one person's would
    # count in another's answer. These are its own steps with a table of our own.
    ranked = matching.RANKED_DICTIONARIES | {"user_inputs": matching.build_ranked_dict(words)}
    beginning = _beginning(password)
    found = matching.omnimatch(beginning, ranked)
    guessed = scoring.most_guessable_match_sequence(beginning, found)
    score = time_estimates.guesses_to_score(Decimal(guessed["guesses"]))
    said = feedback.get_feedback(score, guessed["sequence"])
    return Strength(score, said["warning"], tuple(said["suggestions"]))


def _beginning(password: str) -> str:
    beginning = password[:MOST_SCORED] or " "  # zxcvbn fails on nothing at all
    many = len(SIGNS_FOR_LETTERS.intersection(beginning)) > MANY_SIGNS
    return beginning[:MOST_SCORED_OF_SIGNS] if many else beginning
