"""Delete what live tests created: by id, and by user where the creation was not answered.

No entry of a list says whose session it is. So nothing is deleted by its user unless the service shows that it lists by
user: it must have nothing for a user that nobody can be.
"""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from quant_sessions_provider.core.errors import NotFoundError, QuantSessionsError, RefusedError
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.operations.crud import Operations
from tests.live.ledger import PREFIX, ledgers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from quant_sessions_provider.operations.api import SessionsApi
    from tests.live.account import Account
    from tests.live.ledger import Ledger

_SETTLED: Final = 30.0
"""Seconds after which the service has carried out or dropped what a killed process had sent."""


class Swept(NamedTuple):
    """How many sessions were deleted, and a line for each ledger that was not cleared: of others, and after errors."""

    deleted: int
    others: list[str]
    failures: list[str]


def sweep(folder: Path, account: Account) -> Swept:
    """Delete the sessions of all ledgers of this account whose run has ended."""
    swept = Swept(0, [], [])
    for ledger in ledgers(folder):
        if reason := _not_ours(ledger, account):
            swept.others.append(f"{ledger.path}: {reason}")
            ledger.close()
            continue
        try:
            swept = swept._replace(deleted=swept.deleted + clear(ledger, account))
        except QuantSessionsError as error:
            swept.failures.append(f"{ledger.path}: {error}")
            ledger.close()
    return swept


def _not_ours(ledger: Ledger, account: Account) -> str:
    """Lock a ledger. Return why it is not this run's to clear, or nothing."""
    if not ledger.lock():
        return "its run goes on, and cleans up at its end"
    entries = ledger.entries()
    # One without a host is of a run that was killed before it had written a line.
    if not entries.base_url or (entries.base_url, entries.organization) == (account.base_url, account.organization):
        return ""
    return f"is of organization {entries.organization} at {entries.base_url}"


def clear(ledger: Ledger, account: Account) -> int:
    """Delete the sessions of one ledger, and remove it; return how many were there.

    Raises:
        QuantSessionsError: one could not be found or deleted. The ledger stays.

    """
    entries, api = ledger.entries(), account.client()
    deleted = _delete(entries.ids, api, account)
    users = list(entries.unanswered.values())
    found = _listed(users, api, account.organization)
    if len(found) < len(users) and (left := _SETTLED - ledger.age()) > 0:
        sleep(left)
        found = _listed(users, api, account.organization)
    deleted += _delete(found, api, account)
    ledger.remove()
    return deleted


def _listed(users: Iterable[str], api: SessionsApi, organization: str) -> set[str]:
    """Return the ids of the sessions of these users."""
    found = {one.id for user in set(users) for one in api.list(organization, user_id=user) if one.id}
    # Asked afterwards: a session that was listed whoever it belongs to is listed for this user as well.
    if found and any(api.list(organization, user_id=f"{PREFIX}{uuid4().hex}", limit=1)):
        raise RefusedError("the service also lists sessions of other users: none is deleted by its user")
    return found


def _delete(ids: set[str], api: SessionsApi, account: Account) -> int:
    """Delete those of the sessions that are there; return how many these were."""
    there = [one for one in sorted(ids) if _is_there(api, account.organization, one)]
    operations = Operations(api, account.settings(), lambda *_: None)
    for session_id in there:
        operations.delete(session_id, {Key.ORGANIZATION: account.organization})
    return len(there)


def _is_there(api: SessionsApi, organization: str, session_id: str) -> bool:
    try:
        api.get(organization, session_id)
    except NotFoundError:
        return False
    return True
