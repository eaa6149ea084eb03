"""Signing in through the five contracts."""

from app.api import mikrocloud_token
from app.models import Interface
from tests.api.interfaces import Half
from tests.life.machine import ANSWERS, Acts, Machine
from tests.life.people import Member, Person
from tests.life.sittings import IN, REFUSED, Waiting

TEAMS, CHAT = Interface.INTEDASHBOARD, Interface.ROCKETCHAT
CLOUD, FORM, BACKEND = (
    Interface.MIKROCLOUD,
    Interface.BEARER_TOKEN,
    Interface.HASURA_BACKEND_PLUS,
)
# What the first call does not go on with by itself.
ASKS_NOT = {CLOUD: {"code"}, FORM: {"enrolment"}, BACKEND: {"enrolment"}}


class SigningInByProgram(Machine):
    """The password, the role where there are several, and the second factor."""

    def acts(self) -> Acts:
        return super().acts() | {
            "answer_by_program": 8 * bool(self.ways_of(CLOUD, FORM, BACKEND, TEAMS)),
            "choose_role": 5 * bool(self.ways_of(TEAMS)),
            "sign_in_by_program": 6,
            "sign_in_to_chat": 4,
            "list_roles": 3,
            "resend_by_program": bool(self.ways_of(TEAMS)),
            "resend_in_chat": bool(self.asked_in_chat()),
        }

    def sign_in_by_program(self) -> None:
        person, by = self.somebody(), self.pick([CLOUD, FORM, BACKEND], "contract")
        typed = self.typed(person)
        said = self.world.programs.plain[by].start(self.world.who(person), typed)
        proof = self.world.life.verify(person, typed, by)
        if proof is None:
            self.slipped(person)
            assert said == Half()
            return
        way = proof.ways[0]
        if way.due(self.world.now) not in ASKS_NOT[by]:
            self.came_to(way, self.world.life.proceed(way), said)
        else:
            assert said.bearer is None
            assert bool(said.handle) == (by is not FORM)
            self.note_handle(way, said.handle or "")

    def sign_in_to_chat(self) -> None:
        """Contract 001 has no handles: all is sent again, with or without a code."""
        person = self.somebody()
        typed, coded = self.typed(person), self.perhaps("with a code")
        proof = self.world.life.verify(person, typed, CHAT)
        way = proof.ways[0] if proof else None
        waits = self.world.life.latest_pin(person, way.password) if way else None
        code = self.answer_to(waits or way) if way and coded else None
        said = self.world.programs.chat.login(self.world.who(person), typed, code)
        if way is None:
            self.slipped(person)
            assert said == Half()
        else:
            self.told_in_chat(way, waits, code, said)

    def told_in_chat(
        self, way: Waiting, waits: Waiting | None, code: str | None, said: Half
    ) -> None:
        due = way.due(self.world.now)
        if due == "enrolment":
            assert said == Half()
        elif code and due != "none":
            self.answered(waits or way, code, said.bearer)
        elif due == "pin" and waits and waits.tries:
            assert said == Half(handle="again")
        else:
            self.came_to(way, self.world.life.proceed(way), said)

    def list_roles(self) -> None:
        """Contract 003's first call: every role with its verdict."""
        person = self.somebody()
        typed = self.typed(person)
        offered = self.world.programs.teams.verify(self.world.who(person), typed)
        proof = self.world.life.verify(person, typed, TEAMS)
        if proof is None:
            self.slipped(person)
            assert offered is None
            return
        assert offered is not None
        assert offered.keys() == {role_of(way.member) for way in proof.ways}
        for way in proof.ways:
            way.handle = offered[role_of(way.member)]

    def choose_role(self) -> None:
        way = self.pick(self.ways_of(TEAMS), "role")
        due = way.due(self.world.now)
        said = self.world.programs.teams.choose(way.handle)
        if due == "enrolment":
            assert said == Half(handle=way.handle)
        else:
            self.came_to(way, self.world.life.proceed(way), said)

    def answer_by_program(self) -> None:
        way = self.pick(self.ways_of(CLOUD, FORM, BACKEND, TEAMS), "sign-in")
        by, code = way.proof.interface, self.answer_to(way)
        if by is TEAMS:
            self.answered(way, code, self.world.programs.teams.finish(way.handle, code))
            return
        program = self.world.programs.plain[by]
        bearer = program.finish(self.world.who(way.person), way.token, code)
        step = self.world.life.proceed(way) if by is CLOUD else "code"
        if step == IN:
            self.world.signed_in(way, bearer)
        elif step == REFUSED or (by is BACKEND and len(code) > 6):
            assert bearer is None  # contract 004's document knows six characters
        else:
            self.answered(way, code, bearer)

    def resend_by_program(self) -> None:
        way = self.pick(self.ways_of(TEAMS), "sign-in")
        said = self.world.programs.teams.resend(way.handle)
        due = way.due(self.world.now) == "pin"
        assert said == (due and self.world.life.resend(way))

    def resend_in_chat(self) -> None:
        person = self.pick(self.asked_in_chat(), "who")
        self.world.programs.chat.resend(self.world.who(person))
        if waits := self.world.life.latest_pin(person, usable=True):
            self.world.life.mail_another(waits)

    def came_to(self, way: Waiting, step: str, said: Half) -> None:
        """Compare a program's answer with the model's step."""
        if step == IN:
            self.came_in(way, said.bearer)
        elif step == REFUSED:
            assert said == Half()
        else:
            assert said.bearer is None
            self.note_handle(way, said.handle or "")

    def came_in(self, way: Waiting, bearer: str | None) -> None:
        family = way.proof.interface is BACKEND
        self.world.signed_in(
            way, bearer, self.world.programs.backend.refresh_token if family else ""
        )

    def answered(self, way: Waiting, code: str, bearer: str | None) -> None:
        step = self.world.life.answer(way, code)
        if step in {IN, "enrolment"}:
            self.world.note_spent(way.person, code)
        if step == IN:
            self.came_in(way, bearer)
        else:
            assert bearer is None

    def answer_to(self, way: Waiting) -> str:
        return self.world.code(way, self.pick(ANSWERS, "answer"))

    def note_handle(self, way: Waiting, told: str) -> None:
        """Keep the handle, where a contract has one, and what it was told in."""
        assert told or way.proof.interface is FORM
        cloud = way.proof.interface is CLOUD
        way.token, way.handle = told, mikrocloud_token.unwrapped(told) if cloud else told
        if way.proof.interface is CHAT:
            way.handle = ""

    def ways_of(self, *interfaces: Interface) -> list[Waiting]:
        """Return the ways that programs hold a handle of and that stand, the newest first."""
        mine = [proof for proof in self.world.life.proofs if proof.interface in interfaces]
        told = [way for proof in reversed(mine) for way in proof.ways if way.handle]
        return [way for way in told if way.due(self.world.now) != REFUSED]

    def asked_in_chat(self) -> list[Person]:
        return [each for each in self.world.people if self.world.life.latest_pin(each)]


def role_of(member: Member | None) -> tuple[str | None, str | None]:
    if member is None:
        return None, None
    return (str(member.place.id) if member.place else None), member.role
