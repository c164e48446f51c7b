"""What the API answers about a session that is gone, and the whole series of questions."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.model import MIN_LIFETIME
from quant_sessions_provider.doctor.findings import Answer, Finding, Question, asked
from quant_sessions_provider.doctor.questions import QUESTIONS
from quant_sessions_provider.doctor.throwaway import DONE, status_of, throwaway

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.doctor.throwaway import Subject

_GRACE: Final = timedelta(seconds=30)
_EXPIRED: Final = {404: "notFound", 410: "gone"}
_DELETED: Final = {200: "ok", 404: "notFound", 500: "error"}


def _after_delete(subject: Subject) -> Answer:
    subject.delete()
    return Answer(str(status_of(subject.get)), "takes 404 and 410 for gone")


def _deleted_again(subject: Subject) -> Answer:
    status = status_of(subject.delete)
    behaviour = {"deleteGone": _DELETED[status]} if status in _DELETED else {}
    return Answer(str(status), "asks GET after an error: gone is deleted", behaviour)


def _expired(subject: Subject) -> Answer:
    status = status_of(subject.get)
    meaning = "goes by the clock, then by GET and the list"
    if status in _EXPIRED:
        return Answer(str(status), meaning, {"expired": _EXPIRED[status]})
    if status != DONE:
        return Answer(str(status), meaning)
    if subject.is_listed():
        return Answer("200, and it is listed: it lives on", meaning)
    return Answer("200, and it is listed no more: it lingers", meaning, {"expired": "lingering"})


_ENDINGS: Final = (
    Question("What does GET answer after a DELETE?", _after_delete),
    Question("What does a second DELETE answer?", _deleted_again),
)
_EXPIRY: Final = Question("What does GET answer after the expiry?", _expired)
_UNASKED: Final = Finding(
    _EXPIRY.text, Answer(f"not asked: --wait asks it, and takes {MIN_LIFETIME} minutes", "goes by the clock, then asks")
)


def probe(settings: Settings, *, wait: bool, take: Callable[[Finding], None], say: Callable[[str], None]) -> None:
    """Ask all questions of sessions that are made for it and deleted again.

    Args:
        settings: where to ask, and whose account.
        wait: let a second session expire, and ask what is left of it.
        take: is given each finding.
        say: is told what takes long.

    Raises:
        QuantSessionsError: a session could not be made, or not be deleted.

    """
    with ExitStack() as stack:
        waiting = stack.enter_context(throwaway(settings)) if wait else None
        subject = stack.enter_context(throwaway(settings))
        for question in (*QUESTIONS, *_ENDINGS):
            take(asked(question, subject))
        if waiting:
            _let_expire(waiting, say)
        take(asked(_EXPIRY, waiting) if waiting else _UNASKED)


def _let_expire(subject: Subject, say: Callable[[str], None]) -> None:
    expiry = subject.granted or subject.created + timedelta(minutes=MIN_LIFETIME)
    left = (expiry + _GRACE - subject.there_now()).total_seconds()
    say(f"Waiting {left:.0f} seconds for a session to expire.")
    sleep(max(left, 0))
