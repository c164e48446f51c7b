"""Questions to the API, and what was observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quant_sessions_provider.core.errors import ApiError, QuantSessionsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.doctor.throwaway import ThrowawaySession

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Observation:
    """What was seen, what the provider does about it, and the emulator's behaviours that imitate it."""

    seen: str
    meaning: str
    behaviour: dict[str, Any] = field(default_factory=dict)


class Question(NamedTuple):
    """What is asked, and how."""

    text: str
    observe: Callable[[ThrowawaySession], Observation]


@dataclass(frozen=True)
class Finding:
    """A question with what was observed."""

    question: str
    observation: Observation


def ask(question: Question, session: ThrowawaySession) -> Finding:
    """Return the finding; an error is one too, so that it does not stop the other questions."""
    try:
        observation = question.observe(session)
    except ApiError as error:
        observation = Observation(f"not known: the API returned {error.status}", "")
    except QuantSessionsError as error:
        observation = Observation(f"not known: {error}", "")
    return Finding(question.text, observation)


def minutes(span: timedelta) -> float:
    """Return a span in minutes, to a tenth."""
    return round(span / _MINUTE, 1)


def near(one: timedelta, other: timedelta) -> bool:
    """Return whether two spans are the same, but for the time that requests take."""
    return abs(one - other) < _MINUTE
