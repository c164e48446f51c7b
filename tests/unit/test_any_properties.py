"""Whatever a program, another version's state or the API holds: a result, a failure of one line, or our own error."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pulumi.dynamic import Config, ConfigureRequest

from quant_sessions_provider import provider
from quant_sessions_provider.client.sessions import Client
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.describe import update_sentence
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    InvalidRequestError,
    NotFoundError,
    QuantSessionsError,
)
from quant_sessions_provider.core.model import COMPUTED, INPUTS, contains_unknown
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.dynamic.one_line_errors import SessionError
from quant_sessions_provider.dynamic.properties import from_pulumi
from quant_sessions_provider.provider import SessionProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "60"))
CANARY = "hunter2-canary"
CONFIGURED = {"quant-sessions:bearer": "t", "quant-sessions:baseUrl": "https://here.example"}
SOUND: dict[str, Any] = {"userId": "ada", "organization": "acme", "expirationMinutes": 60.0}
FAILURE = re.compile(
    rf"({'|'.join(INPUTS)})([\[.:].*)?: .+|\w+: is not a property of a session|an unknown property is declared"
    "|no organization is .*"
)

UNKNOWN = st.sampled_from([pulumi.output.UNKNOWN]) | st.builds(pulumi.output.Unknown)
TEXT = st.text(st.characters(exclude_categories=()), max_size=8).map(lambda text: text + CANARY) | st.sampled_from(
    [
        "",
        " ",
        "..",
        "ada",
        "\ud83d",
        "user",
        "system",
        "active",
        "completed",
        "recreate",
        "error",
        CANARY,
        f"\n{CANARY}",
    ]
)
TIMESTAMPS = st.builds(
    lambda minutes, offset: (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat()[:19] + offset,
    st.integers(-3000, 3000),
    st.sampled_from(["Z", "+00:00", "-23:59", ".5+05:30"]),
) | st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-10:00"])
NUMBERS = st.floats() | st.integers() | st.sampled_from([60.0, 5, 1440, 10**400, -(10**4000), 2**53 + 1])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT | TIMESTAMPS | UNKNOWN | st.just(pulumi.StringAsset(CANARY))
KEYS = st.sampled_from(["role", "content", "__provider", CANARY]) | TEXT
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=5
)
MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXT})
USUAL: dict[str, st.SearchStrategy[Any]] = {
    "userId": TEXT,
    "sessionGroup": TEXT,
    "organization": TEXT,
    "expirationMinutes": st.integers(5, 1440).map(float),
    "expiresAt": TIMESTAMPS,
    "renewBeforeMinutes": st.integers(1, 100).map(float),
    "onExpired": st.sampled_from(["recreate", "ignore", "error"]),
    "messages": st.lists(MESSAGE | UNKNOWN, max_size=3),
    "metadata": st.dictionaries(KEYS, VALUES, max_size=3),
    "status": st.sampled_from(["active", "completed"]),
    "grantedExpiresAt": TIMESTAMPS,
    "baseUrl": st.just("https://here.example"),
}


def bags(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    usual = {key: USUAL.get(key, TEXT) for key in keys}
    odd = st.fixed_dictionaries({}, optional={key: strategy | VALUES for key, strategy in usual.items()})
    extra = st.dictionaries(TEXT, VALUES, max_size=1)
    sound = st.fixed_dictionaries({}, optional=usual).map(_with_one_expiry)
    return sound | st.builds(lambda one, other: one | other, extra, odd)


def _with_one_expiry(properties: dict[str, Any]) -> dict[str, Any]:
    excluded = ("expirationMinutes", "renewBeforeMinutes") if "expiresAt" in properties else ()
    kept = {key: value for key, value in properties.items() if key not in excluded}
    return {"userId": "ada", "organization": "acme"} | kept


DECLARED, RECORDED = bags(*INPUTS), bags(*INPUTS, *COMPUTED)
FAILURES: list[QuantSessionsError] = [
    NotFoundError("gone", status=404),
    InvalidRequestError("no", status=400),
    ApiError("broken", status=500),
    AnswerLostError("lost"),
]


LONG_AGO, MINE = "0001-01-01T00:00:00Z", {"role": "user", "content": CANARY}


class Wire:
    """A transport that goes nowhere: what is sent must be JSON, and what is told is what a test says."""

    told: Any = None

    def request(self, *_about: str, parse: Callable[[object], Any], body: object = None, **_more: object) -> Any:  # noqa: ANN401 - as parsed
        json.dumps(body, allow_nan=False)
        if isinstance(self.told, QuantSessionsError):
            raise self.told
        try:
            return parse(self.told)
        except ValueError:
            raise ApiError("in an unknown shape", status=200) from None


WIRE = Wire()


@contextmanager
def refusing() -> Iterator[None]:
    try:
        yield
    except SessionError as error:
        # Asked for its text, as the host does, it gives other errors their tracebacks back.
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - none need be raised


TOLD = (
    st.sampled_from(FAILURES)
    | st.fixed_dictionaries({"messages": st.lists(MESSAGE | VALUES, max_size=3), "sessionId": st.just("3f2a")})
    | st.lists(st.fixed_dictionaries({"id": st.just("3f2a")}), max_size=2)
    | st.dictionaries(st.sampled_from(["id", "sessionId", "title", "totalTokens", "expires_at", "messages"]), VALUES)
)


@pytest.fixture(scope="module")
def session() -> Iterator[SessionProvider]:
    with pytest.MonkeyPatch.context() as patch:
        for name in (*config.VARIABLES.values(), "QUANTCDN_DEBUG"):
            patch.delenv(name, raising=False)
        wire: Any = WIRE
        patch.setattr(provider, "client_of", lambda _settings: Client(lambda: wire))
        made = SessionProvider()
        made.configure(ConfigureRequest(Config(CONFIGURED, "project")))
        yield made


@settings(max_examples=EXAMPLES)
@given(old=DECLARED, new=DECLARED)
@example(old={}, new={key: [CANARY] for key in INPUTS} | {CANARY: 1})
@example(old={}, new=dict.fromkeys(INPUTS, CANARY) | {"messages": [{"role": CANARY, "content": [CANARY], CANARY: 1}]})
@example(old={}, new=SOUND | {"expirationMinutes": 10**4000, "renewBeforeMinutes": -(10**4000)})
@example(old=SOUND | {"messages": None}, new=SOUND | {"messages": []})
@example(old=SOUND | {"metadata": pulumi.output.UNKNOWN}, new=SOUND | {"metadata": {}})
@example(old=SOUND | {"expiresAt": "9999-12-31T23:59:59Z"}, new=SOUND | {"expirationMinutes": 90.0})
@example(old=SOUND | {"expiresAt": "9999-12-31T23:59:59-10:00"}, new=SOUND)
@example(old={}, new=SOUND | {"organization": "a\n/../\ud800"})
def test_check_says_what_is_wrong_with_any_properties_in_lines_that_repeat_none(
    session: SessionProvider, old: dict[str, Any], new: dict[str, Any]
) -> None:
    result = session.check(old, new)
    for failure in result.failures:
        assert failure.property == ""
        assert FAILURE.fullmatch(failure.reason)
        assert CANARY not in failure.reason
        failure.reason.encode()


@settings(max_examples=EXAMPLES)
@given(old=DECLARED, new=DECLARED, told=TOLD)
def test_what_passes_check_can_be_created(
    session: SessionProvider, old: dict[str, Any], new: dict[str, Any], told: object
) -> None:
    result = session.check(old, new)
    assume(not result.failures and not contains_unknown(from_pulumi(result.inputs)))
    WIRE.told = told
    with refusing():
        session.create(result.inputs)
    WIRE.told = {"sessionId": "3f2a"}
    assert session.create(result.inputs).id == "3f2a"


@settings(max_examples=2 * EXAMPLES)
@given(outputs=RECORDED, old=DECLARED, new=DECLARED, told=TOLD)
@example(outputs={}, old={}, new=SOUND, told=FAILURES[0])
@example(outputs=SOUND | {"unsentExpirySeconds": -86_399_999_913_601}, old={}, new=SOUND, told=FAILURES[0])
@example(outputs=SOUND | {"baseUrl": "https://\n"}, old={}, new=SOUND, told=FAILURES[0])
@example(outputs={"organization": None}, old={}, new=SOUND, told={})
@example(outputs={"organization": "acme", "userId": [], "expiresAt": LONG_AGO}, old=SOUND, new=SOUND, told=[])
@example(outputs={"messages": {"role": 1}, "metadata": 7}, old=SOUND, new=SOUND, told={"messages": [MINE]})
@example(outputs=SOUND, old={"messages": [{}], "expirationMinutes": 10**400}, new=SOUND, told={"messages": [MINE]})
def test_any_state_is_read_compared_updated_and_deleted_or_refused(
    session: SessionProvider, outputs: dict[str, Any], old: dict[str, Any], new: dict[str, Any], told: object
) -> None:
    result = session.check(old, new)
    WIRE.told = told
    with refusing():
        session.read("3f2a", outputs)
        session.delete("3f2a", outputs)
    with refusing():
        # As a refresh does, with the roles reversed.
        session.diff("3f2a", outputs, old)
    assume(not result.failures)
    with refusing():
        session.diff("3f2a", outputs, result.inputs)
    now, inputs = datetime.now(timezone.utc), from_pulumi(result.inputs)
    assert len(update_sentence(Change(StoredState("", from_pulumi(outputs)), inputs), now).splitlines()) == 1
    assume(not contains_unknown(inputs))
    with refusing():
        session.update("3f2a", outputs, result.inputs)
