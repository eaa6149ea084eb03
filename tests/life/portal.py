"""The portal itself, as the machine meets it: an application on one database, a clock, its mail."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import insert, select

from app import config
from app.api import rate_limits
from app.config import Settings
from app.db import Base, db
from app.factory import create_app
from app.models import AuditHead
from app.operations import password_census, signing_keys
from tests import factories

Row = Mapping[Any, Any]
Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class Mail:
    """One mail that was promised: its kind, whose it is, and what it says."""

    kind: str
    account: object
    words: dict[str, str]


class Portal:
    """One application after another on the same database, each with a context that is entered."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.first = self.app = app
        self.settings = settings
        self.context: AppContext | None = None
        self.read: set[object] = set()
        self.head = self._chain_as_it_was_made()

    def start(self) -> None:
        """Begin with an empty database and the first application."""
        config.use(self.settings)
        self.read = set()
        self._enter(self.first)
        rate_limits.forget()

    def restart(self) -> None:
        """Go on with another application, which remembers nothing but the database."""
        self._leave()
        self._enter(create_app(self.settings))

    def end(self) -> None:
        """Leave the database as the migrations made it."""
        db.session.rollback()
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.execute(insert(AuditHead), self.head)
        db.session.commit()
        self._leave()

    def rows(self, named: Collection[str] = ()) -> Rows:
        """Return all that is stored, or what is in some tables."""
        db.session.rollback()
        tables = [each for each in Base.metadata.sorted_tables if not named or each.name in named]
        found: Rows = {
            table.name: list(db.session.execute(select(table)).mappings()) for table in tables
        }
        db.session.rollback()
        return found

    def new_mails(self) -> list[Mail]:
        """Return the mails that were promised since the last time this was asked."""
        db.session.rollback()
        new = [each for each in factories.mails() if each.id not in self.read]
        self.read |= {each.id for each in new}
        mails = [Mail(each.kind, each.account_id, factories.words(each)) for each in new]
        db.session.rollback()
        return mails

    def _chain_as_it_was_made(self) -> dict[Any, Any]:
        with self.first.app_context():
            return dict(db.session.execute(select(AuditHead.__table__)).mappings().one())

    def _leave(self) -> None:
        db.session.remove()
        if self.context:
            self.context.pop()
            self.context = None

    def _enter(self, app: Flask) -> None:
        self.app = app
        app.testing = True
        password_census.forget()
        signing_keys.forget()
        self.context = app.app_context()
        self.context.push()
