"""Tells when each session of a stack lives, is renewed and is dead, for given runs. No clock, no files.

Each run is made on paper by the provider's own operations, with the program as it was in the last real run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import QuantSessionsError, RefusedError
from quant_sessions_provider.core.expiry import whole_minutes
from quant_sessions_provider.core.model import MAX_LIFETIME, Properties, same
from quant_sessions_provider.core.state import Expiry
from quant_sessions_provider.core.text import counted
from quant_sessions_provider.core.urns import SESSION_TYPE, name_of
from quant_sessions_provider.dynamic.properties import inward
from quant_sessions_provider.timeline.paper import PaperApi

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quant_sessions_provider.operations.crud import Operations

_SECRET_KEY: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 - marks a secret in any state of Pulumi's
_NEEDED: Final = ("expiresAt", "expirationMinutes", "renewBeforeMinutes", "onExpired", "status")
_FACTS: Final = ("grantedExpiresAt", "expired", "createdAt")
_SOMEBODY: Final = {"userId": "-", "organization": "-"}
"""Whose session it is decides nothing while the program stays as it is."""

Kind = Literal["renewed", "recreated", "stopped"]


class NoStateError(ValueError):
    """The document is not what ``pulumi stack export`` prints."""


@dataclass(frozen=True)
class Event:
    """A run that did something: extended a session by ``minutes``, made it anew, or stopped on it."""

    at: datetime
    kind: Kind
    minutes: int = 0
    why: str = ""


@dataclass
class Session:
    """A session as state has it; ``declared`` is what the program must have said."""

    name: str
    urn: str
    declared: Properties
    inputs: Properties
    outputs: Properties
    protected: bool = False


@dataclass
class Life:
    """A session from ``start`` to ``end``: when it lives, and what runs do about it."""

    session: Session
    start: datetime
    end: datetime
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    advice: str = ""

    def count(self, kind: Kind) -> int:
        """Count the runs that did one kind of thing."""
        return sum(event.kind == kind for event in self.events)

    @property
    def alive(self) -> float:
        """Share of the time that it lives, from 0 to 1."""
        return sum((until - since for since, until in self.spans), timedelta()) / (self.end - self.start)

    @property
    def gaps(self) -> list[tuple[datetime, datetime]]:
        """The times when it is dead."""
        edges = [self.start, *(moment for span in self.spans for moment in span), self.end]
        return [(since, until) for since, until in zip(edges[::2], edges[1::2], strict=True) if since < until]


# --- state ------------------------------------------------------------------------------------------------------


def sessions_of(document: object) -> tuple[list[Session], list[str]]:
    """Read the sessions of an exported stack, and say in a line each which ones cannot be told of, and why.

    Raises:
        NoStateError: the document is no export.

    """
    try:
        resources = document["deployment"].get("resources") or []  # type: ignore[index]
        found = [_session(resource) for resource in resources if _is_session(resource)]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise NoStateError("not what `pulumi stack export` prints") from error
    return [one for one in found if isinstance(one, Session)], [one for one in found if isinstance(one, str)]


def _is_session(resource: dict[str, Any]) -> bool:
    # One that is only looked at is nobody's to renew; one that waits for its deletion has a successor.
    return resource["type"] == SESSION_TYPE and not resource.get("external") and not resource.get("delete")


def _session(resource: dict[str, Any]) -> Session | str:
    name = name_of(resource["urn"])
    inputs, outputs = (_readable(resource.get(side) or {}) for side in ("inputs", "outputs"))
    hidden = [key for key in _NEEDED if isinstance(inputs.get(key), dict)]
    if hidden:
        return f"{name}: {', '.join(hidden)} is secret: export the stack with --show-secrets to see its times"
    if Expiry.of(outputs).known is None or "expiresAt" not in inputs:
        return f"{name}: state holds no expiry"
    inputs = {key: inputs[key] for key in _NEEDED if key in inputs} | _SOMEBODY
    outputs = {key: outputs[key] for key in (*_NEEDED, *_FACTS) if key in outputs} | _SOMEBODY
    declared = {key: value for key, value in inputs.items() if key != "expiresAt"}
    if "expirationMinutes" not in inputs or "expiresAt" in resource.get("ignoreChanges", []):
        declared["expiresAt"] = inputs["expiresAt"]
    return Session(name, resource["urn"], declared, inputs, outputs, bool(resource.get("protect")))


def _readable(properties: dict[str, Any]) -> Properties:
    """Open secrets that were exported in plain text; the others stay as they are."""
    return inward({key: _opened(value) for key, value in properties.items()})


def _opened(value: object) -> object:
    if isinstance(value, dict) and _SECRET_KEY in value and "plaintext" in value:
        return json.loads(value["plaintext"])
    return value


# --- runs ---------------------------------------------------------------------------------------------------------


def live(session: Session, runs: Sequence[datetime], start: datetime, end: datetime) -> Life:
    """Let a session live through some runs."""
    api = PaperApi(start)
    expiry = Expiry.of(session.outputs)
    ends = expiry.granted or expiry.known
    api.ends = start if session.outputs.get("expired") or ends is None else ends
    life, stack = Life(session, start, end), _Stack(session, api)
    born = max(start, timestamps.parse_or_none(session.outputs.get("createdAt")) or start)
    for moment in runs:
        if moment < born:
            continue
        ended = api.ends
        event = stack.run(moment)
        if event:
            life.events.append(event)
        if event and event.kind == "recreated":
            life.spans += _span(born, min(ended, moment))
            born = moment
    life.spans += _span(born, min(api.ends, end))
    life.advice = _advice(life, runs)
    return life


def _span(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    if since < until:
        yield since, until


class _Stack:
    """The engine's part in a run of a program that stays as it is, for one session."""

    def __init__(self, session: Session, api: PaperApi) -> None:
        self._session, self._api = session, api
        self._operations: Operations = api.operations()
        self._id, self._inputs, self._outputs = api.session, session.inputs, session.outputs

    def run(self, moment: datetime) -> Event | None:
        self._api.now, self._api.extended_by = moment, 0
        before = self._api.session
        try:
            self._up()
        except QuantSessionsError as error:
            return Event(moment, "stopped", why=str(error).replace(self._id, self._session.name))
        if self._api.session != before:
            return Event(moment, "recreated")
        minutes = self._api.extended_by
        return Event(moment, "renewed", minutes) if minutes else None

    def _up(self) -> None:
        inputs = self._checked(self._inputs)
        diff = self._operations.diff(self._id, self._outputs, inputs)
        if diff.changes is not False and (diff.changes or not same(self._inputs, inputs)):
            if diff.replaces:
                inputs = self._replace()
            else:
                self._outputs = self._operations.update(self._id, self._outputs, inputs)
        self._inputs = inputs

    def _replace(self) -> Properties:
        if self._session.protected:
            raise RefusedError("it is protected, and a run that would replace it stops")
        inputs = self._checked({})
        self._id, self._outputs = self._operations.create(inputs)
        return inputs

    def _checked(self, old: Properties) -> Properties:
        inputs, failures = self._operations.check(old, self._session.declared)
        if failures:
            raise RefusedError("; ".join(failures))
        return inputs


