"""What a forecast says beside the runs themselves, which ``test_truth.py`` compares with real ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.urns import PLUGIN_TYPE, SESSION_TYPE
from quant_sessions_provider.timeline import schedule
from quant_sessions_provider.timeline.model import ExportedSession, Forecast
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import InvalidExportError, read_sessions
from quant_sessions_provider.timeline.svg import svg
from quant_sessions_provider.timeline.view import Chart, remarks, summary
from tests.soak import SESSIONS as SOAKED
from tests.soak import on_paper
from tests.support.exports import END, START, state

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def lives(every: str, sessions: dict[str, dict[str, Any]]) -> dict[str, Forecast]:
    runs = schedule.every(every, START, END)
    found, notes = read_sessions(state(sessions))
    assert not notes
    return {each.session.name: each for each in forecasts(found, runs, START, END)}


def life(every: str = "12h", **declared: Any) -> Forecast:  # noqa: ANN401 - any properties
    return lives(every, {"it": declared})["it"]


def camel(declared: dict[str, Any]) -> dict[str, Any]:
    names = {"expiration_minutes": "expirationMinutes", "renew_before_minutes": "renewBeforeMinutes"}
    return {{**names, "on_expired": "onExpired"}.get(key, key): value for key, value in declared.items()}


def test_a_week_matches_what_the_soak_computes() -> None:
    found = lives("12h", {name: camel(declared) for name, declared in SOAKED.items()})
    counts = {name: (each.count("renewed"), each.count("recreated")) for name, each in found.items()}
    papers = {name: on_paper(name, 14) for name in SOAKED}
    assert counts == {name: (paper.renewals, paper.recreations) for name, paper in papers.items()}


def test_spans_and_gaps_fill_the_period() -> None:
    found = life(expirationMinutes=600)
    assert found.spans[:2] == [
        (START, START + timedelta(hours=10)),
        (START + timedelta(hours=12), START + timedelta(hours=22)),
    ]
    assert found.gaps[0] == (START + timedelta(hours=10), START + timedelta(hours=12))
    assert sum((b - a for a, b in found.spans + found.gaps), timedelta()) == END - START
    assert summary(found) == "alive 83 %, 13 recreations"


def test_a_recreation_at_the_expiry_leaves_no_gap() -> None:
    found = life(expirationMinutes=1440)
    assert (found.gaps, found.alive, found.count("recreated")) == ([], 1, 6)
    assert (
        found.advice
        == "runs up to 12 hours apart let it die: make renew_before_minutes at least 721, or run more often"
    )


@pytest.mark.parametrize("option", ["replaceWith", "deletedWith"])
def test_a_session_is_recreated_whenever_the_one_that_it_is_replaced_with_is(option: str) -> None:
    urn = f"urn:pulumi:main::shop::{SESSION_TYPE}::orders"
    renewed: dict[str, Any] = {"expirationMinutes": 1440, "renewBeforeMinutes": 780, "onExpired": "error"}
    follows = {option: [urn] if option == "replaceWith" else urn}
    kinds: dict[str, dict[str, Any]] = {
        "orders": {"expirationMinutes": 1440},
        "desk": renewed | follows,
        "alone": renewed,
    }
    found = lives("12h", kinds)
    assert [each.count("recreated") for each in found.values()] == [6, 6, 0]
    assert found["desk"].advice == "it is replaced whenever orders is"
    guarded = lives("12h", kinds | {"desk": kinds["desk"] | {"protect": True}})["desk"]
    stops = [event.why for event in guarded.events if event.kind == "stopped"]
    assert stops[0] == "it is protected, and a run that would replace it stops"


def test_a_session_that_no_run_renews_says_why() -> None:
    expires_at = timestamps.render(START + timedelta(hours=8))
    kinds: dict[str, dict[str, Any]] = {
        "completed": {"expirationMinutes": 60, "status": "completed"},
        "declared": {"expiresAt": expires_at},
        "kept": {"expirationMinutes": 60, "ignoreChanges": ["expiresAt"]},
    }
    found = lives("12h", kinds)
    assert {name: each.events for name, each in found.items()} == {name: [] for name in found}
    assert [each.advice for each in found.values()] == [
        "it is completed: nothing renews it",
        "expires_at is declared: nothing renews it until a later one is",
        'ignore_changes=["expiresAt"] keeps its expiry: nothing renews it',
    ]
    assert found["declared"].spans == [(START, START + timedelta(hours=8))]


def test_a_run_that_stops_says_why_and_leaves_it_dead() -> None:
    strict, protected = {"expirationMinutes": 600, "onExpired": "error"}, {"expirationMinutes": 60, "protect": True}
    found = lives("12h", {"strict": strict, "kept": protected})
    assert found["strict"].count("stopped") == found["kept"].count("stopped") == 13
    assert "session strict expired at 2026-03-02T10:00:00Z and onExpired is error" in found["strict"].events[0].why
    assert remarks([found["kept"]], [])[1].startswith("kept: from 2026-03-02 12:00Z on, runs stop: it is protected")


def test_a_session_that_was_gone_is_dead_from_the_start() -> None:
    found = life(expirationMinutes=1440, expired=True, expiresAt=timestamps.render(START - timedelta(hours=1)))
    assert found.gaps[0] == (START, START + timedelta(hours=12))
    assert found.events[0].kind == "recreated"


@pytest.mark.parametrize("path", ["expiresAt", "*", '["expiresAt"]'])
def test_ignored_changes_keep_the_expiry_and_replaced_ones_end_the_conversation(path: str) -> None:
    renewed: dict[str, Any] = {"expirationMinutes": 1440, "renewBeforeMinutes": 800}
    assert life(**renewed, ignoreChanges=[path]).events == []
    replaced = life(**renewed, replaceOnChanges=[path])
    assert {event.kind for event in replaced.events} == {"recreated"}
    assert replaced.advice == 'replace_on_changes=["expiresAt"] replaces the session instead of extending it'
    assert life(**renewed).count("renewed") == replaced.count("recreated")


def test_a_session_that_awaits_its_replacement_is_dead_until_a_run_creates_it() -> None:
    found = life(expirationMinutes=1440, pendingReplacement=True)
    assert found.gaps[0] == (START, START + timedelta(hours=12))
    assert found.events[0].kind == "recreated"


def test_a_secret_expired_is_not_known_to_be_true() -> None:
    assert life(expirationMinutes=1440, expired={**SECRET, "ciphertext": "v1:x"}).spans[0][0] == START


def test_a_forecast_starts_no_earlier_than_the_session() -> None:
    created = START + timedelta(hours=30)
    found = life(expirationMinutes=600, createdAt=timestamps.render(created), expiresAt=timestamps.render(END))
    assert (found.spans, found.events) == ([(created, END)], [])


def test_pauses_longer_than_any_lifetime_need_more_runs() -> None:
    longest = life("2d", expirationMinutes=1440).advice
    assert longest == "runs up to 48 hours apart let it die, and no session lives longer than 24 hours: run more often"
    assert life("6d", expirationMinutes=60).advice == (
        "fewer than two runs: look further ahead with --days, or run more often"
    )


@settings(max_examples=40)
@given(lifetime=st.integers(5, 1440), ahead=st.none() | st.integers(1, 1439), minutes=st.integers(90, 1500))
def test_following_the_advice_keeps_the_session_alive(lifetime: int, ahead: int | None, minutes: int) -> None:
    assume(ahead is None or ahead < lifetime)
    pause = f"{minutes}m"
    declared = {"expirationMinutes": lifetime} | ({} if ahead is None else {"renewBeforeMinutes": ahead})
    found = life(pause, **declared)
    if "renew_before_minutes at least" not in found.advice:
        assert found.alive == 1 or "run more often" in found.advice or "fewer than two" in found.advice
        return
    numbers = [int(word.strip(",")) for word in found.advice.split() if word.strip(",").isdigit()][-2:]
    declared["renewBeforeMinutes"] = numbers[-1]
    declared["expirationMinutes"] = max(lifetime, numbers[-1] + 1)
    mended = life(pause, **declared)
    assert (mended.gaps, mended.count("recreated"), mended.advice) == ([], 0, "")


def test_secrets_are_decoded_or_named() -> None:
    closed = {"expirationMinutes": 60, "onExpired": SECRET | {"ciphertext": "v1:x"}}
    found, notes = read_sessions(state({"it": closed}))
    assert (found, notes) == ([], ["it: onExpired is secret: export the stack with --show-secrets to see its times"])
    opened = {"expirationMinutes": 60, "onExpired": SECRET | {"plaintext": '"ignore"'}}
    (session,), _ = read_sessions(state({"it": opened}))
    assert session.declared["onExpired"] == "ignore"


@pytest.mark.parametrize("key", ["expiresAt", "grantedExpiresAt", "unsentExpirySeconds", "status", "expirationMinutes"])
def test_a_session_with_a_secret_output_of_its_life_is_not_guessed(key: str) -> None:
    # `additional_secret_outputs` encrypts outputs whose inputs are not secret.
    export = state({"it": {"expirationMinutes": 60}})
    export["deployment"]["resources"][0]["outputs"][key] = {**SECRET, "ciphertext": "v1:x"}
    line = f"it: {key} is secret: export the stack with --show-secrets to see its times"
    assert read_sessions(export) == ([], [line])


def test_sessions_of_the_plugin_are_read_too() -> None:
    document = state({"desk": {"expirationMinutes": 60}})
    for resource in document["deployment"]["resources"]:
        resource["type"] = PLUGIN_TYPE
    assert len(read_sessions(document)[0]) == 1


def test_resources_that_the_stack_does_not_own_are_left_out() -> None:
    found, _ = read_sessions(state({"seen": {"external": True}, "old": {"delete": True}}))
    assert found == []
    bare = state({"it": {"expirationMinutes": 60}})
    for side in ("inputs", "outputs"):
        del bare["deployment"]["resources"][0][side]
    assert read_sessions(bare) == ([], ["it: state has no expiry"])


@pytest.mark.parametrize(
    "document", [None, [], {}, {"deployment": None}, {"deployment": {"resources": [{}]}}], ids=repr
)
def test_a_document_that_is_not_an_export_is_rejected(document: object) -> None:
    with pytest.raises(InvalidExportError, match="not what `pulumi stack export` prints"):
        read_sessions(document)


@given(st.text(min_size=1, max_size=30))
def test_any_name_can_be_drawn(name: str) -> None:
    session = ExportedSession(name, "urn", {"expirationMinutes": 60}, {}, {})
    drawing = svg([Forecast(session, START, END)], Chart(START, END, [], "never"))
    ET.fromstring(drawing)  # noqa: S314 - our own
