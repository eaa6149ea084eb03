"""One act on many accounts: who it reaches and who not, and then each by itself."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from app.errors import OutOfReach, Refusal
from app.operations import account_acts, account_list, authority, last_administrators
from app.operations.account_acts import ACTS
from app.operations.account_list import Line
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor

MOST = 100  # accounts in one go


@dataclass(frozen=True)
class Verdict:
    """What would come of an act on one account: `refusal` says why it is refused.

    Where nothing is refused and `applies` is not, there is nothing to do.
    """

    line: Line
    refusal: Refusal | None
    applies: bool

    @property
    def goes(self) -> bool:
        """Tell whether the act would be done."""
        return self.refusal is None and self.applies


@dataclass(frozen=True)
class Outcome:
    """How many accounts were acted upon, how many needed nothing, and why the others were left."""

    done: int
    idle: int
    refusals: list[Refusal]


def preview(administrator: Administrator, action: Action, short_ids: list[str]) -> list[Verdict]:
    """Return what an act would do to those of these accounts that are seen; NotFound."""
    lines = account_list.lines_of(administrator, short_ids[:MOST])
    ids = [line.account.id for line in lines]
    beyond = authority.refused(administrator, action, ids)
    needed = last_administrators.needed(ids) if ACTS[action].takes_away else {}
    verdicts = []
    for line in lines:
        which = line.account.id
        refusal = OutOfReach() if which in beyond else needed[which]() if which in needed else None
        applies = account_acts.applies(action, line.account)
        verdicts.append(Verdict(line, refusal, applies))
    return verdicts


def do(
    administrator: Administrator, action: Action, short_ids: list[str], visitor: Visitor
) -> Outcome:
    """Act on each of these accounts that is seen, each in a transaction of its own.

    One's own comes last: whoever suspends themselves acts no more.

    Raises ProofRequired and NotFound; what else is refused is told in the outcome.
    """
    lines = account_list.lines_of(administrator, short_ids[:MOST])
    authority.require_fresh(administrator, action)
    ids = sorted((line.account.id for line in lines), key=lambda i: i == administrator.account_id)
    return _each(administrator, action, ids, visitor)


def _each(
    administrator: Administrator, action: Action, ids: Iterable[uuid.UUID], visitor: Visitor
) -> Outcome:
    done, idle = 0, 0
    refusals: list[Refusal] = []
    for account_id in ids:
        try:
            changed = account_acts.do(administrator, action, account_id, visitor)
        except Refusal as refusal:
            refusals.append(refusal)
        else:
            done, idle = done + changed, idle + (not changed)
    return Outcome(done, idle, refusals)
