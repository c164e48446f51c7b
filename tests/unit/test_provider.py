from __future__ import annotations

import base64
import json
import pickletools
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from unittest.mock import call, create_autospec

import pulumi
import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider

from quant_sessions_provider import provider
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError, QuantSessionsError, RefusedError
from quant_sessions_provider.core.model import PROPERTIES, UNKNOWN
from quant_sessions_provider.dynamic.one_line_errors import SessionError
from quant_sessions_provider.operations.crud import Diff, Operations
from quant_sessions_provider.provider import SessionProvider

if TYPE_CHECKING:
    from collections.abc import Callable
    from unittest.mock import NonCallableMagicMock

HOST = {"userId": "ada", "expirationMinutes": 60.0, "__provider": "pickled", "__defaults": []}
CORE = {"userId": "ada", "expirationMinutes": 60}
VERBS: dict[str, Callable[[SessionProvider], object]] = {
    "diff": lambda session: session.diff("3f2a", HOST, HOST),
    "create": lambda session: session.create(HOST),
    "read": lambda session: session.read("3f2a", HOST),
    "update": lambda session: session.update("3f2a", HOST, HOST),
    "delete": lambda session: session.delete("3f2a", HOST),
}
verbs = pytest.mark.parametrize("verb", VERBS)


def configured(**settings: str) -> SessionProvider:
    session = SessionProvider()
    raw = {f"quant-sessions:{key}": value for key, value in settings.items()}
    session.configure(ConfigureRequest(Config(raw, "project")))
    return session


@pytest.fixture(autouse=True)
def _no_variables_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*config.VARIABLES.values(), "QUANTCDN_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> NonCallableMagicMock:
    """Stand for the verbs below the adapter."""
    fake: NonCallableMagicMock = create_autospec(Operations, instance=True)
    fake.diff.return_value = Diff(None)
    fake.create.return_value, fake.update.return_value, fake.read.return_value = ("3f2a", CORE), CORE, CORE
    monkeypatch.setattr(provider, "Operations", lambda *_args: fake)
    return fake


# --- translation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "core"),
    [
        (60.0, 60),
        (60.5, 60.5),
        (-0.0, 0),
        (float(2**53), 2**53),
        (float(2**54), float(2**54)),
        (True, True),
        ("60.0", "60.0"),
        (None, None),
        ({"user_id": [1.0, {"__provider": "p"}]}, {"user_id": [1, {"__provider": "p"}]}),
    ],
)
def test_values_arrive_as_they_were_declared(operations: NonCallableMagicMock, host: object, core: object) -> None:
    operations.check.return_value = ({"metadata": core}, [])
    result = configured().check({"metadata": host}, {"metadata": host, "__provider": "p"})
    ((old, new), _) = operations.check.call_args
    # JSON tells 60 from 60.0 and 1 from true.
    assert json.dumps(old) == json.dumps(new) == json.dumps({"metadata": core}) == json.dumps(result.inputs)


def fresh() -> object:
    return pulumi.output.Unknown()  # type: ignore[no-untyped-call] # Pulumi's


def test_each_unknown_becomes_the_one_of_the_core_and_back(operations: NonCallableMagicMock) -> None:
    host = {
        "userId": fresh(),
        "messages": [{"role": "user", "content": fresh()}, fresh()],
        "metadata": {"a": [fresh()]},
    }
    core = {
        "userId": UNKNOWN,
        "messages": [{"role": "user", "content": UNKNOWN}, UNKNOWN],
        "metadata": {"a": [UNKNOWN]},
    }
    operations.check.return_value = (core, [])
    inputs = configured().check({}, host).inputs
    assert operations.check.mock_calls == [call({}, core)]
    assert inputs["userId"] is inputs["messages"][0]["content"] is inputs["messages"][1] is pulumi.output.UNKNOWN
    assert inputs["metadata"] == {"a": [pulumi.output.UNKNOWN]}


def test_half_a_surrogate_pair_that_the_api_told_does_not_break_the_wire(operations: NonCallableMagicMock) -> None:
    told = {"title": "cut in an emoji \ud83d", "messages": [{"role": "user", "content": "\udc4b \U0001f44b"}]}
    operations.read.return_value = told
    read = configured().read("3f2a", HOST)
    whole = {"title": "cut in an emoji \ufffd", "messages": [{"role": "user", "content": "\ufffd \U0001f44b"}]}
    assert read.outs == whole
    assert json.dumps(read.outs, ensure_ascii=False).encode()


def test_no_verb_sees_the_hosts_own_keys(operations: NonCallableMagicMock) -> None:
    session = configured()
    for verb in VERBS.values():
        verb(session)
    assert operations.mock_calls == [
        call.diff("3f2a", CORE, CORE),
        call.create(CORE),
        call.read("3f2a", CORE),
        call.update("3f2a", CORE, CORE),
        call.delete("3f2a", CORE),
    ]


def test_results_are_those_the_host_reads(operations: NonCallableMagicMock) -> None:
    session = configured()
    created, updated = session.create(HOST), session.update("3f2a", HOST, HOST)
    assert (created.id, created.outs, updated.outs) == ("3f2a", CORE, CORE)
    rows: list[tuple[object, object]] = [
        (None, ("", {}, None)),
        (CORE, ("3f2a", CORE, None)),
    ]
    for found, result in rows:
        operations.read.return_value = found
        read = session.read("3f2a", HOST)
        assert (read.id, read.outs, read.inputs) == result


