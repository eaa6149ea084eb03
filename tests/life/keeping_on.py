"""What programs do with a session: show it, renew it, change the account by it, end it."""

from tests.life.bearers import LEEWAY
from tests.life.by_program import BACKEND
from tests.life.machine import Acts, Machine
from tests.life.people import Pending
from tests.life.sittings import Refresh, Sitting


class KeepingOn(Machine):
    """Bearers and refresh tokens."""

    def acts(self) -> Acts:
        backends, sittings = bool(self.backends()), bool(self.sittings())
        return super().acts() | {
            "show_a_bearer": 2 * bool(self.world.told),
            "sign_out_by_program": sittings,
            "refresh": 4 * bool(self.families()),
            "come_with_an_old_family": bool(self.families_over()),
            "revoke": backends,
            "log_out": backends,
            "set_up_app_by_program": 3 * backends,
            "disable_app_by_program": backends and any(p.app for p in self.world.people),
            "change_password_by_program": 3 * backends,
            "remove_account": backends,
        }

    def show_a_bearer(self) -> None:
        """Every bearer is recognised by every contract, while its session lives, and only then."""
        told = self.pick(self.world.told[::-1], "bearer")
        if told.between(self.world.now):
            return
        good = told.good(self.world.life)
        assert self.world.programs.teams.knows(told.bearer) == good
        if good:
            told.sitting.use(self.world.now)

    def sign_out_by_program(self) -> None:
        sitting = self.pick(self.sittings(), "session")
        good = self.in_time(sitting)
        assert self.world.programs.teams.sign_out(sitting.bearer) == good
        if good:
            self.world.life.end(sitting)

    def refresh(self) -> None:
        """Renew by the newest refresh token, or by one of those before it."""
        sitting = self.pick(self.families(), "session")
        used = self.pick(sitting.family[-3:][::-1], "token")
        said = self.world.programs.backend.renew(used.token)
        first = used.used is None
        done = self.world.life.refresh(sitting, used)
        assert (said is not None) == done
        if said is None:
            return
        bearer, following = said
        if first:
            sitting.family.append(Refresh(following))
        assert following == sitting.family[sitting.family.index(used) + 1].token
        self.world.bearer(sitting, bearer)

    def come_with_an_old_family(self) -> None:
        """The tokens of a session that is over renew nothing, and are no bearers."""
        sitting = self.pick(self.families_over(), "session")
        token = self.pick(sitting.family[-3:], "token").token
        assert self.world.programs.backend.renew(token) is None
        assert not self.world.programs.teams.knows(token)

    def revoke(self) -> None:
        sitting = self.pick(self.backends(), "session")
        good = self.seen(sitting) and sitting.owns
        assert self.called("/auth/token/revoke", sitting) == good
        if good:
            for each in self.world.life.sittings_of(sitting.person):
                if each.interface is BACKEND:
                    self.world.life.end(each)

    def log_out(self) -> None:
        """Contract 004's end of one session, by its refresh token."""
        sitting = self.pick(self.families(), "session")
        token = {"Cookie": f"refresh_token={sitting.family[-1].token}"}
        said = self.world.programs.backend.send("POST", "/auth/logout", json={}, headers=token)
        assert said.status_code == 204
        self.world.life.end(sitting)

    def set_up_app_by_program(self) -> None:
        """Contract 004's two calls; each asks for its own proof."""
        sitting = self.pick(self.backends(), "session")
        person, life = sitting.person, self.world.life
        said = self.world.programs.backend.call("/auth/mfa/generate", sitting.bearer)
        good = self.seen(sitting) and sitting.owns_freshly(self.world.now) and not person.app
        assert (said.status_code == 200) == good
        if good:
            person.pending = Pending(said.get_json()["otp_secret"], None)
            self.world.secrets.add(person.pending.secret)
        code = self.some_code(person.pending_of(None) or "")
        may = self.in_time(sitting) and sitting.owns
        done = self.called("/auth/mfa/enable", sitting, code=code)
        assert done == (may and life.confirm_app(sitting, code, spend=False))

    def disable_app_by_program(self) -> None:
        sitting = self.pick(self.backends(), "session")
        person = sitting.person
        code = self.some_code(person.app.secret if person.app else "")
        done = self.called("/auth/mfa/disable", sitting, code=code)
        assert done == (self.seen(sitting) and self.world.life.disable_app(sitting, code))

    def change_password_by_program(self) -> None:
        sitting = self.pick(self.backends(), "session")
        new, person = self.world.new_password(), sitting.person
        typed, old = self.typed(person), person.passwords[None].text
        done = self.called("/auth/change-password", sitting, old_password=typed, new_password=new)
        may = self.seen(sitting) and sitting.owns_freshly(self.world.now)
        assert done == (may and self.world.life.change_password(sitting, typed, new))
        if done:
            self.world.old_passwords.setdefault(person, []).append(old)
        else:
            self.slipped(person)

    def remove_account(self) -> None:
        sitting = self.pick(self.backends(), "session")
        may = self.seen(sitting) and sitting.owns_freshly(self.world.now)
        done = self.called("/auth/account/remove", sitting)
        assert done == (may and self.world.life.remove(sitting.person))

    def in_time(self, sitting: Sitting) -> bool:
        """Tell whether a session's newest token is still good by its own time."""
        return sitting.token_ends is None or self.world.now < sitting.token_ends

    def seen(self, sitting: Sitting) -> bool:
        if self.in_time(sitting):
            sitting.use(self.world.now)
        return self.in_time(sitting)

    def called(self, path: str, sitting: Sitting, **body: object) -> bool:
        said = self.world.programs.backend.call(path, sitting.bearer, **body)
        return said.status_code == 204

    def sittings(self) -> list[Sitting]:
        """Return the sessions of programs, the newest first, but those between two answers."""
        mine = [each for each in self.world.life.sittings[::-1] if each.device is None]
        return [each for each in mine if self.alive(each) and not self.at_the_edge(each)]

    def alive(self, sitting: Sitting) -> bool:
        return self.world.life.alive(sitting)

    def at_the_edge(self, sitting: Sitting) -> bool:
        ends = sitting.token_ends
        return bool(ends and ends <= self.world.now < ends + LEEWAY)

    def families(self) -> list[Sitting]:
        families = [each for each in self.world.life.sittings[::-1] if each.family]
        return [each for each in families if self.alive(each)]

    def families_over(self) -> list[Sitting]:
        told = [each.sitting for each in self.world.told if each.sitting.family]
        return [each for each in told if each not in self.world.life.sittings]

    def backends(self) -> list[Sitting]:
        return [each for each in self.sittings() if each.family]
