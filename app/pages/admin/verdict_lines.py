"""What the page of one person's verdicts shows: causes, each with its button, and ways in."""

from dataclasses import dataclass

from flask_babel import gettext as _

from app.errors import Refusal
from app.models import Membership
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.sign_in_examination import Examination
from app.operations.sign_in_verdicts import Way
from app.pages import cards, roles
from app.pages.admin import verdict_hints, verdict_tries, verdict_words, words
from app.pages.admin.verdict_buttons import Button, Cause, Desk
from app.pages.admin.verdict_tries import Tried

OF_SECOND_STEP = {"too_many_codes", "resend_too_soon"}  # one cause, however many ways in it shuts


@dataclass(frozen=True)
class Line:
    """One way in as the page shows it; `reset` mends a forgotten password that is good there."""

    role: str
    place: str
    verdict: str
    tone: str
    way: Way
    causes: list[Cause]
    reset: Button | None

    @property
    def name(self) -> str:
        """What tells its buttons from those of other lines."""
        return f"{self.role}, {self.place}"


@dataclass(frozen=True)
class Shown:
    """What keeps the account out, what may, each way in, what was tried, and against a loss."""

    verdict: str
    tone: str
    causes: list[Cause]
    hints: list[Cause]
    lines: list[Line]
    tries: list[Tried]
    lost_factor: Button | None


def of(seen: Examination, who: Administrator) -> Shown:
    """Return what to show to an administrator of what they may know."""
    desk = Desk(seen, who)
    verdict, tone = _verdict(seen)
    return Shown(
        verdict,
        tone,
        [desk.cause(refusal) for refusal in _shared(seen)],
        verdict_hints.of(desk),
        [_line(desk, way) for way in seen.ways],
        verdict_tries.of(seen.facts.tries) if seen.facts else [],
        desk.button(Action.REMOVE_FACTOR) if seen.facts else None,
    )


def _shared(seen: Examination) -> list[Refusal]:
    """Return what keeps the account out of all, or of all that ask for a second step."""
    of_some = [r for w in seen.verdicts.ways for r in w.refusals if r.reason in OF_SECOND_STEP]
    each_once = {refusal.reason: refusal for refusal in of_some}
    return [*seen.verdicts.shared, *each_once.values()]


def _verdict(seen: Examination) -> tuple[str, str]:
    """Return all the verdicts in one, and its tone."""
    open_ones = [way for way in seen.verdicts.ways if seen.verdicts.opens(way)]
    if not open_ones and seen.facts is None:
        return _("Nothing at this organisation lets them in just now."), cards.STOPPED
    if not open_ones:
        return _("Nothing lets them in just now."), cards.STOPPED
    if len(open_ones) < len(seen.verdicts.ways):
        return _("Some ways in are open, others are not."), cards.WANTING
    if seen.facts is None:
        return _("Nothing at this organisation keeps them out."), cards.READY
    said = _("Nothing keeps them out: every way in opens with what it asks for.")
    return said, cards.READY


def _line(desk: Desk, way: Way) -> Line:
    own = [refusal for refusal in way.refusals if refusal.reason not in OF_SECOND_STEP]
    verdict, tone = _verdict_on(desk.seen, way)
    at_one_place = way.password is not None and way.password.own
    return Line(
        *_named(way.membership, alone=len(desk.seen.verdicts.ways) == 1),
        verdict,
        tone,
        way,
        [desk.cause(refusal, way) for refusal in own],
        desk.button(Action.SEND_RESET_HERE if at_one_place else Action.SEND_RESET, way),
    )


def _named(membership: Membership | None, *, alone: bool) -> tuple[str, str]:
    if membership is not None:
        return roles.name(membership.role), words.place_of(membership)
    if alone:
        return _("No role"), _("The account as a whole")
    return _("Programs that know no organisations"), _("The account as a whole")


def _verdict_on(seen: Examination, way: Way) -> tuple[str, str]:
    refusals = [*way.refusals, *seen.verdicts.shared]
    if refusals:
        return verdict_words.verdict(refusals[0].reason), cards.STOPPED
    if way.factor is None:
        return _("Open here"), cards.READY
    needs = cards.NEEDS.get(way.factor)
    return (str(needs), cards.WANTING) if needs else (_("Open"), cards.READY)