@pytest.mark.parametrize("changes", [None, True, False])
def test_a_diff_is_handed_on_and_its_notes_are_said(
    operations: NonCallableMagicMock, capsys: pytest.CaptureFixture[str], changes: object
) -> None:
    operations.diff.return_value = Diff(changes, ["userId"], ["one", "two"])  # type: ignore[arg-type] # a bool or None
    diff = configured().diff("3f2a", HOST, HOST)
    assert (diff.changes, diff.replaces) == (changes, ["userId"])
    assert (diff.stables, diff.delete_before_replace) == (None, None)
    assert capsys.readouterr() == ("", "one\ntwo\n")


# --- failures and errors ---------------------------------------------------------------------------------------


def test_a_check_failure_never_names_a_property(operations: NonCallableMagicMock) -> None:
    operations.check.return_value = (CORE, ["userId: is required", "status: must be"])
    failures = configured().check({}, HOST).failures
    assert [(failure.property, failure.reason) for failure in failures] == [
        ("", "userId: is required"),
        ("", "status: must be"),
    ]


def test_a_malformed_setting_fails_check_and_every_verb_in_one_line() -> None:
    session, text = configured(maxRetries="many"), "quant-sessions:maxRetries: must be a whole number from 0 to 999"
    result = session.check({}, HOST)
    assert (result.inputs, [(failure.property, failure.reason) for failure in result.failures]) == (HOST, [("", text)])
    for verb in VERBS.values():
        assert shown_by_the_host(lambda verb=verb: verb(session)) == f"SessionError: {text}\n"  # type: ignore[misc]


def test_without_any_setting_check_says_what_to_set() -> None:
    failures = configured().check({}, HOST).failures
    assert ["QUANTCDN_API_TOKEN" in failures[0].reason, "QUANTCDN_ORGANIZATION" in failures[1].reason] == [True, True]
    assert {failure.property for failure in failures} == {""}


def test_check_fills_in_the_defaults_of_the_table() -> None:
    inputs = configured(bearer="t", organization="acme").check({}, {"userId": "ada"}).inputs
    defaults = {row.key: row.default for row in PROPERTIES.values() if row.default is not None}
    assert defaults == {key: inputs[key] for key in defaults}


def shown_by_the_host(attempt: Callable[[], object]) -> str:
    """Give what the dynamic host sends to the engine for an exception."""
    try:
        attempt()
    except Exception:  # noqa: BLE001 - as the host does
        return traceback.format_exc()
    raise AssertionError("no error")


def _unrelated() -> None:
    raise KeyError("unrelated")


@verbs
def test_an_error_of_ours_is_one_line_and_others_keep_their_tracebacks(
    operations: NonCallableMagicMock, verb: str
) -> None:
    session = configured()
    getattr(operations, verb).side_effect = RefusedError("desk: cannot; do this")
    whole = shown_by_the_host(_unrelated)
    assert shown_by_the_host(lambda: VERBS[verb](session)) == "SessionError: desk: cannot; do this\n"
    assert not hasattr(sys, "tracebacklimit")
    assert shown_by_the_host(_unrelated) == whole
    assert "in _unrelated" in whole
    # What is not ours is a bug of ours: it comes whole.
    getattr(operations, verb).side_effect = ZeroDivisionError
    assert "Traceback (most recent call last):" in shown_by_the_host(lambda: VERBS[verb](session))


@verbs
def test_a_variable_gives_the_whole_traceback_and_its_cause(
    operations: NonCallableMagicMock, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("QUANTCDN_DEBUG", "1")
    getattr(operations, verb).side_effect = ConfigurationError("no token")
    text = shown_by_the_host(lambda: VERBS[verb](configured()))
    assert text.startswith("Traceback (most recent call last):")
    assert "quant_sessions_provider.core.errors.ConfigurationError: no token" in text
    assert text.endswith("SessionError: no token\n")
    assert not hasattr(sys, "tracebacklimit")


def test_an_error_reads_well_where_the_host_takes_its_text_alone(operations: NonCallableMagicMock) -> None:
    operations.delete.side_effect = QuantSessionsError("cannot")
    with pytest.raises(SessionError, match=r"^cannot$") as caught:
        configured().delete("3f2a", HOST)
    assert not hasattr(sys, "tracebacklimit")
    assert caught.value.__suppress_context__


# --- the reference in people's state ----------------------------------------------------------------------------


def test_the_pickled_reference_names_the_class_and_holds_nothing_more() -> None:
    pickled = base64.b64decode(serialize_provider(SessionProvider()))
    operations = list(pickletools.genops(pickled))
    texts = [str(argument) for opcode, argument, _ in operations if "UNICODE" in opcode.name or opcode.name == "GLOBAL"]
    assert " ".join(texts).split() == ["quant_sessions_provider.provider", "SessionProvider"]
    assert not {"BUILD", "SETITEM", "SETITEMS", "REDUCE"} & {opcode.name for opcode, _, _ in operations}
    assert SessionProvider.serialize_as_secret_always is False


def test_threads_that_fail_at_the_same_time_lose_no_text_and_no_later_traceback(
    operations: NonCallableMagicMock,
) -> None:
    operations.delete.side_effect = RefusedError("no")
    failing = configured()

    def fail(_: int) -> str:
        return shown_by_the_host(lambda: failing.delete("3f2a", {}))

    with ThreadPoolExecutor(4) as pool:
        shown = set(pool.map(fail, range(2000)))
    # While one is on its way another may be printed whole; none is ever lost.
    assert all(text.endswith("SessionError: no\n") for text in shown)
    assert not hasattr(sys, "tracebacklimit")
    assert "_unrelated" in shown_by_the_host(_unrelated)
