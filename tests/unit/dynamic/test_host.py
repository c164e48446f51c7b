"""What the provider reads of the dynamic host, which is not documented: held on the installed SDK's own host."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest.mock import call

import pytest
from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core.describe import TAKEN_OVER
from quant_sessions_provider.core.errors import HalfDoneError, RefusedError
from quant_sessions_provider.dynamic.host import warn
from quant_sessions_provider.operations.crud import Diff
from tests.support.dynamic_host import URN, Failure, fake_operations, running_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from unittest.mock import NonCallableMagicMock

    from tests.support.dynamic_host import Host

VERBS = ("diff", "create", "read", "update", "delete")
OUTPUTS: dict[str, Any] = {"userId": "ada", "metadata": {"user_id": 7}, "messages": [{"role": "user", "content": "Hi"}]}
HALF = HalfDoneError("it failed; the rest holds", "3f2a", OUTPUTS, unrecorded="it failed; look for 3f2a")


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> NonCallableMagicMock:
    fake = fake_operations(monkeypatch)
    fake.diff.return_value, fake.update.return_value = Diff(None), {}
    fake.describe_creation.return_value = "lives 60 minutes"
    return fake


@pytest.fixture
def host(operations: NonCallableMagicMock) -> Iterator[Host]:
    assert operations
    with running_host() as running:
        yield running


# --- the resource's own line -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "desk"])
def test_what_diff_says_is_on_the_resources_line(
    host: Host, operations: NonCallableMagicMock, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    operations.diff.side_effect = [Diff(None, [], "completes it"), Diff(None, [], "loses 1 message", loses=True)]
    for _ in range(2):
        host.check({"userId": "ada"}, {})
        host.diff({}, {"userId": "ada"}, name=name)
    assert host.engine.lines == [("INFO", "desk: completes it", URN), ("WARNING", "desk: loses 1 message", URN)]
    assert capfd.readouterr() == ("", "")


def test_an_apis_deed_is_a_warning_on_the_resources_line(host: Host, operations: NonCallableMagicMock) -> None:
    def delete(session_id: str, _outputs: object, _reason: str) -> None:
        warn(session_id, "granted less")
        raise RefusedError("no")

    operations.delete.side_effect = delete
    host.fails("delete")
    assert host.engine.lines == [("WARNING", "desk: granted less", URN)]


@pytest.mark.parametrize("argument", ["", "--tracing", "127.0.0.1:1"])
def test_without_an_engine_a_line_goes_to_standard_error_by_name(
    host: Host, operations: NonCallableMagicMock, capfd: pytest.CaptureFixture[str], argument: str
) -> None:
    sys.argv = ["-m", argument]
    operations.diff.return_value = Diff(None, [], "completes it")
    host.check({}, {})
    host.diff({}, {})
    assert host.engine.lines == []
    assert capfd.readouterr() == ("", "desk: completes it\n")


@pytest.mark.parametrize("failures", [[], ["userId: is required"]])
def test_a_creation_is_announced_if_it_can_be_done(
    host: Host, operations: NonCallableMagicMock, failures: list[str]
) -> None:
    operations.check.side_effect = lambda _old, new: (new | {"status": "active"}, failures)
    host.check({"userId": "ada"})
    assert host.engine.lines == ([] if failures else [("INFO", "desk: lives 60 minutes", URN)])
    inputs = {"userId": "ada", "status": "active"}
    assert operations.describe_creation.mock_calls == ([] if failures else [call(inputs)])


def test_the_second_check_of_a_replacement_says_nothing(host: Host, operations: NonCallableMagicMock) -> None:
    host.check({"userId": "ada"}, {"userId": "bob"})
    host.check({"userId": "ada"})
    assert host.engine.lines == []
    operations.read.return_value = None
    host.read({})
    host.check({"userId": "ada"})
    assert host.engine.lines == [("INFO", "desk: lives 60 minutes", URN)]


# --- what a plan is, and what only looks like one ----------------------------------------------------------------


def test_a_diff_without_a_check_before_is_no_plan(host: Host, operations: NonCallableMagicMock) -> None:
    new = {"userId": "ada"}
    host.diff({}, new)
    host.check(new, {})
    host.diff({}, new)
    host.diff({}, new)
    host.check(new, {}, urn=f"{URN}-2")
    host.diff({}, new)
    operations.read.return_value = None
    host.check(new, {})
    host.read({})
    host.diff({}, new)
    plans = (False, True, False, False, False)
    asked = [call("3f2a", {}, new, in_plan=plan, replace_on_changes=[], ignores_expiry=False) for plan in plans]
    assert operations.diff.mock_calls == asked


def test_an_option_that_the_engine_acts_upon_reaches_diff_and_not_state(
    host: Host, operations: NonCallableMagicMock
) -> None:
    host.check({"userId": "ada", "__replaceOnChanges": ["metadata.*"]}, {})
    assert operations.check.mock_calls == [call({}, {"userId": "ada"})]
    host.diff({}, {"userId": "ada"})
    assert operations.diff.mock_calls[-1].kwargs["replace_on_changes"] == ["metadata.*"]


@pytest.mark.parametrize(
    ("paths", "ignored"),
    [(["expiresAt"], True), (['["expiresAt"]'], True), (["*"], True), ([], False), (["metadata.expiresAt"], False)],
)
def test_an_ignored_expiry_reaches_diff_and_update(
    host: Host, operations: NonCallableMagicMock, paths: list[str], *, ignored: bool
) -> None:
    host.check({})
    host.diff({}, {}, ignoreChanges=paths)
    host.update({}, {}, ignoreChanges=paths)
    given = [verb.mock_calls[-1].kwargs["ignores_expiry"] for verb in (operations.diff, operations.update)]
    assert given == [ignored, ignored]


@pytest.mark.parametrize(
    ("old_inputs", "planned", "changes"),
    [
        ({"status": "completed"}, True, "DIFF_SOME"),
        ({"status": "active"}, True, "DIFF_UNKNOWN"),
        ({"status": "completed"}, False, "DIFF_UNKNOWN"),
    ],
)
def test_where_outputs_alone_tell_what_is_missing_the_engine_is_told_of_a_change(
    host: Host, old_inputs: dict[str, Any], changes: str, *, planned: bool
) -> None:
    new = {"status": "completed"}
    if planned:
        host.check(new, {})
    response = host.diff({"status": "active"}, new, old_inputs=old_inputs)
    assert type(response).DiffChanges.Name(response.changes) == changes


def test_state_of_the_plugin_is_recorded_again_by_an_update(host: Host, operations: NonCallableMagicMock) -> None:
    operations.diff.return_value = Diff(changes=False)
    host.check({}, {})
    assert host.diff({}, {}).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert host.engine.lines == []
    for planned, changes in ((True, "DIFF_SOME"), (False, "DIFF_NONE")):
        if planned:
            host.check({}, {})
        request = provider_pb2.DiffRequest(id="3f2a", urn=URN)
        request.news.update({"__provider": host.provider})
        response = host.stub.Diff(request)
        assert provider_pb2.DiffResponse.DiffChanges.Name(response.changes) == changes
    assert host.engine.lines == [("INFO", f"desk: {TAKEN_OVER}", URN)]


# --- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_an_error_of_ours_is_one_line_and_others_keep_their_tracebacks(
    host: Host, operations: NonCallableMagicMock, verb: str
) -> None:
    getattr(operations, verb).side_effect = RefusedError("cannot; do this")
    assert host.fails(verb) == Failure("FAILED_PRECONDITION", "cannot; do this")
    getattr(operations, verb).side_effect = ZeroDivisionError
    bug = host.fails(verb)
    assert bug.code == "UNKNOWN"
    assert bug.text.startswith("Traceback (most recent call last):")


@pytest.mark.parametrize("verb", VERBS)
def test_a_variable_gives_the_whole_traceback_and_its_cause(
    host: Host, operations: NonCallableMagicMock, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("QUANTCDN_DEBUG", "1")
    getattr(operations, verb).side_effect = RefusedError("cannot")
    text = host.fails(verb).text
    assert text.startswith("Traceback (most recent call last):")
    assert "core.errors.RefusedError: cannot" in text
    assert text.endswith("SessionError: cannot\n")


def test_threads_that_fail_at_the_same_time_end_in_their_own_line(host: Host, operations: NonCallableMagicMock) -> None:
    numbers = iter(range(200))
    operations.delete.side_effect = lambda *_: _raise(RefusedError(f"no {next(numbers)}"))
    with ThreadPoolExecutor(4) as pool:
        failures = list(pool.map(host.fails, ["delete"] * 200))
    assert {failure.text for failure in failures} == {f"no {number}" for number in range(200)}


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("debug", ["", "1"])
@pytest.mark.parametrize("verb", ["create", "update"])
def test_what_got_half_through_is_kept_with_its_id(
    host: Host, operations: NonCallableMagicMock, monkeypatch: pytest.MonkeyPatch, verb: str, debug: str
) -> None:
    monkeypatch.setenv("QUANTCDN_DEBUG", debug)
    getattr(operations, verb).side_effect = HALF
    failure = host.fails(verb)
    assert (failure.code, failure.text) == ("FAILED_PRECONDITION", str(HALF))
    assert failure.kept
    session_id, properties, reasons = failure.kept
    assert (session_id, reasons) == ("3f2a", [str(HALF)])
    assert properties.pop("__provider") == host.provider
    assert properties["metadata"]["user_id"] == 7
    assert properties["messages"][0]["content"] == "Hi"
    assert properties.keys() == OUTPUTS.keys()


def test_what_is_too_large_for_the_wire_is_named_instead(host: Host, operations: NonCallableMagicMock) -> None:
    large = {"messages": [{"role": "user", "content": "x" * (8 * 2**20)}]}
    operations.create.side_effect = HalfDoneError("failed", "3f2a", large, unrecorded="failed; look for 3f2a")
    failure = host.fails("create")
    assert failure == Failure("FAILED_PRECONDITION", "failed; look for 3f2a")
