"""People who were moved over from another system, file by file."""

import enum
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base, words
from app.models.interface import INTERFACE, Interface


class Outcome(enum.StrEnum):
    """What became of one row; in a dry run, what would have."""

    CREATED = "created"  # an account was made
    JOINED = "joined"  # an account that was there was given a membership
    INVITED = "invited"  # somebody whom the importer cannot see was mailed an invitation
    UNCHANGED = "unchanged"  # it had that already
    REFUSED = "refused"


class Stage(enum.StrEnum):
    """How far an import has come that is done on the pages."""

    UPLOADING = "uploading"  # its file is not whole yet
    UPLOADED = "uploaded"  # nobody has said yet what its columns are
    MAPPED = "mapped"  # to be checked
    CHECKING = "checking"
    CHECKED = "checked"
    CONFIRMED = "confirmed"  # to be run
    RUNNING = "running"
    FINISHED = "finished"
    UNDOING = "undoing"
    UNDONE = "undone"
    STOPPED = "stopped"


class Import(Base):
    """One file that somebody brought people in from, or tried to. Written by operations.importing.

    `digest` and `mapping` tell whether the same file comes again: one that was cut short goes on
    after `last_row`. A dry run keeps its rows' outcomes and nothing else. `by_account_id` is null
    where a command did it; like audit events, an import outlives accounts.

    What is done on the pages, by operations.import_acts, is done in stages, and whoever works on
    one (operations.import_work) leases it for a while. `organisation_id` is the seat that it was
    begun from, none for the portal's, and `problem` why it was stopped.
    """

    __tablename__ = "imports"
    __table_args__ = (
        Index("ix_imports_digest", "digest"),
        Index("ix_imports_by_age", "started_at", "id"),
        Index("ix_imports_by_place", "organisation_id", "started_at", "id"),
        Index("ix_imports_stage", "stage", "leased_until"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    by_account_id: Mapped[uuid.UUID | None]
    interface: Mapped[Interface] = mapped_column(INTERFACE)
    source: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    dry_run: Mapped[bool]
    rows: Mapped[int]
    last_row: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    started_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[uuid.UUID | None]
    organisation_id: Mapped[uuid.UUID | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    stage: Mapped[Stage | None] = mapped_column(words(Stage))
    stage_at: Mapped[datetime | None]
    size: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(30))

    @property
    def done(self) -> int:
        """How many rows have their outcome."""
        return sum(self.counts.values())


class ImportRow(Base):
    """What became of one row. It holds nothing of what the row said. Written as `imports` are.

    `number` is the row's in the file: a spreadsheet's (its header is row 1), or which object of a
    JSON file. `faults` are pairs of a column and why it was refused, `ignored` the columns that an
    account which was there already kept as they were. `created` lists what the row made, and
    `membership_id` and `invitation_id` are of those among that. `undone` says what an undo did:
    "removed", or why it left what the row had made.
    """

    __tablename__ = "import_rows"
    __table_args__ = (Index("ix_import_rows_account_id", "account_id"),)

    import_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    account_id: Mapped[uuid.UUID | None]
    membership_id: Mapped[uuid.UUID | None]
    invitation_id: Mapped[uuid.UUID | None]
    created: Mapped[str] = mapped_column(String(100), default="")
    faults: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))
    ignored: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    undone: Mapped[str | None] = mapped_column(String(30))


class ImportChunk(Base):
    """A piece of a file that was uploaded, sealed: it may hold what others kept of passwords.

    Written by operations.import_store; gone as soon as the import is done or given up.
    """

    __tablename__ = "import_chunks"
    LIFETIME = timedelta(days=1)

    import_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(index=True)
