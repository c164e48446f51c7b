"""Check the result of the last run, which had no faults: nothing is duplicated, nothing is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core import timestamps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

_SLACK = timedelta(minutes=1)
UNDETERMINED = "Could not determine whether"
"""Part of the error when a creation was lost and the list of sessions failed too."""


@dataclass(frozen=True)
class Ending:
    """A stack and the emulator after the last run. ``stored`` are the emulator's sessions."""

    declared: Mapping[str, Mapping[str, Any]]
    ids: Mapping[str, str]
    until: Mapping[str, str]
    """The expiry in state, by name."""
    stored: Sequence[Mapping[str, Any]]
    now: datetime
    errors: Sequence[str] = ()
    killed_creations: int = 0
    """The most creations that can have been in flight when the engine was killed."""
    said_gone: Collection[str] = ()
    """Sessions for which a gateway answered 404."""
    left_over: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Updates of failed runs that the program reverted afterwards, by name."""


def problems(end: Ending) -> list[str]:
    """Return all problems, one line each."""
    alive = [session for session in end.stored if timestamps.parse(session["expiresAt"]) > end.now]
    return [*_declared_problems(end, {session["id"]: session for session in alive}), *_stray_problems(end, alive)]


def _declared_problems(end: Ending, alive: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, declared in end.declared.items():
        session = alive.get(end.ids.get(name, ""))
        if session is None:
            # Completed sessions are not extended and may have expired.
            if declared.get("status") != "completed" or name not in end.ids:
                yield f"{name} does not exist"
            continue
        # After a lost response an extension may be sent again, so a later expiry is fine. An earlier one is not.
        active = declared.get("status") != "completed"
        if active and timestamps.parse(session["expiresAt"]) < timestamps.parse(end.until[name]) - _SLACK:
            yield f"{name} lives until {session['expiresAt']}, state says {end.until[name]}"
        left = end.left_over.get(name, ())
        for key, default in (("userId", None), ("sessionGroup", None), ("metadata", {}), ("status", "active")):
            if session.get(key) not in [declared.get(key, default), *[body[key] for body in left if key in body]]:
                yield f"{name}: {key} is {session.get(key)}, declared is {declared.get(key, default)}"
        extra = [message for body in left for message in body.get("newMessages", ())]
        if not _are_exact(session["messages"], declared.get("messages", []), extra):
            yield f"{name}: messages are {session['messages']}, declared are {declared.get('messages')}"


def _are_exact(
    live: Sequence[Mapping[str, Any]], declared: Sequence[Mapping[str, Any]], extra: Sequence[Mapping[str, Any]]
) -> bool:
    if not extra:
        return list(live) == list(declared)
    rest = iter(live)
    in_order = all(any(message == wanted for message in rest) for wanted in declared)
    return in_order and _count(live) - _count(declared) <= _count(extra)


def _count(messages: Sequence[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((message["role"], message["content"]) for message in messages)


def strays(end: Ending) -> list[str]:
    """Return the ids of live sessions that are in no state."""
    return [
        session["id"]
        for session in end.stored
        if timestamps.parse(session["expiresAt"]) > end.now and session["id"] not in end.ids.values()
    ]


def said_gone(requests: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of sessions for which a request was answered with 404 by a fault."""
    return {r["path"].rsplit("/", 1)[-1] for r in requests if r["status"] == 404 and r["fault"] == "status"}


def _stray_problems(end: Ending, alive: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    printed = "\n".join(end.errors)
    # A completed session is never listed: nothing tells a gateway's 404 in JSON from the API's own.
    excused_ids = {s["id"] for s in alive if s["status"] == "completed" and s["id"] in end.said_gone}
    unnamed = [stray for stray in strays(end) if stray not in printed and stray not in excused_ids]
    excused = end.killed_creations + printed.count(UNDETERMINED)
    if len(unnamed) > excused:
        yield f"{len(unnamed)} of {len(alive)} living sessions are in no state and in no error, {excused} may be"
