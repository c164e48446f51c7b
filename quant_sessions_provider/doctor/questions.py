"""Questions that the API's description leaves open, about a session that is alive.

What the emulator can imitate is also given as its behaviours (see its ``behaviours.py``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.errors import ApiError
from quant_sessions_provider.core.messages import message_identity
from quant_sessions_provider.core.model import MAX_EXTENSION, MIN_LIFETIME
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.doctor.findings import Observation, Question, minutes, near
from quant_sessions_provider.doctor.throwaway import FIRST_MESSAGES, rejection

if TYPE_CHECKING:
    from quant_sessions_provider.doctor.throwaway import ThrowawaySession

_DOCUMENTED: Final = {"id", "title", "model", "messages", "created_at"}
_STEP: Final = 10
_LONGEST_LIST: Final = 200
_STOPS: Final = "stops the run with the API's message and suggests --replace"
_NOT_SHOWN: Final = "replaces no session for a message that is not shown"
_SENT: Final = [message["content"] for message in FIRST_MESSAGES]
_VIEWS: Final = {
    "verbatim": ("yes", _SENT),
    "normalized": ("normalized", [message_identity(message)[1] for message in FIRST_MESSAGES]),
    "withoutSystem": ("no: the system message is missing", _SENT[1:]),
    "window": ("no: only the last two", _SENT[-2:]),
    "newestFirst": ("newest first", _SENT[::-1]),
}
"""What GET shows, as the emulator's behaviour, in words, and as contents."""


def _lifetime(session: ThrowawaySession) -> Observation:
    if session.granted is None:
        return Observation("the response has no expiry", "uses the requested expiry")
    meaning = "uses the granted expiry if it is more than 15 minutes off"
    off = minutes(session.offset)
    if abs(off) < 1:
        return Observation(f"yes, {MIN_LIFETIME} minutes", meaning, {"grantOffsetMinutes": 0})
    return Observation(f"no, {off:+g} minutes", meaning, {"grantOffsetMinutes": off})


def _messages(session: ThrowawaySession) -> Observation:
    live = session.get().get("messages")
    if not isinstance(live, list):
        return Observation("GET returns no messages", _NOT_SHOWN)
    shown = [message.get("content") if isinstance(message, dict) else None for message in live]
    for view, (words, contents) in _VIEWS.items():
        if shown == contents:
            return Observation(words, _NOT_SHOWN, {"messages": view})
    if len(shown) == len(_SENT) and shown[1:] == _SENT[1:]:
        return Observation("no: the first one is summarized", _NOT_SHOWN, {"messages": "summary"})
    return Observation(f"no: {len(shown)} of {len(_SENT)}, not as sent", _NOT_SHOWN)


def _id(session: ThrowawaySession) -> Observation:
    returned = session.get().get("id")
    meaning = "stops with one line if it is another one"
    if not isinstance(returned, str):
        return Observation("GET returns no id", meaning)
    if returned == session.id:
        return Observation("yes", meaning, {"returnedId": "requested"})
    if returned.lower() == session.id.lower():
        return Observation("yes, in upper case", meaning, {"returnedId": "upperCase"})
    return Observation("no, another one", meaning, {"returnedId": "other"})


def _update_body(session: ThrowawaySession) -> Observation:
    empty = not session.put(status="active")
    meaning = "sends a GET if the body is an empty object"
    return Observation("no" if empty else "yes", meaning, {"noContent": empty})


def _returned(session: ThrowawaySession) -> Observation:
    answer = session.get()
    documented = " and ".join(name for name in ("title", "model") if answer.get(name)) or "neither title nor model"
    more = ", ".join(sorted(one_line(name) for name in set(answer) - _DOCUMENTED))[:_LONGEST_LIST]
    return Observation(f"{documented}; undocumented: {more or 'none'}", "records title and model, ignores the rest")


