"""Which accounts a list's address asks for. What is not in these lists of words is 400."""

import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import abort
from werkzeug.datastructures import MultiDict

from app.models import Role
from app.operations.account_list import ORDERS, Filter, Position, Sort, State
from app.operations.authority import Administrator
from app.pages.admin import cursors

LONGEST_TEXT = 320  # characters: the longest address

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """A filter, an order, and where in the list to go on."""

    wanted: Filter
    sort: Sort
    after: Position | None

    def query(self, **changes: str | None) -> dict[str, str]:
        """Return what belongs into the address of the same list, first page, with changes."""
        wanted = self.wanted
        values = {
            "q": wanted.text,
            "organisation": str(wanted.organisation_id or ""),
            "role": wanted.role.slug if wanted.role else "",
            "state": wanted.state.value if wanted.state else "",
            "sort": "" if self.sort is Sort.NAME else self.sort.value,
            **changes,
        }
        return {name: value for name, value in values.items() if value}


def read(values: MultiDict[str, str], administrator: Administrator) -> Asked:
    """Return what an address or a form asks for; an organisation's seat sees its own only."""
    place = one(values, "organisation", uuid.UUID) if administrator.of_portal else None
    wanted = Filter(
        text=text(values.get("q", "")),
        organisation_id=place,
        role=one(values, "role", _role),
        state=one(values, "state", State),
    )
    sort = one(values, "sort", Sort) or Sort.NAME
    after = cursors.read(values.get("after"), ORDERS[sort], *_good_for(administrator, sort))
    return Asked(wanted, sort, after)


def cursor(administrator: Administrator, sort: Sort, position: Position | None) -> str | None:
    """Return what leads to the next page of a list, if there is one."""
    return cursors.written(position, *_good_for(administrator, sort))


def _good_for(administrator: Administrator, sort: Sort) -> tuple[Any, ...]:
    return ("accounts", administrator.organisation_id, sort.value)


def one(values: MultiDict[str, str], name: str, kind: Callable[[str], T]) -> T | None:
    """Return what a place of a filter is set to, if it is; 400 for what `kind` does not know."""
    typed = values.get(name)
    if not typed:
        return None
    try:
        return kind(typed)
    except ValueError:
        abort(400)


def _role(slug: str) -> Role:
    role = Role.of_slug(slug)
    if role is None:
        raise ValueError(slug)
    return role


def text(typed: str) -> str:
    """Return what somebody typed without the blanks around it; 400 for what no form sends."""
    if len(typed) > LONGEST_TEXT or any(unicodedata.category(s) in {"Cc", "Cs"} for s in typed):
        abort(400)
    return typed.strip()
