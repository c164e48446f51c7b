"""The verbs, framework-free: each asks lifecycle for a decision, then tells the client."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import lifecycle, timestamps, validation
from quant_sessions_provider.core.describe import end_of_new, expired, short_grant, why
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    QuantSessionsError,
    RefusedError,
    UnreachableError,
    in_doubt,
)
from quant_sessions_provider.core.model import COMPUTED, DEFAULT_LIFETIME, Properties
from quant_sessions_provider.core.redaction import redact_errors
from quant_sessions_provider.operations import transcripts
from quant_sessions_provider.operations.extend import Extender
from quant_sessions_provider.operations.inspect import Probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import SessionsApi


@dataclass(frozen=True)
class Diff:
    """What a plan does.

    ``changes`` is False for nothing, None for what the engine finds by comparing inputs, True where no input moved and
    yet something is due. ``notes`` are lines for people.
    """

    changes: bool | None
    replaces: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


_ANEW: Final = "`pulumi up --replace` with its URN starts a new one from the declared messages"

_UNRECORDED: Final = "state does not know of it yet: run `pulumi up` again before you change the program back"


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Operations:
    """check, diff, create, read, update and delete under one configuration; safe to share between threads.

    Every method takes and gives plain dicts by state key and raises the errors of
    :mod:`quant_sessions_provider.core.errors`. ``say`` is given lines for people about what the API did with a request.
    """

    def __init__(
        self, api: SessionsApi, settings: Settings, say: Callable[[str], None], now: Callable[[], datetime] = _now
    ) -> None:
        self._api, self._settings, self._say, self._now = api, settings, say, now
        self._probe, self._extender = Probe(api, settings.base_url), Extender(api, say, now)

    def check(self, old: Properties, new: Properties) -> tuple[Properties, list[str]]:
        """Fill in defaults and the planned expiry; list what is wrong, one line each."""
        failures = [] if self._settings.bearer else [self._settings.missing("bearer")]
        inputs = {"status": "active", "onExpired": "recreate", **new}
        if "organization" not in inputs and self._settings.organization:
            inputs["organization"] = self._settings.organization
        elif "organization" not in inputs:
            failures.append(self._settings.missing("organization"))
        if "expirationMinutes" not in inputs and lifecycle.counts_from_lifetime(old, new):
            inputs["expirationMinutes"] = DEFAULT_LIFETIME
        now = self._now()
        failures += validation.failures(old, inputs, now)
        if not failures and "expiresAt" not in inputs:
            inputs["expiresAt"] = lifecycle.plan_expiry(old, inputs, now)
        return inputs, failures

    @redact_errors
    def diff(self, session_id: str, outputs: Properties, new: Properties) -> Diff:
        """Decide between nothing, an update in place and a replacement.

        Costs no request, but for the price of a replacement and for a session that should be gone by now.
        """
        now = self._now()
        changed = lifecycle.changed_inputs(outputs, new)
        due = lifecycle.short_grant_due(outputs, new, now)
        if not changed and not due:
            return Diff(changes=False)
        replaces = lifecycle.replacing_inputs(outputs, new, changed)
        if replaces:
            return Diff(None, replaces, [self._probe.price(session_id, outputs, why(new, replaces))])
        if lifecycle.must_ask(outputs, new, changed, now):
            end = self._probe.end_of(session_id, outputs)
            if end:
                return self._ended(session_id, outputs, new, changed, end)
        return Diff(None if changed else True)

    def _ended(self, session_id: str, outputs: Properties, new: Properties, changed: list[str], end: str) -> Diff:
        changes = None if changed else True
        # `completed` ignores an expiry; what needs a request still needs a session.
        if new.get("onExpired") == "error" and new.get("status") != "completed":
            if {"expiresAt", "metadata", "status"} & set(changed):
                raise _expired_error(session_id, outputs)
            # What is left moves in a refresh too, which must not fail and cannot be told from a plan: update raises it.
            return Diff(changes)
        anew = f"a new one starts from the declared messages, until about {end_of_new(new, self._now())}"
        note = f"{expired(session_id, outputs)}; {end}, {anew}"
        sends = [key for key in changed if key in ("messages", "metadata", "status")]
        causes = ["expiresAt"] if "expiresAt" in changed or not sends else sends
        return Diff(changes, causes, [note])

    @redact_errors
    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Create the session as declared; if a second request must complete it and fails, nothing is left behind."""
        sent = self._now()
        try:
            created = self._api.create(
                inputs["organization"],
                user_id=inputs["userId"],
                session_group=inputs.get("sessionGroup"),
                metadata=inputs.get("metadata"),
                expiration_minutes=lifecycle.first_lifetime(inputs, sent),
                initial_messages=inputs.get("messages"),
            )
            session_id = _required_id(created.session_id)
        except (ApiError, AnswerLostError) as error:
            raise self._unsure(error, inputs, sent) from error
        outputs = inputs | _told(
            grantedExpiresAt=created.expires_at,
            createdAt=created.created_at,
            baseUrl=self._settings.base_url,
            expired=False,
        )
        if inputs["status"] != "active":
            outputs |= self._complete(session_id, inputs)
        for line in short_grant(session_id, outputs):
            self._say(line)
        return session_id, outputs

    def _unsure(self, error: ApiError | AnswerLostError, inputs: Properties, sent: datetime) -> QuantSessionsError:
        """Name the sessions that an attempt may have made, since it is not repeated; a refusal made none."""
        if not error.maybe_applied:
            return error
        return AnswerLostError(f"{error}; sent at {timestamps.render(sent)}. {self._probe.traces(inputs, sent)}")

    def _complete(self, session_id: str, inputs: Properties) -> Properties:
        try:
            return self._put(session_id, inputs, {"status": inputs["status"]})
        except QuantSessionsError as error:
            raise RefusedError(f"{error}; {self._take_back(session_id, inputs)}") from error

    def _take_back(self, session_id: str, inputs: Properties) -> str:
        try:
            self._delete(session_id, inputs)
        except QuantSessionsError:
            return f"session {session_id} was created and may still be there: delete it by its id"
        return "the session was deleted again"

    @redact_errors
    def read(self, session_id: str, outputs: Properties) -> tuple[Properties, Properties | None] | None:
        """Read what the API tells: new outputs, and new inputs where declared messages were tampered with.

        None for a session that is gone before its time. One that is gone after its expiry stays, as ``expired``: the
        next plan decides by ``onExpired``.
        """
        if "organization" not in outputs:
            outputs = outputs | {"organization": self._settings.require_organization()}
        # A program's `Session.get` comes without what a refresh would have recorded.
        first = "baseUrl" not in outputs
        outputs = {"baseUrl": self._settings.base_url, **outputs}
        found = self._probe.find(session_id, outputs)
        if found is None:
            if first:
                raise RefusedError(f"session {session_id} is not found at {self._settings.base_url}: nothing to read")
            past = lifecycle.lies_in_past(outputs, self._now())
            return (outputs | {"expired": True}, None) if past else None
        fresh = outputs | _told(
            title=found.title,
            model=found.model,
            createdAt=found.created_at,
            totalMessages=None if found.messages is None else len(found.messages),
            expired=False,
        )
        return lifecycle.with_drift(fresh, found.messages)

    @redact_errors
    def update(self, session_id: str, outputs: Properties, new: Properties) -> Properties:
        """Send what moved: first what may be repeated by a later run, last the extension, which may not."""
        now = self._now()
        changed = lifecycle.changed_inputs(outputs, new)
        if not changed and lifecycle.lies_in_past(outputs, now) and self._probe.end_of(session_id, outputs):
            raise _expired_error(session_id, outputs)
        result = {key: value for key, value in outputs.items() if key in COMPUTED} | new
        minutes = lifecycle.extension(outputs, new, now)
        half = ""
        try:
            body = self._moved(session_id, outputs, new, changed)
            if body:
                result |= self._updated(session_id, outputs, body)
                half = f"; the rest of this update took effect, but {_UNRECORDED}"
            return self._extender.extend(session_id, result, minutes) if minutes else result
        except NotFoundError as error:
            self._probe.require_same_place(session_id, outputs)
            raise RefusedError(f"{error}; `pulumi refresh` drops it if it is gone, {_ANEW}") from error
        except (ApiError, AnswerLostError, UnreachableError) as error:
            raise RefusedError(f"{error}{half}{_way_out(error)}") from error

    def _moved(self, session_id: str, outputs: Properties, new: Properties, changed: list[str]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        appended = self._appended(session_id, outputs, new) if "messages" in changed else None
        if appended:
            body["new_messages"] = appended
        if "metadata" in changed:
            body["metadata"] = new.get("metadata", {})
        if "status" in changed:
            body["status"] = new["status"]
        return body

    def _appended(self, session_id: str, outputs: Properties, new: Properties) -> list[Any] | None:
        appended = lifecycle.new_messages(outputs, new)
        # After a lost answer or a killed run they may be there already.
        live = self._api.get(outputs.get("organization", ""), session_id).messages if appended else None
        return appended if live is None else lifecycle.unsent(new["messages"], live, len(outputs.get("messages", [])))

    def _put(self, session_id: str, outputs: Properties, body: dict[str, Any]) -> Properties:
        answer = self._api.update(outputs.get("organization", ""), session_id, **body)
        return _told(totalMessages=answer.total_messages, totalTokens=answer.total_tokens, updatedAt=answer.updated_at)

    def _updated(self, session_id: str, outputs: Properties, body: dict[str, Any]) -> Properties:
        try:
            return self._put(session_id, outputs, body)
        except (ApiError, AnswerLostError) as error:
            raise in_doubt(error, f"If it took effect, {_UNRECORDED}; nothing is applied twice") from error

    @redact_errors
    def delete(self, session_id: str, outputs: Properties) -> None:
        """Delete the session, saving its messages first if ``transcriptDir`` is configured; gone is deleted."""
        if self._settings.transcript_dir:
            found = self._probe.find(session_id, outputs)
            if found is None:
                return
            transcripts.save(self._settings.transcript_dir, session_id, found)
        self._delete(session_id, outputs)

    def _delete(self, session_id: str, outputs: Properties) -> None:
        """Delete without saving. After an error a GET tells whether it is gone, since DELETE itself does not."""
        try:
            self._api.delete(outputs.get("organization", ""), session_id)
        except (ApiError, AnswerLostError) as error:
            if isinstance(error, ForbiddenError):
                raise
            if self._probe.find(session_id, outputs) is not None:
                self._api.delete(outputs.get("organization", ""), session_id)


def _required_id(session_id: str | None) -> str:
    if not session_id:
        raise AnswerLostError("creating the session: the API's answer has no sessionId")
    return session_id


def _told(**facts: Any) -> Properties:  # noqa: ANN401 - whatever the API told
    return {key: value for key, value in facts.items() if value is not None}


def _way_out(error: QuantSessionsError) -> str:
    """Give the command that leads on from what the API refused; what failed for another reason is to be repeated."""
    return f"; {_ANEW}" if isinstance(error, InvalidRequestError) else ""


def _expired_error(session_id: str, outputs: Properties) -> RefusedError:
    leave = 'on_expired="ignore" leaves it as it is'
    return RefusedError(f"{expired(session_id, outputs)} and onExpired is error: {_ANEW}, {leave}")
