"""Pages of a long list, each from where the last one ended: the thousandth is as quick."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app import db

BATCH = 500  # rows of an export that are read at once

Row = TypeVar("Row")
Line = TypeVar("Line")


@dataclass(frozen=True)
class Order:
    """The columns that a list is sorted by, the last one unique; all up, or all down."""

    columns: tuple[InstrumentedAttribute[Any], ...]
    down: bool = False

    def after(self, position: tuple[Any, ...]) -> ColumnElement[bool]:
        """Return the condition for what comes after a position in this order."""
        here = tuple_(*(literal(v, c.type) for v, c in zip(position, self.columns, strict=True)))
        ours = tuple_(*self.columns)
        return ours < here if self.down else ours > here

    @property
    def sorting(self) -> list[ColumnElement[Any]]:
        """Return what to sort by."""
        return [c.desc() if self.down else c.asc() for c in self.columns]

    def position(self, row: object) -> tuple[Any, ...]:
        """Return where a row stands."""
        return tuple(getattr(row, str(c.key)) for c in self.columns)


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """Some rows of a list, and where the next begin; None where these are the last."""

    rows: list[Row]
    next: tuple[Any, ...] | None


def batches(
    query: Select[Row], order: Order, size: int, *, then: Callable[[list[Row]], Iterable[Line]]
) -> Iterator[Line]:
    """Yield what `then` makes of all rows, in order, reading so many at once: for an export.

    No transaction is open while the reader of one batch takes their time over the next.
    """
    after: tuple[Any, ...] | None = None
    while True:
        found = cut(query, order, after, size)
        yield from then(found.rows)
        db.session().rollback()
        after = found.next
        if after is None:
            return


def cut(
    query: Select[Row],
    order: Order,
    after: tuple[Any, ...] | None,
    size: int,
) -> Slice[Row]:
    """Return the rows after a position, in order: one statement."""
    beyond = query if after is None else query.where(order.after(after))
    found = list(db.session().scalars(beyond.order_by(*order.sorting).limit(size + 1)))
    rows = found[:size]
    return Slice(rows, order.position(rows[-1]) if len(found) > size else None)
