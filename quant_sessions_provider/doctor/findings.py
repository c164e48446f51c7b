"""What a question to the API brought to light."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quant_sessions_provider.core.errors import ApiError, QuantSessionsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.doctor.throwaway import Subject

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Answer:
    """What was seen, what the provider does with it, and the emulator's switches that imitate it."""

    seen: str
    meaning: str
    behaviour: dict[str, Any] = field(default_factory=dict)


class Question(NamedTuple):
    """What is asked, and how."""

    text: str
    ask: Callable[[Subject], Answer]


@dataclass(frozen=True)
class Finding:
    """A question with its answer."""

    question: str
    answer: Answer


def asked(question: Question, subject: Subject) -> Finding:
    """Ask; one that the API answers with an error does not stop the others."""
    try:
        answer = question.ask(subject)
    except ApiError as error:
        answer = Answer(f"not told: the API answered {error.status}", "")
    except QuantSessionsError as error:
        answer = Answer(f"not told: {error}", "")
    return Finding(question.text, answer)


def minutes(span: timedelta) -> float:
    """Give a span in minutes, to a tenth."""
    return round(span / _MINUTE, 1)


def near(one: timedelta, other: timedelta) -> bool:
    """Tell spans that are the same, but for the time that requests take."""
    return abs(one - other) < _MINUTE
