"""Taking a list of accounts out of the portal: recorded before the first row is read."""

from collections.abc import Iterator

from app.operations import account_list, audit, authority
from app.operations.account_list import Filter, Line, Sort
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor


def begin(
    administrator: Administrator, wanted: Filter, sort: Sort, visitor: Visitor
) -> Iterator[Line]:
    """Record an export, and return each account that the filter shows, read as it is taken.

    What was searched for is not recorded, only that something was. Raises ProofRequired and
    NotFound.
    """
    with authority.acting(administrator, Action.EXPORT_ACCOUNTS):
        audit.record(
            "accounts_exported",
            visitor,
            by=administrator.account_id,
            organisation_id=administrator.organisation_id or wanted.organisation_id,
            role=wanted.role.value if wanted.role else None,
            state=wanted.state.value if wanted.state else None,
            searched=int(bool(wanted.text)),
        )
    return account_list.everything(administrator, wanted, sort)
