"""The verbs, framework-free: each asks lifecycle for a decision, then tells the client."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from quant_sessions_provider import instants, lifecycle, validation
from quant_sessions_provider.errors import (
    AnswerLostError,
    ApiError,
    NotFoundError,
    QuantSessionsError,
    RefusedError,
)
from quant_sessions_provider.model import COMPUTED, DEFAULT_LIFETIME, INPUTS, Properties
from quant_sessions_provider.sentence import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.client import Client
    from quant_sessions_provider.config import Settings
    from quant_sessions_provider.model import StoredSession


@dataclass(frozen=True)
class Diff:
    """What a plan does.

    ``changes`` is False for nothing, None for what the engine finds by comparing inputs, True where no input moved and
    yet something is due. ``notes`` are lines for people.
    """

    changes: bool | None
    replaces: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Operations:
    """check, diff, create, read, update and delete under one configuration; safe to share between threads.

    Every method takes and gives plain dicts by state key and raises the errors of
    :mod:`quant_sessions_provider.errors`.
    """

    def __init__(self, client: Client, settings: Settings, now: Callable[[], datetime] = _now) -> None:
        self._client, self._settings, self._now = client, settings, now

    def check(self, old: Properties, new: Properties) -> tuple[Properties, list[str]]:
        """Fill in defaults and the planned expiry; list what is wrong, one line each."""
        failures = [] if self._settings.bearer else [self._settings.missing("bearer")]
        inputs = {"status": "active", "onExpired": "recreate", **new}
        if "organization" not in inputs and self._settings.organization:
            inputs["organization"] = self._settings.organization
        elif "organization" not in inputs:
            failures.append(self._settings.missing("organization"))
        if "expirationMinutes" not in inputs and _counts_from_lifetime(old, new):
            inputs["expirationMinutes"] = DEFAULT_LIFETIME
        now = self._now()
        failures += validation.failures(old, inputs, now)
        if not failures and "expiresAt" not in inputs:
            inputs["expiresAt"] = lifecycle.plan_expiry(old, inputs, now)
        return inputs, failures

    def diff(self, session_id: str, outputs: Properties, new: Properties) -> Diff:
        """Decide between nothing, an update in place and a replacement.

        Costs no request, but for the price of a replacement and for a session that should be gone by now.
        """
        now = self._now()
        changed = lifecycle.changed_inputs(outputs, new)
        due = lifecycle.short_grant_due(outputs, new, now)
        if not changed and not due:
            return Diff(changes=False)
        changes = None if changed else True
        replaces = lifecycle.replacing_inputs(outputs, new, changed)
        if replaces:
            return Diff(changes, replaces, [self._price(session_id, outputs, replaces)])
        if lifecycle.must_ask(outputs, new, changed, now) and self._is_gone(session_id, outputs):
            return self._gone(session_id, outputs, new, changed)
        return Diff(changes)

    def _gone(self, session_id: str, outputs: Properties, new: Properties, changed: list[str]) -> Diff:
        expiry = lifecycle.known_expiry(outputs)
        when = f"session {session_id} expired at {instants.render(expiry) if expiry else 'an unknown time'}"
        # `completed` ignores an expiry; what needs a request still needs a session.
        if new["onExpired"] == "error" and new["status"] != "completed" and changed:
            raise RefusedError(
                f"{when} and onExpired is error: `pulumi up --replace` with its URN starts a new one from the"
                " declared messages, onExpired ignore leaves it as it is"
            )
        note = f"{when}; it is gone, a new one starts from the declared messages"
        return Diff(None if changed else True, self._causes(changed), [note])

    @staticmethod
    def _causes(changed: list[str]) -> list[str]:
        return ["expiresAt"] if "expiresAt" in changed or not changed else changed

    def _is_gone(self, session_id: str, outputs: Properties) -> bool:
        """Ask the API. An expired session may linger, so for an active one the list of active sessions decides."""
        if outputs.get("expired"):
            return True
        if self._find(session_id, outputs) is None:
            return True
        if outputs.get("status") == "completed":
            return False
        active = self._client.list(
            outputs["organization"], user_id=outputs["userId"], session_group=outputs.get("sessionGroup")
        )
        return all(session.id != session_id for session in active)

    def _price(self, session_id: str, outputs: Properties, replaces: list[str]) -> str:
        try:
            found = self._find(session_id, outputs)
        except QuantSessionsError:
            loss = "an unknown number of messages"
        else:
            loss = "nothing: it is gone" if found is None else counted(len(found.messages or []), "message")
        return f"session {session_id}: {', '.join(replaces)} changed; replacing it loses {loss}"

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Create the session as declared; if a second request must complete it and fails, nothing is left behind."""
        created = self._client.create(
            inputs["organization"],
            user_id=inputs["userId"],
            session_group=inputs.get("sessionGroup"),
            metadata=inputs.get("metadata"),
            expiration_minutes=lifecycle.first_lifetime(inputs, self._now()),
            initial_messages=inputs.get("messages"),
        )
        if not created.session_id:
            raise ApiError("creating the session: the API's answer has no sessionId", status=201)
        outputs = inputs | _told(
            grantedExpiresAt=created.expires_at,
            createdAt=created.created_at,
            baseUrl=self._settings.base_url,
            expired=False,
        )
        if inputs["status"] != "active":
            outputs |= self._complete(created.session_id, inputs)
        return created.session_id, outputs

    def _complete(self, session_id: str, inputs: Properties) -> Properties:
        try:
            return self._put(session_id, inputs, {"status": inputs["status"]})
        except QuantSessionsError as error:
            raise RefusedError(f"{error}; {self._take_back(session_id, inputs)}") from error

    def _take_back(self, session_id: str, inputs: Properties) -> str:
        try:
            self.delete(session_id, inputs)
        except QuantSessionsError:
            return f"session {session_id} was created and could not be deleted again: delete it by its id"
        return "the session was deleted again"

    def read(self, session_id: str, outputs: Properties) -> tuple[Properties, Properties | None] | None:
        """Read what the API tells: new outputs, and new inputs where declared messages were tampered with.

        None for a session that is gone before its time. One that is gone after its expiry stays, as ``expired``: the
        next plan decides by ``onExpired``.
        """
        outputs = {"organization": self._settings.organization, "baseUrl": self._settings.base_url, **outputs}
        found = self._find(session_id, outputs)
        if found is None:
            past = lifecycle.lies_in_past(outputs, self._now())
            return (outputs | {"expired": True}, None) if past else None
        fresh = outputs | _told(
            title=found.title,
            model=found.model,
            createdAt=found.created_at,
            totalMessages=None if found.messages is None else len(found.messages),
            expired=False,
        )
        return _with_drift(fresh, found)

    def update(self, session_id: str, outputs: Properties, new: Properties) -> Properties:
        """Send what moved: first what may be repeated by a later run, last the extension, which may not."""
        now = self._now()
        changed = lifecycle.changed_inputs(outputs, new)
        if not changed and lifecycle.lies_in_past(outputs, now) and self._is_gone(session_id, outputs):
            self._gone(session_id, outputs, new, ["expiresAt"])
        result = {key: value for key, value in outputs.items() if key in COMPUTED} | new
        try:
            body = self._moved(session_id, outputs, new, changed)
            if body:
                result |= self._put(session_id, outputs, body)
            minutes = lifecycle.extension(outputs, new, now)
            return self._extended(session_id, result, minutes) if minutes else result
        except NotFoundError as error:
            self._require_same_place(session_id, outputs)
            raise RefusedError(
                f"{error}; `pulumi refresh` drops it if it is gone, `pulumi up --replace` with its URN makes a new one"
            ) from error

    def _moved(self, session_id: str, outputs: Properties, new: Properties, changed: list[str]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        appended = lifecycle.new_messages(outputs, new) if "messages" in changed else None
        # After a lost answer or a killed run they may be there already.
        if appended and not self._holds(session_id, outputs, new["messages"]):
            body["new_messages"] = appended
        if "metadata" in changed:
            body["metadata"] = new.get("metadata", {})
        if "status" in changed:
            body["status"] = new["status"]
        return body

    def _holds(self, session_id: str, outputs: Properties, declared: list[Any]) -> bool:
        live = self._client.get(outputs["organization"], session_id).messages
        return live is not None and lifecycle.occur_in_order(declared, live)

    def _put(self, session_id: str, outputs: Properties, body: dict[str, Any]) -> Properties:
        answer = self._client.update(outputs["organization"], session_id, **body)
        return _told(totalMessages=answer.total_messages, totalTokens=answer.total_tokens, updatedAt=answer.updated_at)

    def _extended(self, session_id: str, outputs: Properties, minutes: int) -> Properties:
        answer = self._client.extend(outputs["organization"], session_id, additional_minutes=minutes)
        # Without an answer's word for it, the earlier grant says nothing any more.
        rest = {key: value for key, value in outputs.items() if key != "grantedExpiresAt"}
        return rest | _told(grantedExpiresAt=answer.expires_at, expired=False)

    def delete(self, session_id: str, outputs: Properties) -> None:
        """Delete the session; gone is deleted. After an error a GET tells which, since DELETE itself does not."""
        try:
            self._client.delete(outputs["organization"], session_id)
        except (ApiError, AnswerLostError):
            if self._find(session_id, outputs) is not None:
                self._client.delete(outputs["organization"], session_id)

    def _find(self, session_id: str, outputs: Properties) -> StoredSession | None:
        try:
            return self._client.get(outputs["organization"], session_id)
        except NotFoundError:
            self._require_same_place(session_id, outputs)
            return None

    def _require_same_place(self, session_id: str, outputs: Properties) -> None:
        """Refuse to take another host's 404 for the end of a session."""
        here, recorded = self._settings.base_url, outputs.get("baseUrl", self._settings.base_url)
        if here != recorded:
            raise RefusedError(
                f"session {session_id} is not found at {here}, but it was made at {recorded}:"
                " set baseUrl to where it lives"
            )


def _counts_from_lifetime(old: Properties, new: Properties) -> bool:
    """Tell a planned expiry, which ``ignore_changes`` carries over, from one that is set by hand."""
    if "expiresAt" not in new:
        return True
    return "expirationMinutes" in old and old.get("expiresAt") == new["expiresAt"]


def _told(**facts: Any) -> Properties:  # noqa: ANN401 - whatever the API told
    return {key: value for key, value in facts.items() if value is not None}


def _with_drift(outputs: Properties, found: StoredSession) -> tuple[Properties, Properties | None]:
    declared, live = outputs.get("messages", []), found.messages
    if live is None or lifecycle.occur_in_order(declared, live):
        return outputs, None
    kept = [{"role": m["role"], "content": m["content"]} for m in live[: len(declared)]]
    outputs = outputs | {"messages": kept}
    return outputs, {key: value for key, value in outputs.items() if key in INPUTS}
