from __future__ import annotations

import base64
import json
import pickletools
import re
from typing import TYPE_CHECKING
from unittest.mock import call, create_autospec

import pulumi
import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider

from quant_sessions_provider import provider
from quant_sessions_provider.core.errors import HalfDoneError, QuantSessionsError
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
        (float(2**53 - 1), 2**53 - 1),
        (float(2**53), float(2**53)),
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
        call.diff("3f2a", CORE, CORE, in_plan=True, replace_on_changes=[], ignores_expiry=True),
        call.create(CORE),
        call.read("3f2a", CORE),
        call.update("3f2a", CORE, CORE, ignores_expiry=True),
        call.delete("3f2a", CORE, "replaced, no longer declared, or destroyed"),
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
def test_a_diff_is_handed_on_and_what_it_says_names_the_session_where_no_host_is_found(
    operations: NonCallableMagicMock, capsys: pytest.CaptureFixture[str], changes: object
) -> None:
    operations.diff.return_value = Diff(changes, ["userId"], "one")  # type: ignore[arg-type] # a bool or None
    diff = configured().diff("3f2a", HOST, HOST)
    assert (diff.changes, diff.replaces) == (changes, ["userId"])
    assert (diff.stables, diff.delete_before_replace) == (None, None)
    assert capsys.readouterr() == ("", "session 3f2a: one\n")


# --- failures and errors ---------------------------------------------------------------------------------------


def test_a_check_failure_never_names_a_property(operations: NonCallableMagicMock) -> None:
    operations.check.return_value = (CORE, ["userId: is required", "status: must be"])
    failures = configured().check({}, HOST).failures
    assert [(failure.property, failure.reason) for failure in failures] == [
        ("", "userId: is required"),
        ("", "status: must be"),
    ]


def test_what_a_program_marks_as_refused_fails_check_with_its_reasons(operations: NonCallableMagicMock) -> None:
    marked = {"metadata": {"a": [{"__refused": "metadata: one"}]}, "messages": {"__refused": "messages: two"}}
    failures = configured().check({}, HOST | marked).failures
    assert [(failure.property, failure.reason) for failure in failures] == [
        ("", "metadata: one"),
        ("", "messages: two"),
    ]
    assert operations.mock_calls == []


def test_a_malformed_setting_fails_check_and_every_verb_in_one_line() -> None:
    session, text = configured(maxRetries="many"), "quant-sessions:maxRetries: must be a whole number from 0 to 999"
    result = session.check({}, HOST)
    assert (result.inputs, [(failure.property, failure.reason) for failure in result.failures]) == (HOST, [("", text)])
    for verb in VERBS.values():
        with pytest.raises(SessionError, match=f"^{re.escape(text)}$"):
            verb(session)


def test_without_any_setting_check_says_what_to_set() -> None:
    failures = configured().check({}, HOST).failures
    assert ["QUANTCDN_API_TOKEN" in failures[0].reason, "QUANTCDN_ORGANIZATION" in failures[1].reason] == [True, True]
    assert {failure.property for failure in failures} == {""}


def test_check_fills_in_the_defaults_of_the_table() -> None:
    inputs = configured(bearer="t", organization="acme").check({}, {"userId": "ada"}).inputs
    defaults = {row.key: row.default for row in PROPERTIES.values() if row.default is not None}
    assert defaults == {key: inputs[key] for key in defaults}


@verbs
def test_an_error_is_its_text_alone_where_no_host_is_found(operations: NonCallableMagicMock, verb: str) -> None:
    getattr(operations, verb).side_effect = QuantSessionsError("cannot")
    with pytest.raises(SessionError, match=r"^cannot$") as caught:
        VERBS[verb](configured())
    assert caught.value.__suppress_context__


def test_what_no_state_can_keep_is_named(operations: NonCallableMagicMock) -> None:
    operations.create.side_effect = HalfDoneError("failed", "3f2a", {}, unrecorded="failed; look for 3f2a")
    with pytest.raises(SessionError, match=r"^failed; look for 3f2a$"):
        configured().create(HOST)


# --- the reference in people's state ----------------------------------------------------------------------------


def test_the_pickled_reference_names_the_class_and_holds_nothing_more() -> None:
    pickled = base64.b64decode(serialize_provider(SessionProvider()))
    operations = list(pickletools.genops(pickled))
    texts = [str(argument) for opcode, argument, _ in operations if "UNICODE" in opcode.name or opcode.name == "GLOBAL"]
    assert " ".join(texts).split() == ["quant_sessions_provider.provider", "SessionProvider"]
    assert not {"BUILD", "SETITEM", "SETITEMS", "REDUCE"} & {opcode.name for opcode, _, _ in operations}
    assert SessionProvider.serialize_as_secret_always is False
