"""Delete what live tests created: by id, and by user where no id was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quant_sessions_provider.core.errors import NotFoundError, QuantSessionsError
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.operations.crud import Operations
from tests.live.ledger import abandoned

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.operations.api import SessionsApi
    from tests.live.account import Account
    from tests.live.ledger import Ledger


class Swept(NamedTuple):
    """How many sessions were deleted, and a line for each ledger that was not cleared: of others, and after errors."""

    deleted: int
    others: list[str]
    failures: list[str]


def sweep(folder: Path, account: Account) -> Swept:
    """Delete the sessions of all ledgers of this account whose run has ended."""
    swept = Swept(0, [], [])
    for ledger in abandoned(folder):
        entries = ledger.entries()
        if not entries.base_url:  # killed before it had written a line
            ledger.remove()
        elif (entries.base_url, entries.organization) != (account.base_url, account.organization):
            swept.others.append(f"{ledger.path}: is of organization {entries.organization} at {entries.base_url}")
            ledger.close()
        else:
            try:
                swept = swept._replace(deleted=swept.deleted + clear(ledger, account))
            except QuantSessionsError as error:
                swept.failures.append(f"{ledger.path}: {error}")
                ledger.close()
    return swept


def clear(ledger: Ledger, account: Account) -> int:
    """Delete the sessions of one ledger, and remove it; return how many were there."""
    entries, api = ledger.entries(), account.client()
    listed = {one.id for user in entries.users for one in api.list(account.organization, user_id=user)}
    known = entries.ids | {one for one in listed if one}
    there = [one for one in sorted(known) if _is_there(api, account.organization, one)]
    operations = Operations(api, account.settings(), lambda *_: None)
    for session_id in there:
        operations.delete(session_id, {Key.ORGANIZATION: account.organization})
    ledger.remove()
    return len(there)


def _is_there(api: SessionsApi, organization: str, session_id: str) -> bool:
    try:
        api.get(organization, session_id)
    except NotFoundError:
        return False
    return True
