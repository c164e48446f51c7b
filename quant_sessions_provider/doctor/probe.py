"""Asks the API all questions, the last ones about a session that is gone."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.model import MIN_LIFETIME
from quant_sessions_provider.doctor.findings import Finding, Observation, Question, ask
from quant_sessions_provider.doctor.questions import QUESTIONS
from quant_sessions_provider.doctor.throwaway import DONE, status_of, throwaway

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.doctor.throwaway import ThrowawaySession

_GRACE: Final = timedelta(seconds=30)
_EXPIRED: Final = {404: "notFound", 410: "gone"}
_CHECKS_CLOCK: Final = "checks the clock, then GET and the list"
_DELETED: Final = {200: "ok", 404: "notFound", 500: "error"}


def _after_delete(session: ThrowawaySession) -> Observation:
    session.delete()
    return Observation(
        str(status_of(session.get)), "also reads the list: a session is gone only if that does not hold it"
    )


def _deleted_again(session: ThrowawaySession) -> Observation:
    status = status_of(session.delete)
    behaviour = {"deleteGone": _DELETED[status]} if status in _DELETED else {}
    return Observation(str(status), "sends a GET after an error; a session that is gone is deleted", behaviour)


def _expired(session: ThrowawaySession) -> Observation:
    status = status_of(session.get)
    if status in _EXPIRED:
        return Observation(str(status), _CHECKS_CLOCK, {"expired": _EXPIRED[status]})
    if status != DONE:
        return Observation(str(status), _CHECKS_CLOCK)
    if session.is_listed():
        return Observation("200, and it is listed: it is still alive", _CHECKS_CLOCK)
    return Observation("200, but it is no longer listed: it lingers", _CHECKS_CLOCK, {"expired": "lingering"})


_ENDINGS: Final = (
    Question("What does GET return after a DELETE?", _after_delete),
    Question("What does a second DELETE return?", _deleted_again),
)
_EXPIRY: Final = Question("What does GET return after the expiry?", _expired)
_UNASKED: Final = Finding(
    _EXPIRY.text,
    Observation(f"not asked: add --wait, which takes {MIN_LIFETIME} minutes", _CHECKS_CLOCK),
)


def run(settings: Settings, *, wait: bool, record: Callable[[Finding], None], say: Callable[[str], None]) -> None:
    """Ask all questions, with sessions that are created for them and deleted again.

    Args:
        settings: where to ask, and whose account.
        wait: let a second session expire, and ask what is left of it.
        record: is called with each finding.
        say: is called with a line for people before something takes long.

    Raises:
        QuantSessionsError: a session could not be created or deleted.

    """
    with ExitStack() as stack:
        waiting = stack.enter_context(throwaway(settings)) if wait else None
        session = stack.enter_context(throwaway(settings))
        for question in (*QUESTIONS, *_ENDINGS):
            record(ask(question, session))
        if waiting:
            _let_expire(waiting, say)
        record(ask(_EXPIRY, waiting) if waiting else _UNASKED)


def _let_expire(session: ThrowawaySession, say: Callable[[str], None]) -> None:
    expiry = session.granted or session.created + timedelta(minutes=MIN_LIFETIME)
    left = (expiry + _GRACE - session.server_time()).total_seconds()
    say(f"Waiting {left:.0f} seconds for a session to expire.")
    sleep(max(left, 0))
