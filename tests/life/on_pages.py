"""Signing in on the pages, with two browsers that several people may use."""

from xml.etree.ElementTree import Element

from app.models import Interface
from tests.life.browsing import ORGANISATION, START, Browsing
from tests.life.machine import ANSWERS, Acts
from tests.life.people import Member
from tests.life.sittings import IN, OVER, REFUSED, Sitting, Waiting
from tests.life.tab import PAGES, Tab
from tests.pages.browser import names_of, values_of

OTHER, RECOVERY = "/sign-in/other", "/sign-in/recovery"


class SigningInOnPages(Browsing):
    """The pages of the sign-in, and of switching."""

    def acts(self) -> Acts:
        waiting, choosing = self.tabs_waiting(), self.tabs_choosing()
        moving = any(tab.sitting.person.members for tab in self.tabs_signed_in() if tab.sitting)
        return super().acts() | {
            "answer_on_page": 12 * bool(waiting),
            "choose_on_page": 12 * bool(choosing),
            "sign_in_on_page": 8 * bool(self.tabs_free()),
            "switch_seats": 6 * moving,
            "choose_by_another_password": 4 * bool(choosing),
            "choose_another_factor": 3 * bool(waiting),
            "resend_on_page": bool(waiting),
        }

    def sign_in_on_page(self) -> None:
        here, person = self.pick(self.tabs_free(), "browser"), self.somebody()
        if self.world.life.half_known(person, here.device):
            return
        self.touch(here)
        typed, keep = self.typed(person), self.perhaps("keep")
        here.waiting = here.proof = None
        here.browser.sign_in(person.email, typed, **({"keep": "y"} if keep else {}))
        proof = self.world.life.verify(person, typed, Interface.PAGES, here.device)
        if proof is None:
            self.slipped(person)
            assert (here.shown.url, here.shown.status >= 400) == ("/sign-in", True)
            return
        proof.keep = keep
        if len(person.members) > 1:
            here.proof = proof
            assert here.shown.url == ORGANISATION
        else:
            self.arrived(here, proof.ways[0], self.world.life.proceed(proof.ways[0]))

    def choose_on_page(self) -> None:
        """Press the button of one way in; also on a page that was shown a while ago."""
        here = self.pick(self.tabs_choosing(), "browser")
        ways = here.proof.ways if here.proof else []
        shown = [way for way in ways if self.card(here, way.member, asking=False) is not None]
        if not shown:
            return
        way = self.pick(shown, "way in")
        here.submit(self.card(here, way.member, asking=False))
        self.arrived(here, way, self.world.life.proceed(way))
        self.still_choosing(here)

    def choose_by_another_password(self) -> None:
        here, life = self.pick(self.tabs_choosing(), "browser"), self.world.life
        proof = here.proof
        assert proof is not None
        asking = [m for m in proof.person.members if self.card(here, m, asking=True) is not None]
        if not asking or life.half_known(proof.person, here.device):
            return
        member = self.pick(asking, "way in")
        typed = self.typed_there(member)
        lives = not proof.over and self.world.now < proof.ends
        here.submit(self.card(here, member, asking=True), password=typed)
        way = life.verify_another(proof, member, typed) if lives else None
        if way:
            self.arrived(here, way, life.proceed(way))
        else:
            self.slipped(proof.person)
            assert here.shown.url == (ORGANISATION if lives else "/sign-in")
        self.still_choosing(here)

    def answer_on_page(self) -> None:
        here = self.pick(self.tabs_waiting(), "browser")
        self.touch(here)
        way = here.waiting
        assert way is not None
        code = self.world.code(way, self.pick(ANSWERS, "answer"))
        if not self.at_step(here, RECOVERY if len(code) > 6 else None):
            self.stands(here)
            return
        form = here.shown.form("Continue")
        ticked = "trust" in values_of(form)  # beside an answer that was wrong
        trust = ticked or (self.perhaps("trust") and "trust" in names_of(form))
        here.submit(form, code=code, **({"trust": "y"} if trust else {}))
        self.answered_on_page(here, way, code, self.world.life.answer(way, code, trust=trust))

    def answered_on_page(self, here: Tab, way: Waiting, code: str, said: str) -> None:
        """Compare where an answer led to with what the model said of it."""
        if said in {IN, "enrolment"}:
            self.world.note_spent(way.person, code)
        if said == IN:
            self.came_in_at(here, way)
        elif said == OVER:
            assert here.shown.url in START
            self.start_again(here)
        elif here.shown.url != RECOVERY:
            self.stands(here)

    def resend_on_page(self) -> None:
        here = self.pick(self.tabs_waiting(), "browser")
        form = here.form("/sign-in/pin", again="1")
        if form is None or here.waiting is None:
            return
        self.touch(here)
        here.submit(form)
        self.world.life.resend(here.waiting)
        self.led_on(here)

    def choose_another_factor(self) -> None:
        here = self.pick(self.tabs_waiting(), "browser")
        offered = [each for each in ("pin", "code") if here.form(OTHER, factor=each) is not None]
        if not offered or here.waiting is None:
            return
        self.touch(here)
        factor = self.pick(offered, "factor")
        here.submit(here.form(OTHER, factor=factor))
        said = self.world.life.choose(here.waiting, factor)
        assert said == REFUSED or here.shown.url == PAGES[said]
        self.led_on(here)

    def switch_seats(self) -> None:
        here, sitting = self.signed_in_at()
        if not sitting.person.members or self.world.life.half_known(sitting.person, here.device):
            return
        member = self.pick(sitting.person.members, "seat")
        self.visit(here, "/home")
        form = here.form(f"/home/seats/{member.id}")
        usable = member.id in sitting.usable_seats()
        assert (form is None) == (usable or not member.live)
        if form is None:
            return
        here.submit(form)
        way = self.world.life.switch(sitting, member) or self.by_password(here, sitting, member)
        if way:
            here.next = "the seat"
            self.arrived(here, way, self.world.life.proceed(way))

    def by_password(self, here: Tab, sitting: Sitting, member: Member) -> Waiting | None:
        """Type the password that a seat has of its own."""
        typed = self.typed_there(member)
        here.submit(here.form(f"/home/seats/{member.id}/password"), password=typed)
        way = self.world.life.verify_another(self.world.life.more(sitting), member, typed)
        if way is None:
            self.slipped(sitting.person)
        return way

    def at_step(self, here: Tab, path: str | None) -> bool:
        """Come to where the answer is typed; tell whether that could be done."""
        if path is not None:
            here.browser.open(path)
            return here.shown.url == path
        if here.shown.url not in PAGES.values():
            here.browser.open(OTHER)  # leads to the step that waits
        return here.shown.url in PAGES.values()

    def still_choosing(self, here: Tab) -> None:
        if here.shown.url != ORGANISATION and here.waiting is None:
            here.proof = None

    def card(self, here: Tab, member: Member | None, *, asking: bool) -> Element | None:
        """Return the form of a way in; `asking` for the password that it has of its own."""
        form = here.form(ORGANISATION, membership=str(member.id) if member else "account")
        return form if form is not None and ("password" in names_of(form)) == asking else None

    def typed_there(self, member: Member) -> str:
        """Return a password for one place: mostly its own."""
        own = member.person.passwords.get(member.place)
        return own.text if own and self.perhaps("its own") else self.typed(member.person)
