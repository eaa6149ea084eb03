"""One act on many accounts."""

from datetime import timedelta

import pytest

from app.errors import LastSuperuser, NotFound, OutOfReach, ProofRequired
from app.models import Account, Role
from app.operations import bulk, sessions
from app.operations.rights import Action
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, acting, events, member, superuser
from tests.operations.signing_in import opens
from tests.operations.test_account_list import counted

pytestmark = pytest.mark.usefixtures("portal")


def short(*people: Account) -> list[str]:
    return [each.short_id for each in people]


def test_a_preview_tells_who_goes_who_not_and_why() -> None:
    x = factories.organisation()
    who = account_admin(x)
    pupil, both, done = (member(Role.STUDENT, x, name) for name in ("A", "B", "C"))
    factories.membership(both)
    done.suspended_at = done.created_at
    factories.saved(done)
    elsewhere = member(Role.STUDENT, name="D")

    told = bulk.preview(who, Action.SUSPEND, short(pupil, both, done, elsewhere))

    assert [each.line.account.id for each in told] == [pupil.id, both.id, done.id]
    assert [each.goes for each in told] == [True, False, False]
    assert isinstance(told[1].refusal, OutOfReach)
    assert (told[2].refusal, told[2].applies) == (None, False)


def test_a_preview_changes_nothing() -> None:
    who, other = superuser(), factories.account()

    bulk.preview(who, Action.SUSPEND, short(other))

    assert opens(other)
    assert events(other) == []


def test_a_preview_names_who_could_not_go_together() -> None:
    one, other = member(Role.SUPERUSER), member(Role.SUPERUSER)

    told = bulk.preview(acting(one), Action.SUSPEND, short(one, other))

    assert [type(each.refusal) for each in told] == [LastSuperuser, LastSuperuser]


def test_each_is_done_by_itself_and_the_outcome_tells_of_the_rest() -> None:
    x = factories.organisation()
    who = account_admin(x)
    pupil, both, idle = (member(Role.STUDENT, x) for _ in range(3))
    factories.membership(both)
    idle.suspended_at = idle.created_at
    factories.saved(idle)
    elsewhere = member(Role.STUDENT)

    outcome = bulk.do(who, Action.SUSPEND, short(pupil, both, idle, elsewhere), VISITOR)

    assert (outcome.done, outcome.idle) == (1, 1)
    assert [type(each) for each in outcome.refusals] == [OutOfReach]
    assert not opens(pupil)
    assert opens(both)
    assert opens(elsewhere)
    assert [what for what, _ in events(pupil)] == ["account_suspended"]
    assert events(elsewhere) == []


def test_all_superusers_at_once_leave_one() -> None:
    one, other = member(Role.SUPERUSER), member(Role.SUPERUSER)

    outcome = bulk.do(acting(one), Action.SUSPEND, short(other, one), VISITOR)

    assert outcome.done == 1
    assert len(outcome.refusals) == 1


def test_a_proof_is_asked_for_before_anything_is_done(clock: Clock) -> None:
    who, other = superuser(), factories.account()
    clock.advance(sessions.STEP_UP + timedelta(seconds=1))

    with pytest.raises(ProofRequired):
        bulk.do(who, Action.SUSPEND, short(other), VISITOR)


def test_what_is_not_granted_is_not_there() -> None:
    x = factories.organisation()
    who = account_admin(x)
    teacher = member(Role.TEACHER, x)
    fake = type(who)(teacher.id, Role.TEACHER, x.id, who.session, who.session_id)

    with pytest.raises(NotFound):
        bulk.do(fake, Action.SUSPEND, short(teacher), VISITOR)


def test_a_preview_of_many_takes_as_many_statements_as_of_one() -> None:
    x = factories.organisation()
    who = account_admin(x)
    some = [member(Role.STUDENT, x) for _ in range(12)]
    chosen = short(*some)
    with counted() as one:
        bulk.preview(who, Action.SUSPEND, chosen[:1])
    with counted() as many:
        bulk.preview(who, Action.SUSPEND, chosen)

    assert len(many) == len(one)
