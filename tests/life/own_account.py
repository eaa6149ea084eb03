"""What people do with a session on the pages: confirm, set up factors, change things, leave."""

from tests.life.browsing import GOODBYE, PASSWORD, REMOVE, Browsing
from tests.life.machine import Acts
from tests.life.tab import APP, CODES, FACTOR


class OwnAccount(Browsing):
    """An account's own pages."""

    def acts(self) -> Acts:
        sittings = [tab.sitting for tab in self.tabs_signed_in() if tab.sitting]
        here, apps = bool(sittings), any(each.person.app for each in sittings)
        return super().acts() | {
            "confirm": 6 * here,
            "set_up_app": 6 * here,
            "remove_app": 3 * apps,
            "make_recovery_codes": 3 * apps,
            "choose_pins": 3 * here,
            "forget_devices": 3 * here * any(tab.device.trust for tab in self.world.tabs),
            "change_password": 5 * here,
            "leave_page": here,
            "leave_in_a_week": here and not any(each.person.leaves for each in sittings),
            "stay": any(each.person.leaves for each in sittings),
        }

    def confirm(self) -> None:
        """Prove again who one is; perhaps because setting up an app asks for it."""
        here, sitting = self.signed_in_at()
        if self.world.life.half_known(sitting.person, here.device):
            return
        if self.perhaps("for an app"):
            if self.opens(here, APP):
                return
        else:
            self.visit(here, "/confirm")
        typed = self.typed(sitting.person)
        here.browser.press("Continue", password=typed)
        way = self.world.life.verify_again(sitting, typed, by_mail=here.by_mail)
        if way is None:
            self.slipped(sitting.person)
            assert here.shown.url == "/confirm"
        else:
            self.arrived(here, way, self.world.life.proceed(way))

    def set_up_app(self) -> None:
        """Set an app up, or put another in its place."""
        here, sitting = self.signed_in_at()
        if not self.opens(here, APP):
            return
        person = sitting.person
        if person.pending_of(sitting) is None:
            here.browser.press("Show the QR code")
            self.world.life.wants_app(person, sitting)
            self.world.read_secrets_of_apps()
        had_codes = bool(person.recovery)
        code = self.some_code(person.pending_of(sitting) or "")
        here.browser.press("Confirm the app", code=code)
        if self.world.life.confirm_app(sitting, code, spend=True):
            self.world.note_spent(person, code)
            self.rotated(here, sitting)
            if not had_codes:
                self.learn_codes(here)

    def remove_app(self) -> None:
        here, sitting = self.signed_in_at()
        if not self.opens(here, REMOVE):
            return
        if sitting.person.app is None:
            assert here.shown.url == FACTOR
            return
        here.browser.press("Remove the app")
        if self.world.life.give_up_app(sitting):
            self.rotated(here, sitting)

    def make_recovery_codes(self) -> None:
        here, sitting = self.signed_in_at()
        if not self.opens(here, CODES):
            return
        person = sitting.person
        here.post(CODES)
        if not sitting.owns_freshly(self.world.now):
            self.must_confirm(here, CODES)
        elif person.app:
            self.world.spent.setdefault(person, []).extend(person.recovery)
            self.learn_codes(here)
            self.world.life.trust_no_device(person)
        else:
            assert here.shown.url == FACTOR

    def choose_pins(self) -> None:
        """Have PINs mailed at each sign-in from now on, or no more."""
        here, sitting = self.signed_in_at()
        on = self.perhaps("on")
        self.visit(here, "/account")
        here.post(f"{FACTOR}/pin" if on else f"{FACTOR}/pin/leave")
        life = self.world.life
        if not (life.may_add_factor(sitting) if on else life.proved_lately(sitting)):
            self.must_confirm(here, "/account")
        elif self.world.life.choose_pin(sitting, chosen=on):
            self.rotated(here, sitting)

    def forget_devices(self) -> None:
        """Trust no device any more, one after the other, on the page that lists them."""
        here, sitting = self.signed_in_at()
        self.visit(here, FACTOR)
        if not sitting.owns:
            self.must_confirm(here, FACTOR)
            return
        life, person, now = self.world.life, sitting.person, self.world.now
        listed = [each for each in life.devices if person in each.trust]
        listed = [each for each in listed if each.trust[person].ends > now]
        forms = [f for f in here.shown.root.iter("form") if f.attrib["action"].endswith("/forget")]
        assert len(forms) == len(listed)
        for form in forms:
            here.submit(form)
        for device in listed:
            life.forget_device(person, device, but=sitting)

    def change_password(self) -> None:
        here, sitting = self.signed_in_at()
        person = sitting.person
        if self.world.life.half_known(person, here.device) or not self.opens(here, PASSWORD):
            return
        typed = self.typed(person)
        new, old = self.world.new_password(), person.passwords[None].text
        here.browser.press("Change the password", current=typed, password=new)
        if self.world.life.change_password(sitting, typed, new):
            self.world.old_passwords.setdefault(person, []).append(old)
            self.rotated(here, sitting)
        else:
            self.slipped(person)

    def leave_page(self) -> None:
        """Sign out here, or everywhere else."""
        here, sitting = self.signed_in_at()
        self.visit(here, "/account")
        if not self.perhaps("everywhere else"):
            here.browser.press("Sign out")
            self.world.life.end(sitting)
            here.sitting = here.waiting = here.proof = here.next = None
            here.by_mail = False
            return
        here.post("/account/sessions/end-others")
        if sitting.owns_freshly(self.world.now):
            self.world.life.end_all_of(sitting.person, but=sitting)
        else:
            self.must_confirm(here, "/account")

    def leave_in_a_week(self) -> None:
        here, sitting = self.signed_in_at()
        if sitting.person.leaves or not self.opens(here, GOODBYE):
            return
        here.browser.press("Remove my account in a week", identity=sitting.person.email)
        done = self.world.life.leave_in_a_week(sitting.person, but=sitting)
        assert (here.shown.status == 200) == done

    def stay(self) -> None:
        here, sitting = self.signed_in_at()
        self.visit(here, "/account")
        here.post("/account/keep")
        if not sitting.owns:
            self.must_confirm(here, "/account")
        else:
            assert (here.shown.url == "/account") == (sitting.person.leaves is not None)
            sitting.person.leaves = None
