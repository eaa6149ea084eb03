"""What two browsers show, compared with what the model says of them."""

from tests.life.machine import Machine
from tests.life.sittings import IN, REFUSED, Sitting, Waiting
from tests.life.tab import APP, CODES, PAGES, Tab

ORGANISATION = "/sign-in/organisation"
START = {"/sign-in", "/home"}  # where the portal leads who has to start again
REMOVE, PASSWORD, GOODBYE = f"{APP}/remove", "/account/password", "/account/remove"
ADDRESS = "/account/address"


class Browsing(Machine):
    """Browsers, and where they are led."""

    def visit(self, tab: Tab, path: str) -> None:
        """Open a page; whoever is signed in is seen by it."""
        tab.browser.open(path)
        self.touch(tab)

    def touch(self, tab: Tab) -> None:
        """Note that a browser was seen; forget a session that is over."""
        if not self.world.life.alive(tab.sitting):
            tab.sitting = None
        if tab.sitting:
            tab.sitting.use(self.world.now)

    def signed_in_at(self) -> tuple[Tab, Sitting]:
        """Return a browser that somebody is signed in at, and their session."""
        tab = self.pick(self.tabs_signed_in(), "browser")
        assert tab.sitting is not None
        return tab, tab.sitting

    def tabs_signed_in(self) -> list[Tab]:
        return [tab for tab in self.world.tabs if self.world.life.alive(tab.sitting)]

    def tabs_free(self) -> list[Tab]:
        return [tab for tab in self.world.tabs if not self.world.life.alive(tab.sitting)]

    def tabs_waiting(self) -> list[Tab]:
        return [tab for tab in self.world.tabs if tab.waiting]

    def tabs_choosing(self) -> list[Tab]:
        return [tab for tab in self.world.tabs if tab.proof and tab.shown.url == ORGANISATION]

    def arrived(self, tab: Tab, waiting: Waiting, said: str) -> None:
        """Compare where a browser came to with what the model said."""
        if said == IN:
            self.came_in_at(tab, waiting)
        elif said == REFUSED:
            assert tab.shown.url not in PAGES.values()
            self.start_again(tab)
        else:
            tab.waiting = waiting
            waiting.handle = tab.cookie["handle"]
            self.stands(tab)

    def came_in_at(self, tab: Tab, waiting: Waiting) -> None:
        tab.sitting = self.world.signed_in(waiting, tab.cookie.get("_user_id"))
        tab.waiting = tab.proof = None
        tab.by_mail = False
        if waiting.enrolled and tab.sitting.proved_at:
            self.learn_codes(tab)
            tab.next = tab.next or "/home"
            return
        following, tab.next = tab.next, None
        if following:
            self.asked_for(tab, following)

    def stands(self, tab: Tab) -> None:
        """Compare the step that a browser waits at with the model's; forget one that is over."""
        step = self.world.life.waits_for(tab.waiting) if tab.waiting else REFUSED
        if step == REFUSED:
            assert tab.shown.url not in PAGES.values()
            self.start_again(tab)
        else:
            assert tab.shown.url == PAGES[step]

    def led_on(self, tab: Tab) -> None:
        """Be led to the step that waits, or away: a page that was shown long ago may be no use."""
        if tab.shown.url in START:
            self.start_again(tab)
        else:
            self.stands(tab)

    def start_again(self, tab: Tab) -> None:
        """Forget what a browser was in the middle of; where it was led away, so did the portal."""
        tab.waiting = None
        if tab.shown.url in START:
            tab.proof, tab.by_mail = None, False

    def learn_codes(self, tab: Tab) -> None:
        """Learn the recovery codes that a page shows for the first and last time."""
        assert tab.sitting is not None
        codes = tab.codes()
        assert len(codes) == 10
        tab.sitting.person.recovery = codes
        self.world.secrets |= codes

    def opens(self, tab: Tab, path: str) -> bool:
        """Open a page; tell whether it shows, and does not ask for a fresh proof first."""
        self.visit(tab, path)
        return self.asked_for(tab, path)

    def asked_for(self, tab: Tab, path: str) -> bool:
        """Tell whether a page opened that may want a fresh proof first, as the model says."""
        assert tab.sitting is not None
        sitting, fresh = tab.sitting, tab.sitting.owns_freshly(self.world.now)
        needs = {
            APP: self.world.life.may_add_factor(sitting),
            CODES: sitting.owns,
            **dict.fromkeys((REMOVE, PASSWORD, GOODBYE, ADDRESS), fresh),
        }
        if not needs.get(path, True):
            self.must_confirm(tab, path)
            return False
        assert tab.shown.url != "/confirm"
        return True

    def must_confirm(self, tab: Tab, path: str) -> None:
        """Note that a browser was sent to confirm who sits there, and back to `path` then."""
        assert tab.sitting is not None
        assert tab.shown.url.startswith("/confirm")
        tab.by_mail, tab.next = tab.sitting.owns_freshly(self.world.now), path

    def rotated(self, here: Tab, sitting: Sitting) -> None:
        """Note that a change of the account gave its session another bearer."""
        self.world.bearer(sitting, here.cookie["_user_id"])
        here.waiting = here.proof = None