def _listed(session: ThrowawaySession) -> Observation:
    listed = "yes" if session.is_listed() else "no"
    return Observation(listed, "reads the list after a creation without a response, and after an expiry")


def _metadata(session: ThrowawaySession) -> Observation:
    session.put(metadata={"first": 1})
    session.put(metadata={"second": 2})
    live = session.get().get("metadata")
    meaning = "sends all declared keys; the preview says when one is dropped"
    if not isinstance(live, dict) or "second" not in live:
        return Observation("cannot be seen: no response has it", meaning)
    word = "merge" if "first" in live else "replace"
    return Observation(f"{word}d", meaning, {"metadata": word})


def _unknown_fields(session: ThrowawaySession) -> Observation:
    try:
        session.put(status="active", quantSessionsDoctor=True)
    except ApiError as error:
        return Observation(f"rejected ({rejection(error)})", "sends none", {"unknownFields": "reject"})
    return Observation("ignored", "sends none", {"unknownFields": "ignore"})


def _extension(session: ThrowawaySession) -> Observation:
    before, now = session.granted, session.server_time()
    after = session.extend(_STEP)
    meaning = "extends by the difference to the known expiry"
    if before is None or after is None:
        return Observation("the response has no expiry", meaning)
    wanted = timedelta(minutes=_STEP) + session.offset
    if near(after - before, wanted):
        return Observation("the expiry", meaning, {"extendFrom": "expiry"})
    session.counts_from_now = near(after - now, wanted)
    if session.counts_from_now:
        return Observation("now", f"{meaning}, then once more for the rest", {"extendFrom": "now"})
    return Observation(f"neither: {_STEP} minutes were requested, {minutes(after - before):g} granted", meaning)


def _cap(session: ThrowawaySession) -> Observation:
    before = session.granted
    try:
        after = session.extend(MAX_EXTENSION)
    except ApiError as error:
        return Observation(f"no, rejected ({rejection(error)})", _STOPS, {"cap": "refuse"})
    if before is None or after is None:
        return Observation("the response has no expiry", "uses the requested expiry")
    if session.counts_from_now:
        return Observation("not known: an extension counts from now", "extends to at most 24 hours from now")
    wanted = timedelta(minutes=MAX_EXTENSION) + session.offset
    if after - before < wanted and not near(after - before, wanted):
        whole = f"{minutes(after - session.created) / 60:.1f}"
        return Observation(f"no, cut to {whole} hours in total", "uses the granted expiry", {"cap": "cut"})
    return Observation("yes", "extends as planned", {"cap": "none"})


def _completed(session: ThrowawaySession) -> Observation:
    session.put(status="completed")
    return Observation("yes" if session.is_listed() else "no", "uses GET alone after the expiry of a completed session")


def _reopened(session: ThrowawaySession) -> Observation:
    try:
        answer = session.put(status="active")
    except ApiError as error:
        return Observation(f"no, rejected ({rejection(error)})", _STOPS, {"reopen": False})
    # An update may have no body; active sessions are listed.
    if answer.get("status") == "active" or (not answer and session.is_listed()):
        return Observation("yes", "sends the status in place", {"reopen": True})
    return Observation("no, although it returns 200", "sends the status in place", {})


QUESTIONS: Final = (
    Question("Does a new session get the requested lifetime?", _lifetime),
    Question("Does GET show messages as they were sent, including the system message?", _messages),
    Question("Does GET return the id of the creation?", _id),
    Question("Which fields does GET return besides the messages?", _returned),
    Question("Is a new session in the list at once?", _listed),
    Question("Does an update return a body?", _update_body),
    Question("Is metadata merged or replaced?", _metadata),
    Question("Is an undocumented field ignored or rejected?", _unknown_fields),
    Question("What does an extension count from?", _extension),
    Question("Can extensions exceed 24 hours in total?", _cap),
    Question("Is a completed session in the list?", _completed),
    Question("Can a completed session be reopened?", _reopened),
)
