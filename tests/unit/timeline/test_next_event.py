"""The next event is the first that a run a minute later, two minutes later and so on would find."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.urns import SESSION_TYPE
from quant_sessions_provider.timeline.next_event import next_events
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import read_sessions
from tests.support.exports import START, state

if TYPE_CHECKING:
    from quant_sessions_provider.timeline.model import Event, ExportedSession


def exported(**declared: Any) -> ExportedSession:  # noqa: ANN401 - any properties
    (session,), _ = read_sessions(state({"it": declared}))
    return session


def after(minutes: float) -> str:
    return timestamps.render(START + timedelta(minutes=minutes))


def found(session: ExportedSession, at: float = 0, *, lives: bool | None = None) -> tuple[str, float, int] | None:
    """Return what comes next, as of ``at`` minutes after the start: what, in how many minutes, by how many."""
    now = START + timedelta(minutes=at)
    event = next_events([replace(session, lives=lives)], now).get(session.urn)
    return (event.kind, (event.at - now) / timedelta(minutes=1), event.minutes) if event else None


RENEWED: dict[str, Any] = {"expirationMinutes": 60, "renewBeforeMinutes": 15}


@pytest.mark.parametrize(
    ("declared", "at", "lives", "expected"),
    [
        ({"expirationMinutes": 60}, 0, True, ("recreated", 60, 0)),
        ({"expirationMinutes": 60}, 70, False, ("recreated", 0, 0)),
        ({"expirationMinutes": 60}, 70, True, ("renewed", 0, 60)),
        (RENEWED, 0, True, ("renewed", 45, 45)),
        (RENEWED, 50, True, ("renewed", 0, 50)),
        (RENEWED, 0, False, ("stopped", 45, 0)),
        (RENEWED | {"grantedExpiresAt": after(20)}, 0, True, ("renewed", 5, 40)),
        (RENEWED | {"status": "completed"}, 0, True, None),
        ({"expirationMinutes": 60, "onExpired": "ignore"}, 70, False, None),
        ({"expirationMinutes": 60, "onExpired": "error"}, 0, True, ("stopped", 60, 0)),
        ({"expiresAt": after(60)}, 0, True, None),
        ({"expirationMinutes": 60, "pendingReplacement": True}, 0, True, ("recreated", 0, 0)),
        ({"expirationMinutes": 60, "expired": True}, 0, True, ("recreated", 60, 0)),
        (
            RENEWED | {"expiresAt": "9999-12-31T23:59:59Z", "grantedExpiresAt": after(60)},
            0,
            True,
            ("renewed", 45, 1440),
        ),
    ],
)
def test_what_comes_next(
    declared: dict[str, Any], at: float, *, lives: bool, expected: tuple[str, float, int] | None
) -> None:
    assert found(exported(**declared), at, lives=lives) == expected


def test_a_fraction_of_a_second_that_was_granted_too_much_is_no_renewal() -> None:
    kind, minutes, _ = found(exported(expirationMinutes=60, grantedExpiresAt="2026-03-02T01:00:00.442Z")) or ("", 0, 0)
    assert (kind, int(minutes * 60)) == ("recreated", 3600)


def test_a_session_follows_those_that_it_is_replaced_with() -> None:
    urns = {name: f"urn:pulumi:main::shop::{SESSION_TYPE}::{name}" for name in ("orders", "desk")}
    follows: dict[str, dict[str, Any]] = {
        "orders": {"expirationMinutes": 30},
        "desk": {"expirationMinutes": 60, "replaceWith": [urns["orders"]]},
        "night": {"expirationMinutes": 90, "deletedWith": urns["desk"]},
        "alone": {"expirationMinutes": 90},
    }
    sessions, _ = read_sessions(state(follows))
    events = next_events(sessions, START)
    minutes = {urn.rpartition("::")[2]: (event.at - START) / timedelta(minutes=1) for urn, event in events.items()}
    assert minutes == {"orders": 30, "desk": 30, "night": 30, "alone": 90}


@settings(max_examples=25)
@given(
    lifetime=st.integers(5, 80),
    ahead=st.none() | st.integers(1, 79),
    grant=st.sampled_from((0, 0, -30, -16, -10, 14)),
    on_expired=st.sampled_from(("recreate", "ignore", "error")),
    now=st.integers(0, 95),
    lives=st.sampled_from((True, False, None)),
    replaced=st.booleans(),
)
def test_no_run_before_it_does_anything(  # noqa: PLR0913 - one for each thing that decides
    *, lifetime: int, ahead: int | None, grant: int, on_expired: str, now: int, lives: bool | None, replaced: bool
) -> None:
    declared: dict[str, Any] = {"expirationMinutes": lifetime, "onExpired": on_expired}
    if ahead is not None and ahead < lifetime:
        declared["renewBeforeMinutes"] = ahead
    if replaced:
        declared["replaceOnChanges"] = ["expiresAt"]
    session = replace(exported(**declared, grantedExpiresAt=after(lifetime + grant)), lives=lives)
    start = START + timedelta(minutes=now)
    each_minute = [first_event(session, minute, now) for minute in range(95)]
    expected = next((event for event in each_minute if event), None)
    assert next_events([session], start).get(session.urn) == expected


def first_event(session: ExportedSession, minute: int, now: int) -> Event | None:
    """Return what one run does, so many minutes after now."""
    start = START + timedelta(minutes=now)
    at = start + timedelta(minutes=minute)
    (forecast,) = forecasts([session], [at], start, at)
    return forecast.events[0] if forecast.events else None
