"""The portal and the model side by side, and what both rules and checks need of them."""

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.api import rate_limits
from app.db import db
from app.errors import ProofRequired
from app.models import Account, Interface, PendingSignIn, Session
from app.operations import audit_chain, sessions, totp_setup
from app.operations.visitor import Visitor
from tests.conftest import Clock
from tests.life import bearers, rows
from tests.life.bearers import Told
from tests.life.changes import Changes
from tests.life.people import Invited, Person, code_at
from tests.life.portal import Mail, Portal, Rows
from tests.life.programs import Programs, session_in
from tests.life.sittings import Refresh, Sitting, Waiting
from tests.life.tab import Tab

BEGINS = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADMINISTRATOR = Visitor(Interface.COMMAND, "192.0.2.200")
WRONG = "nobody ever set this one"
TOKEN_LIFE = timedelta(minutes=15)
A_DAY_AND_AN_HOUR, MOST_SLIPS = timedelta(hours=25), 8  # in a day: nobody but guessers is locked


class World:
    """What a machine's rules act on: `life` is the model, the rest is real."""

    def __init__(self, portal: Portal, clock: Clock) -> None:
        self.clock = clock
        clock.time = BEGINS
        self.portal, app = portal, portal.app
        self.portal.start()
        self.programs = Programs(app)
        self.life = Changes(lambda: clock.time)
        self.tabs = [Tab(app, f"192.0.2.{number}") for number in (1, 2)]
        self.life.devices = [tab.device for tab in self.tabs]
        self.told: list[Told] = []
        self.secrets: set[str] = set()
        self.spent: dict[Person, list[str]] = {}  # answers that were good once
        self.answered_at: dict[Person, datetime] = {}
        self.old_passwords: dict[Person, list[str]] = {}
        self.old_tickets: list[str] = []
        self.mails: list[Mail] = []
        self.invited: list[Invited] = []
        self.before: Rows = {}
        self.number = itertools.count(1)

    @property
    def now(self) -> datetime:
        return self.clock.time

    @property
    def people(self) -> list[Person]:
        return self.life.people

    def restart(self) -> None:
        self.portal.restart()
        self.programs.move(self.portal.app)
        for tab in self.tabs:
            tab.move(self.portal.app)

    def who(self, person: Person) -> Account:
        """Return somebody as the interfaces' clients name them; no row of the database."""
        return Account(email=person.email)

    def row_of(self, person: Person) -> Account:
        db.session.rollback()
        row = db.session.get(Account, person.id)
        assert row is not None
        return row

    def new_password(self) -> str:
        password = f"plum lantern quarry {next(self.number)} oboe"
        self.secrets.add(password)
        return password

    def may_slip(self, person: Person) -> bool:
        """Tell whether one more wrong password locks nobody: that is the guessers' part."""
        lately = [at for at in person.wrong_passwords if at > self.now - A_DAY_AND_AN_HOUR]
        return len(lately) < MOST_SLIPS

    def signed_in(self, waiting: Waiting, bearer: str | None, refresh: str = "") -> Sitting:
        """Note what a client was told of the session that the model opened or changed."""
        sitting = waiting.opened
        assert sitting is not None
        assert bearer, "the model is in, the client is not"
        if refresh:
            sitting.family = [Refresh(refresh)]
        self.bearer(sitting, bearer)
        return sitting

    def bearer(self, sitting: Sitting, bearer: str) -> None:
        """Note that a session has this bearer from now on."""
        assert all(each.bearer != bearer for each in self.told), "the same bearer twice"
        short = sitting.interface is Interface.HASURA_BACKEND_PLUS
        ends = self.now + TOKEN_LIFE if short else None
        sitting.bearer, sitting.token_ends = bearer, ends
        sitting.id = sitting.id or session_in(bearer) or self._session_of(bearer)
        self.told.append(Told(bearer, sitting, ends, self._cookie_of(sitting)))
        self.secrets |= {bearer, *(each.token for each in sitting.family)}

    def read_mail(self) -> list[Mail]:
        """Take what came since, and give the PINs in it to the sign-ins that wait for them."""
        mails = self.portal.new_mails()
        self.mails += mails
        pins = [mail for mail in mails if mail.kind == "pin"]
        due, self.life.pins_due = self.life.pins_due, []
        assert len(pins) == len(due), "another number of PINs was mailed than ought to be"
        for mail, waiting in zip(pins, due, strict=True):
            assert waiting.pin is not None
            assert mail.account == waiting.person.id
            waiting.pin.digits = mail.words["pin"]
        for mail in mails:
            self.secrets |= {mail.words[name] for name in ("pin", "code") if name in mail.words}
            self.secrets.add(mail.words.get("link", "").partition("ticket=")[2] or WRONG)
        return mails

    def latest(self, kind: str, person: Person) -> str:
        """Return the ticket in the newest mail of its kind to somebody."""
        mine = [m for m in self.mails if (m.kind, m.account) == (kind, person.id)]
        return mine[-1].words["link"].partition("ticket=")[2]

    def read_secrets_of_apps(self) -> None:
        """Learn the secret that somebody's app was just shown."""
        for person in self.people:
            pending = person.pending
            if pending and not pending.secret:
                asker = self._row_of_asker(pending.asker)
                pending.secret = totp_setup.waiting_secret(self.row_of(person), asker) or ""
                assert pending.secret, "no secret waits for whoever asked"
                self.secrets.add(pending.secret)

    def code(self, waiting: Waiting, kind: str) -> str:
        """Return an answer to the second factor: right, wrong, used, another's …"""
        person = waiting.person
        secret = person.app.secret if person.app else person.pending_of(waiting)
        answers: dict[str, Callable[[], str | None]] = {
            "right": lambda: self.right(waiting),
            "spent": lambda: next(reversed(self.spent.get(person, [])), None),
            "later": lambda: code_at(secret, self.now, 1) if secret else None,
            "earlier": lambda: code_at(secret, self.now, -1) if secret else None,
            "much later": lambda: code_at(secret, self.now, 2) if secret else None,
            "recovery": lambda: min(person.recovery, default=None),
            "of another": lambda: self._pin_of_another(waiting),
            "replaced": lambda: next(reversed(waiting.old_pins), None),
        }
        return answers.get(kind, lambda: None)() or wrong(self.right(waiting))

    def right(self, waiting: Waiting) -> str:
        """Return what answers a sign-in now; zeros where nothing does."""
        person = waiting.person
        if waiting.wants_pin(self.now):
            return waiting.pin.digits if waiting.pin else "000000"
        secret = person.app.secret if person.app else person.pending_of(waiting)
        return code_at(secret, self.now) if secret else "000000"

    def note_spent(self, person: Person, code: str) -> None:
        self.spent.setdefault(person, []).append(code)
        self.answered_at[person] = self.now
        self.secrets.add(code)

    def check(self) -> None:
        """Let the model settle, and compare with it all that counts."""
        self.read_mail()
        self.read_secrets_of_apps()
        self.life.settle()
        found = self.portal.rows(rows.COMPARED)
        rows.check(self.before, found, self.life)
        self.before = found
        self.life.settled = set()

    def look_closely(self) -> None:
        """Try whatever was told to anybody, and look for secrets wherever something is stored."""
        rate_limits.forget()  # that is about floods, and about real time
        bearers.open_as_they_ought_to(self.told, self.life, self.programs)
        bearers.no_handle_comes_back(self.life)
        self._check_what_sessions_open()
        rows.nothing_is_kept_in_plain(self.portal.rows(), self.secrets)

    def close_well(self) -> None:
        """Look for the last time, also at what is kept about it all."""
        self.look_closely()
        faults = [fault for step in audit_chain.verify() for fault in step.faults]
        assert not faults, "the audit log does not hold together"

    def wait(self, span: timedelta) -> None:
        self.clock.advance(span)
        self.life.settle()

    def close(self) -> None:
        self.portal.end()

    def _check_what_sessions_open(self) -> None:
        """What a session may do is decided by what it proved, as things are now."""
        for sitting in self.life.sittings:
            row = db.session.get(Session, sitting.id)
            assert row is not None
            assert owns(row) == sitting.owns
            seats = {seat.membership_id for seat in sessions.seats_of(row)}
            assert seats == sitting.usable_seats()
        db.session.rollback()

    def _row_of_asker(self, asker: object) -> uuid.UUID | None:
        """Return whom a secret was sealed for: a sign-in, a session, or the account as such."""
        if not isinstance(asker, Waiting):
            return asker.id if isinstance(asker, Sitting) else None
        named = PendingSignIn.digest == rows.digest(asker.handle)
        found: uuid.UUID = db.session.scalars(select(PendingSignIn.id).where(named)).one()
        return found

    def _session_of(self, bearer: str) -> uuid.UUID:
        db.session.rollback()
        named = Session.digest == rows.digest(bearer)
        found: uuid.UUID | None = db.session.scalar(select(Session.id).where(named))
        assert found, "a bearer that belongs to no session"
        return found

    def _cookie_of(self, sitting: Sitting) -> str:
        here = (tab for tab in self.tabs if tab.device is sitting.device)
        return next((tab.browser.cookie() or "" for tab in here), "")

    def _pin_of_another(self, waiting: Waiting) -> str | None:
        ways = [way for proof in self.life.proofs for way in proof.ways if way is not waiting]
        return next((way.pin.digits for way in ways if way.pin), None)


def owns(row: Session) -> bool:
    try:
        sessions.require_account(row)
    except ProofRequired:
        return False
    return True


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"
