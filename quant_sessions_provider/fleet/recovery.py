"""Puts right what a killed run has left, in this order.

The owner of the lock is proved dead; the lock is broken; the operations that were in flight are read; sessions that
creations among them may have made are looked for, named, and deleted if that was asked for; the state follows the API.
Then the shard is run again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import ConfigurationError, QuantSessionsError
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.core.text import counted, one_line
from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.fleet.locks import is_cli, leftovers, why_it_may_live
from quant_sessions_provider.fleet.model import ShardError
from quant_sessions_provider.fleet.supervisor import kill
from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.operations.inspect import Inspector
from quant_sessions_provider.status.state import account_of, comparable, ids_in
from quant_sessions_provider.timeline.state import plain, sessions_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.fleet.locks import Lock
    from quant_sessions_provider.fleet.stack import LockedError, ShardStack

_REASON: Final = "made by a run that was killed, and in no state"


class Recovery:
    """Puts one shard right; ``notes`` are lines for people about what it found and did."""

    def __init__(self, stack: ShardStack, settings: Settings) -> None:
        self._stack, self._settings = stack, settings
        self.notes: list[str] = []

    def why_it_stays(self, locked: LockedError) -> str:
        """Return why a lock must not be broken, in one line; empty if the owners of all locks are proved dead."""
        if not locked.locks:
            # Pulumi Cloud does not say who it is.
            return str(locked)
        dead, began = self._stack.job.options.dead_hosts, self._stack.job.began
        reasons = [f"locked by {lock}: {why}" for lock in locked.locks if (why := why_it_may_live(lock, dead, began))]
        if not reasons and any(map(is_cli, leftovers(self._stack.marker))):
            # Breaking a lock breaks all locks: also that of somebody who has just broken this one.
            return "another command sees to this stack now"
        return next(iter(reasons), "")

    def of_locked(self, locks: Sequence[Lock]) -> None:
        """Break the locks of dead owners, and see to what they left."""
        for pid in leftovers(self._stack.marker):
            # A provider outlives the engine, and would finish what it had begun.
            kill(pid)
        if not self._stack.cancel():
            raise ShardError(f"its creation was killed; delete this lock: {locks[0].address}")
        self.notes += [f"broke the lock of a run that is dead: {lock}" for lock in locks]
        self.of_pending()

    def of_pending(self) -> None:
        """See to the operations that a killed run had in flight; without any there is nothing to do."""
        document = self._stack.export()
        pending = (document["deployment"] or {}).get("pending_operations") or []
        if not pending:
            return
        names = ", ".join(sorted(f"{each['type']} {name_of(each['resource']['urn'])}" for each in pending))
        self.notes.append(f"a run was killed in mid-flight: {one_line(names)}")
        self._see_to_orphans(document)
        refreshed = self._stack.refresh()
        if refreshed.error:
            raise ShardError(f"after a run that was killed, refresh failed: {refreshed.error}")

    def _see_to_orphans(self, document: Any) -> None:  # noqa: ANN401 - any JSON
        found = [*self._orphans(document)]
        deletes = bool(found) and self._stack.job.options.delete_orphans
        # A session that another run has made since then is in a state that is newer.
        moved = deletes and _written(self._stack.export()) != _written(document)
        for owner, session_id in found:
            self.notes.append(self._see_to(owner, session_id, moved=moved))

    def _orphans(self, document: Any) -> Iterator[tuple[Properties, str]]:  # noqa: ANN401 - any JSON
        """Yield what pending creations may have made and no state has, with what was declared."""
        known, seen = ids_in(document), set[str]()
        for resource in sessions_in(document, pending=True):
            inputs = plain(resource.get("inputs") or {})
            why = _why_unknown(resource, inputs)
            if why:
                self.notes.append(f"{name_of(resource['urn'])}: {why}, so orphans were not looked for")
            if why or resource.get("id"):
                continue
            try:
                created = self._created(inputs, document)
            except QuantSessionsError as error:
                self.notes.append(f"{name_of(resource['urn'])}: orphans could not be looked for: {error}")
                continue
            new = [one for one in created if comparable(one) not in known and one not in seen]
            seen.update(new)
            yield from ((inputs, one) for one in new)

    def _created(self, inputs: Properties, document: Any) -> list[str]:  # noqa: ANN401 - any JSON
        self._settings.require_bearer()
        inputs.setdefault(Key.ORGANIZATION, self._settings.require_organization())
        written = timestamps.parse(_written(document)["time"])
        latest = written + timedelta(seconds=self._settings.timeout_seconds)
        sent = _sent_at(inputs) or written
        found = Inspector(client_of(self._settings)).created_since(inputs, sent, latest)
        if found is None:
            raise ConfigurationError("the API did not list the user's sessions")
        return found

    def _see_to(self, inputs: Properties, session_id: str, *, moved: bool) -> str:
        named = f"session {one_line(session_id)} may be what it created: it is in no state"
        if not self._stack.job.options.delete_orphans:
            return f"{named}; --delete-orphans deletes it, or it expires by itself"
        if moved:
            return f"{named}, and not deleted, since another run has begun"
        api = client_of(self._settings)
        lost = Inspector(api).loss(StoredState(session_id, inputs))
        if not lost.is_none:
            return f"{named}, and not deleted, since {_conversation(lost.messages)}"
        try:
            Operations(api, self._settings, lambda *_: None).delete(session_id, inputs, _REASON)
        except QuantSessionsError as error:
            return f"{named}, and not deleted: {error}"
        return f"{named}: deleted"


def _why_unknown(resource: dict[str, Any], inputs: Properties) -> str:
    """Return why nobody can tell what a pending creation has made; empty if the API can, or if it is no creation."""
    if resource.get("id"):
        return ""
    account = account_of(resource)
    if account:
        return f"its provider is {one_line(account)}"
    return "" if isinstance(inputs.get(Key.USER_ID), str) else "its user is secret"


def _written(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return when a state was written, and by which engine: before each step, and after it."""
    found: dict[str, Any] = document["deployment"]["manifest"]
    return found


def _sent_at(inputs: Properties) -> datetime | None:
    """Return about when a creation was sent: when its expiry was planned, if it was not declared."""
    expiry, minutes = timestamps.parse_or_none(inputs.get(Key.EXPIRES_AT)), inputs.get(Key.EXPIRATION_MINUTES)
    return expiry - timedelta(minutes=minutes) if expiry is not None and isinstance(minutes, int) else None


def _conversation(messages: int | None) -> str:
    if messages is None:
        return "the API does not say what messages it has"
    return f"it has {counted(messages, 'message')} that nobody declared"
