"""Who imports."""

import uuid
from dataclasses import dataclass, field

from app.operations.import_authority import Authority
from app.operations.visitor import Visitor


@dataclass(frozen=True)
class Caller:
    """Who imports, from where, and what they may grant. `by` is nobody where a command does it."""

    visitor: Visitor
    authority: Authority = field(default_factory=Authority)
    by: uuid.UUID | None = None
