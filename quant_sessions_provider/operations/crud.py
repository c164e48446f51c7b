"""check, diff, create, read, update, delete: each asks core for a decision, then the API for its part."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core import timestamps, validation
from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.describe import already_there, creation_sentence, stop_sentence, update_sentence
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ConfigurationError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    in_doubt,
)
from quant_sessions_provider.core.expiry import (
    extension,
    must_ask,
    plan_expiry,
    short_grant_due,
)
from quant_sessions_provider.core.losses import Loss, recreation_sentence, replacement_sentence
from quant_sessions_provider.core.messages import unsent
from quant_sessions_provider.core.model import DEFAULT_LIFETIME, PROPERTIES, Key, Properties
from quant_sessions_provider.core.redaction import redact_errors
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations import planned, transcripts
from quant_sessions_provider.operations.adopt import Adopted, adopt, declared, parse_import_id, require_active
from quant_sessions_provider.operations.create import Creator
from quant_sessions_provider.operations.extend import Extender
from quant_sessions_provider.operations.inspect import Inspector
from quant_sessions_provider.operations.place import is_elsewhere, require_place, require_same_session
from quant_sessions_provider.operations.refusals import UNRECORDED, expired_error, half_updated, way_out
from quant_sessions_provider.operations.requests import as_read, delete, send_update

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import SessionsApi, StoredSession


@dataclass(frozen=True)
class Diff:
    """What a plan does.

    ``changes`` is False for nothing, None for what the engine finds by comparing inputs, True where no input moved and
    yet something is due. ``sentence`` is for people, and a warning where messages are lost. ``stops`` is the text of
    the error that the update will raise, where that is sure.
    """

    changes: bool | None
    replaces: list[str] = field(default_factory=list)
    sentence: str = ""
    loses: bool = False
    stops: str = ""


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class Operations:
    """check, diff, create, read, update and delete under one configuration; safe to share between threads.

    Every method takes and returns plain dicts by state key and raises the errors of
    :mod:`quant_sessions_provider.core.errors`. ``say`` is given a session's id and a sentence for people about what the
    API did with a request.
    """

    def __init__(
        self,
        api: SessionsApi,
        settings: Settings,
        say: Callable[[str, str], None],
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._api, self._settings, self._say, self._now = api, settings, say, now
        self._inspector, self._extender = Inspector(api), Extender(api, say, now)
        self._creator = Creator(api, self._inspector, settings, say, now)

    def check(self, old: Properties, new: Properties) -> tuple[Properties, list[str]]:
        """Fill in defaults and the planned expiry; list what is wrong, one line each."""
        failures = self._unusable_settings()
        inputs: Properties = {key: PROPERTIES[key].default for key in (Key.STATUS, Key.ON_EXPIRED)} | new
        if Key.ORGANIZATION not in inputs and self._settings.organization:
            inputs[Key.ORGANIZATION] = self._settings.organization
        elif Key.ORGANIZATION not in inputs:
            failures.append(self._settings.missing("organization"))
        if Key.EXPIRATION_MINUTES not in inputs and Key.EXPIRES_AT not in inputs:
            inputs[Key.EXPIRATION_MINUTES] = DEFAULT_LIFETIME
        now = self._now()
        failures += validation.failures(old, inputs, now)
        if Key.EXPIRES_AT in inputs:
            inputs[Key.EXPIRES_AT] = timestamps.respelled(inputs[Key.EXPIRES_AT], old.get(Key.EXPIRES_AT))
        elif not failures:
            inputs[Key.EXPIRES_AT] = plan_expiry(old, inputs, now)
        return inputs, failures

    def describe_creation(self, inputs: Properties) -> str:
        """Return the sentence about a new session with inputs that check returned."""
        return creation_sentence(inputs, self._now())

    def _unusable_settings(self) -> list[str]:
        problems = [] if self._settings.bearer else [self._settings.missing("bearer")]
        try:
            transcripts.folder_of(self._settings.transcript_dir or "")
        except ConfigurationError as error:
            problems.append(str(error))
        return problems

    @redact_errors
    def diff(  # noqa: PLR0913 - what the engine tells of a plan
        self,
        session_id: str,
        outputs: Properties,
        new: Properties,
        *,
        in_plan: bool = True,
        replace_on_changes: Sequence[str] = (),
        ignores_expiry: bool = False,
    ) -> Diff:
        """Decide between nothing, an update in place and a replacement.

        Costs no request, but for the loss of a replacement and for a session that should be gone by now. Outside of a
        plan, as in a refresh, nothing is asked and nothing is said. ``replace_on_changes`` are paths that the engine
        itself acts upon: they change what is said, not what is decided.
        """
        now, change = self._now(), Change(StoredState(session_id, outputs), new, ignores_expiry)
        require_place(change.state, self._settings.base_url)
        due = short_grant_due(change, now)
        if not change.moved and not due:
            return Diff(changes=False)
        changes = None if change.moved else True
        if not in_plan:
            return Diff(changes, change.replaces)
        if change.replaces:
            return self._replacement(change, change.replaces, change.replaces)
        if must_ask(change, now):
            loss = self._inspector.expiry_outcome(change.state)
            if loss is not None:
                return self._after_expiry(change, loss)
        forced = change.moved_at(replace_on_changes)
        if forced:
            return self._replacement(change, [], forced)
        return Diff(changes, sentence=update_sentence(change, now))

    def _replacement(self, change: Change, replaces: list[str], causes: list[str]) -> Diff:
        loss = self._inspector.loss(change.state)
        return Diff(None, replaces, replacement_sentence(causes, change.new, loss, self._now()), loses=not loss.is_none)

    def _after_expiry(self, change: Change, loss: Loss) -> Diff:
        changes, new = None if change.moved else True, change.new
        # `completed` ignores an expiry; what needs a request still needs a session.
        if new.get(Key.ON_EXPIRED) == "error" and not change.completes:
            stopping = {Key.METADATA, Key.STATUS} | ({Key.EXPIRES_AT} if not change.leaves_expiry_open else set())
            if stopping & set(change.moved):
                raise expired_error(change.state)
            # Where the expiry did not move, the plan only shows that the run will stop: update raises it.
            sure = not change.leaves_expiry_open
            stops = str(expired_error(change.state)) if sure else ""
            return Diff(changes, sentence=stop_sentence(change.state, self._now(), sure=sure), stops=stops)
        sends = [key for key in change.moved if key in (Key.MESSAGES, Key.METADATA, Key.STATUS)]
        causes = [Key.EXPIRES_AT] if Key.EXPIRES_AT in change.moved or not sends else sends
        sentence = recreation_sentence(change, loss, self._now())
        return Diff(changes, causes, sentence, loses=not loss.is_none)

    def planned_creation(self, inputs: Properties) -> Properties:
        """Return the outputs of a session that is to be created, as far as they are known before."""
        return planned.creation(inputs, self._settings.base_url)

    def planned_update(
        self, session_id: str, outputs: Properties, new: Properties, *, ignores_expiry: bool = False
    ) -> Properties:
        """Return the outputs after an update, as far as they are known before."""
        return planned.update(Change(StoredState(session_id, outputs), new, ignores_expiry), self._now())

    @redact_errors
    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Create the session as declared; return its id and outputs."""
        return self._creator.create(inputs)

    @redact_errors
    def read(self, session_id: str, outputs: Properties) -> Properties | None:
        """Return the outputs with what the API returns; inputs never change.

        None for a session that is gone before its time. One that is gone after its expiry stays, as ``expired``: the
        next plan decides by ``onExpired``.
        """
        if Key.ORGANIZATION not in outputs:
            outputs = outputs | {Key.ORGANIZATION: self._settings.require_organization()}
        state = StoredState(session_id, outputs)
        found = self._find_to_read(state)
        if found is None:
            return outputs | {Key.EXPIRED: True} if state.expiry.passed(self._now()) else None
        return as_read(outputs, found, self._settings.base_url)

    def adopt(self, import_id: str) -> Adopted:
        """Return a session to import: ``ORGANIZATION/USER/GROUP/ID``."""
        address = parse_import_id(import_id)
        return self._adopt(address.id, declared(address))

    @redact_errors
    def _adopt(self, session_id: str, owner: Properties) -> Adopted:
        state = StoredState(session_id, owner)
        found = require_active(state, self._inspector)
        return adopt(state, found, as_read(owner, found, self._settings.base_url), self._now())

    def _find_to_read(self, state: StoredState) -> StoredSession | None:
        base_url = self._settings.base_url
        # `Session.get` has no user to list by.
        if Key.USER_ID not in state.outputs:
            try:
                return self._api.get(state.organization, state.id)
            except NotFoundError as error:
                raise RefusedError(f"session {state.id} is not found at {base_url}: nothing to read") from error
        if not is_elsewhere(state, base_url):
            return self._inspector.find(state)
        try:
            found = self._api.get(state.organization, state.id)
        except NotFoundError:
            found = None
        require_same_session(state, found, base_url)
        return found

    @redact_errors
    def update(
        self, session_id: str, outputs: Properties, new: Properties, *, ignores_expiry: bool = False
    ) -> Properties:
        """Send what moved: first what a later run may repeat, last the extension, which it may not."""
        now, change = self._now(), Change(StoredState(session_id, outputs), new, ignores_expiry)
        state = change.state
        require_place(state, self._settings.base_url)
        stops = new.get(Key.ON_EXPIRED) == "error" and not change.completes and must_ask(change, now)
        if stops and self._inspector.expiry_outcome(state) is not None:
            raise expired_error(state)
        result = planned.applied(change)
        minutes = extension(change, now)
        half_done = False
        try:
            body = self._body(change)
            if body:
                result |= self._update(state, body)
                half_done = True
            return self._extender.extend(change, result, minutes) if minutes else result
        except (ApiError, AnswerLostError, UnreachableError) as error:
            raise (
                half_updated(error, state, result) if half_done else RefusedError(f"{error}{way_out(error)}")
            ) from error

    def _body(self, change: Change) -> dict[str, Any]:
        body: dict[str, Any] = {}
        appended = self._unsent(change) if Key.MESSAGES in change.moved else None
        if appended:
            body["new_messages"] = appended
        if Key.METADATA in change.moved:
            body["metadata"] = change.new.get(Key.METADATA, {})
        if Key.STATUS in change.moved:
            body["status"] = change.new[Key.STATUS]
        return body

    def _unsent(self, change: Change) -> list[Any] | None:
        state = change.state
        # After a lost answer or a killed run they may be there already.
        live = self._api.get(state.organization, state.id).messages if change.appended else None
        if live is None or change.appended is None:
            return change.appended
        rest = unsent(change.new[Key.MESSAGES], live, len(state.get(Key.MESSAGES, [])))
        there = len(change.appended) - len(rest)
        if there:
            self._say(state.id, already_there(there))
        return rest

    def _update(self, state: StoredState, body: dict[str, Any]) -> Properties:
        try:
            return send_update(self._api, state, body)
        except (ApiError, AnswerLostError) as error:
            raise in_doubt(error, f"If it took effect, {UNRECORDED}; nothing is applied twice") from error

    @redact_errors
    def delete(self, session_id: str, outputs: Properties, reason: str = transcripts.UNKNOWN_REASON) -> None:
        """Delete the session, saving its messages first if ``transcriptDir`` is configured; gone is deleted."""
        state = StoredState(session_id, outputs)
        require_place(state, self._settings.base_url)
        if self._settings.transcript_dir:
            found = self._inspector.find(state)
            if found is None:
                return
            transcripts.save(self._settings.transcript_dir, state, found, reason, self._now())
        delete(self._api, self._inspector, state)
