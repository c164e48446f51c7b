"""What the API's description leaves open about a session that lives.

What the emulator can imitate is told in its words too (see its ``behaviours.py``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.errors import ApiError
from quant_sessions_provider.core.messages import occur_in_order
from quant_sessions_provider.core.model import MAX_EXTENSION, MIN_LIFETIME
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.doctor.findings import Observation, Question, minutes, near
from quant_sessions_provider.doctor.throwaway import FIRST_MESSAGES, refusal

if TYPE_CHECKING:
    from quant_sessions_provider.doctor.throwaway import ThrowawaySession

_DESCRIBED: Final = {"id", "title", "model", "messages", "created_at"}
_STEP: Final = 10
_LONGEST_LIST: Final = 200
_STOPS: Final = "the run stops with the API's answer and names --replace"


def _lifetime(session: ThrowawaySession) -> Observation:
    if session.granted is None:
        return Observation("the answer tells no expiry", "goes by what was asked")
    meaning = "takes a grant more than 15 minutes off for the expiry"
    off = minutes(session.offset)
    if abs(off) < 1:
        return Observation(f"yes, {MIN_LIFETIME} minutes", meaning, {"grantOffsetMinutes": 0})
    return Observation(f"no, {off:+g} minutes", meaning, {"grantOffsetMinutes": off})


def _first_messages(session: ThrowawaySession) -> Observation:
    live = session.get().get("messages")
    if not isinstance(live, list):
        return Observation("GET tells no messages", "finds no drift")
    if occur_in_order(FIRST_MESSAGES, live):
        return Observation("yes", "compares them at each refresh")
    rest = "" if occur_in_order(FIRST_MESSAGES[1:], live) else ", and more than that"
    return Observation(f"no: the system's is dropped{rest}", "shows drift at each refresh")


def _told(session: ThrowawaySession) -> Observation:
    answer = session.get()
    told = [name for name in ("title", "model") if answer.get(name)]
    more = ", ".join(sorted(one_line(name) for name in set(answer) - _DESCRIBED))[:_LONGEST_LIST]
    seen = " and ".join(told) or "neither title nor model"
    return Observation(f"{seen}; not described: {more or 'nothing'}", "records title and model, ignores the rest")


def _listed(session: ThrowawaySession) -> Observation:
    there = session.is_listed()
    return Observation("yes" if there else "no", "looks there after a creation without an answer, and past an expiry")


def _metadata(session: ThrowawaySession) -> Observation:
    session.put(metadata={"first": 1})
    session.put(metadata={"second": 2})
    live = session.get().get("metadata")
    meaning = "sends all that is declared; the preview says when a key goes"
    if not isinstance(live, dict) or "second" not in live:
        return Observation("cannot be seen: no answer holds it", meaning)
    word = "merge" if "first" in live else "replace"
    return Observation(f"{word}d", meaning, {"metadata": word})


def _unknown_fields(session: ThrowawaySession) -> Observation:
    try:
        session.put(status="active", quantSessionsDoctor=True)
    except ApiError as error:
        return Observation(f"refused ({refusal(error)})", "sends none", {"unknownFields": "reject"})
    return Observation("ignored", "sends none", {"unknownFields": "ignore"})


def _extension(session: ThrowawaySession) -> Observation:
    before, now = session.granted, session.server_time()
    after = session.extend(_STEP)
    meaning = "asks for the difference to the known expiry"
    if before is None or after is None:
        return Observation("the answer tells no expiry", meaning)
    wanted = timedelta(minutes=_STEP) + session.offset
    if near(after - before, wanted):
        return Observation("the expiry", meaning, {"extendFrom": "expiry"})
    session.counts_from_now = near(after - now, wanted)
    if session.counts_from_now:
        return Observation("now", f"{meaning}: the session ends earlier than planned", {"extendFrom": "now"})
    return Observation(f"neither: {_STEP} minutes were asked, {minutes(after - before):g} granted", meaning)


def _cap(session: ThrowawaySession) -> Observation:
    before = session.granted
    try:
        after = session.extend(MAX_EXTENSION)
    except ApiError as error:
        return Observation(f"no, refused ({refusal(error)})", _STOPS, {"cap": "refuse"})
    if before is None or after is None:
        return Observation("the answer tells no expiry", "goes by what was asked")
    if session.counts_from_now:
        return Observation("not told: an extension counts from now", "asks for no more than 24 hours from now")
    wanted = timedelta(minutes=MAX_EXTENSION) + session.offset
    if after - before < wanted and not near(after - before, wanted):
        whole = f"{minutes(after - session.created) / 60:.1f}"
        return Observation(f"no, cut to {whole} hours in all", "takes the grant for the expiry", {"cap": "cut"})
    return Observation("yes", "extends as planned", {"cap": "none"})


def _completed(session: ThrowawaySession) -> Observation:
    session.put(status="completed")
    return Observation("yes" if session.is_listed() else "no", "past the expiry of a completed one, goes by GET alone")


def _reopened(session: ThrowawaySession) -> Observation:
    try:
        answer = session.put(status="active")
    except ApiError as error:
        return Observation(f"no, refused ({refusal(error)})", _STOPS, {"reopen": False})
    if answer.get("status") == "active":
        return Observation("yes", "sends the status in place", {"reopen": True})
    return Observation("no, though it answers 200", "sends the status in place", {})


QUESTIONS: Final = (
    Question("Is a new session granted the lifetime that was asked?", _lifetime),
    Question("Are its first messages kept, the system's too?", _first_messages),
    Question("What does GET tell beside the messages?", _told),
    Question("Is a new session in the list at once?", _listed),
    Question("Is metadata merged or replaced?", _metadata),
    Question("Is a field that is not described ignored or refused?", _unknown_fields),
    Question("What does an extension count from?", _extension),
    Question("May extensions pass 24 hours in all?", _cap),
    Question("Is a completed session in the list?", _completed),
    Question("Can a completed session be set active again?", _reopened),
)