# --- advice ---------------------------------------------------------------------------------------------------------


def _advice(life: Life, runs: Sequence[datetime]) -> str:
    """Say what would keep a session alive that dies, be it only for the moment until a run makes it anew."""
    if not life.gaps and not life.count("recreated"):
        return ""
    declared = life.session.declared
    if declared.get("status") == "completed":
        return "it is completed: nothing renews it"
    if "expirationMinutes" not in declared:
        return "its expires_at is set by hand: nothing renews it until it is set later"
    if "expiresAt" in declared:
        return 'ignore_changes=["expiresAt"] keeps its expiry: nothing renews it'
    return _longer(declared, [later - earlier for earlier, later in pairwise(runs)])


def _longer(declared: Properties, pauses: list[timedelta]) -> str:
    if not pauses:
        return "fewer than two runs: look further ahead with --days, or run more often"
    # A run that starts a little late must still find it alive.
    ahead = whole_minutes(max(pauses)) + 1
    if (declared.get("renewBeforeMinutes") or 0) >= ahead:
        return "dies before the first run that would renew it"
    dies = f"runs up to {_span_of(ahead - 1)} apart let it die"
    if ahead < declared["expirationMinutes"]:
        return f"{dies}: make renew_before_minutes at least {ahead}, or run more often"
    if ahead < MAX_LIFETIME:
        longer = f"make expiration_minutes at least {ahead + 1} and renew_before_minutes at least {ahead}"
        return f"{dies}: {longer}, or run more often"
    return f"{dies}, and no session lives longer than {_span_of(MAX_LIFETIME)}: run more often"


def _span_of(minutes: int) -> str:
    return counted(minutes, "minute") if minutes % 60 else counted(minutes // 60, "hour")
