"""Settings, functions, lists, errors and the end of a run, over a real channel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from quant_sessions_provider.core.errors import HalfDoneError, RefusedError
from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.operations.api import SessionSummary
from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.plugin.wire import secret, to_value
from tests.support.fakes import A, applied, inputs_of
from tests.support.plugin_host import SETTINGS, fails, hidden, plain, struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.dynamic_host import Failure
    from tests.support.plugin_host import PluginHost

VERBS = ("diff", "create", "read", "update", "delete")
OUTPUTS = applied(9)


def test_the_engine_is_told_that_secrets_and_previews_are_understood(host: PluginHost) -> None:
    shaken = host.stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=""))
    assert shaken.accept_secrets
    configured = host.configure()
    assert (configured.acceptSecrets, configured.supportsPreview) == (True, True)


def test_the_schema_is_of_the_version_that_the_plugin_has(host: PluginHost) -> None:
    sent = json.loads(host.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert sent["version"] == host.stub.GetPluginInfo(Empty()).version


# --- settings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bearer", ["t0k3n", hidden("t0k3n")])
def test_a_token_is_a_secret_in_state_however_it_was_declared(host: PluginHost, bearer: object) -> None:
    request = provider_pb2.CheckRequest(news=struct({"bearer": bearer, "timeoutSeconds": "nonsense"}))
    response = host.stub.CheckConfig(request)
    assert list(response.failures) == []
    assert response.inputs.fields["bearer"] == secret(to_value("t0k3n"))
    assert response.inputs.fields["timeoutSeconds"] == to_value("nonsense")


@pytest.mark.parametrize("key", ["organization", "baseUrl"])
@pytest.mark.parametrize("value", [UNKNOWN, hidden(UNKNOWN)])
def test_settings_that_hide_a_plan_are_a_warning_in_the_preview(host: PluginHost, key: str, value: object) -> None:
    urn = "urn:pulumi:dev::shop::pulumi:providers:quant-sessions::theirs"
    request = provider_pb2.CheckRequest(urn=urn, news=struct({key: value, "bearer": UNKNOWN}))
    assert list(host.stub.CheckConfig(request).failures) == []
    ((severity, text, on),) = host.engine.lines
    assert (severity, on) == ("WARNING", urn)
    assert text.startswith("theirs: its organization or baseUrl is not known in this preview: the run may replace")


def test_a_token_that_is_not_known_yet_is_no_warning(host: PluginHost) -> None:
    host.stub.CheckConfig(provider_pb2.CheckRequest(news=struct({"bearer": UNKNOWN, "organization": "acme"})))
    assert host.engine.lines == []


@pytest.mark.parametrize(("new", "changes"), [({"bearer": hidden("a")}, "DIFF_NONE"), ({"bearer": "b"}, "DIFF_SOME")])
def test_a_change_of_settings_replaces_nothing(host: PluginHost, new: dict[str, object], changes: str) -> None:
    response = host.stub.DiffConfig(provider_pb2.DiffRequest(olds=struct({"bearer": "a"}), news=struct(new)))
    assert (provider_pb2.DiffResponse.DiffChanges.Name(response.changes), list(response.replaces)) == (changes, [])


@pytest.mark.parametrize(
    "settings", [{"maxRetries": 3.0, "enableJitter": False}, {"maxRetries": "3", "enableJitter": "false"}]
)
def test_numbers_and_switches_come_as_such_or_as_text(host: PluginHost, settings: dict[str, object]) -> None:
    host.configure(**settings)
    assert host.check({"userId": "ada"})[1] == []


def test_a_malformed_setting_is_said_by_the_first_call_that_needs_it(host: PluginHost) -> None:
    host.configure(timeoutSeconds="soon")
    line = "quant-sessions:timeoutSeconds: must be a positive number of seconds"
    assert host.check({"userId": "ada"})[1] == [line]
    assert fails(host.read, "3f2a", OUTPUTS).text == line
    assert fails(host.invoke, "getSession", id="3f2a").text == line


def test_a_missing_token_says_where_to_set_it(host: PluginHost) -> None:
    request = provider_pb2.ConfigureRequest(args=struct({k: v for k, v in SETTINGS.items() if k != "bearer"}))
    host.stub.Configure(request)
    ((line,),) = [host.check({"userId": "ada"})[1]]
    assert line.startswith("no API token is configured")


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("theirs", "set the property organization of the provider resource theirs"),
        ("defaults", "set the property organization of the provider resource defaults"),
        ("default", "run `pulumi config set quant-sessions:organization`"),
        ("default_0_2_0_rc_1", "run `pulumi config set quant-sessions:organization`"),
    ],
)
def test_a_missing_setting_is_to_be_set_where_the_others_are(host: PluginHost, name: str, way: str) -> None:
    urn = f"urn:pulumi:main::shop::pulumi:providers:quant-sessions::{name}"
    host.stub.Configure(provider_pb2.ConfigureRequest(urn=urn, args=struct({"bearer": "t0k3n"})))
    line = f"no organization is configured: set the variable QUANTCDN_ORGANIZATION, or {way}"
    assert host.check({"userId": "ada"})[1] == [line]
    assert fails(host.invoke, "getSession", id="3f2a").text == line


# --- functions, lists and components -----------------------------------------------------------------------------


def test_a_function_returns_a_session_whose_texts_are_secret(host: PluginHost) -> None:
    sent = host.invoke("getSession", id="3f2a", organization="acme")
    assert plain(sent) == {
        "id": "3f2a",
        "title": "Title",
        "model": "model",
        "messages": [A],
        "createdAt": "2026-11-24T11:09:00Z",
    }
    assert sent.fields["title"] == secret(to_value("Title"))
    assert sent.fields["messages"] == secret(to_value([A]))


def test_a_function_lists_sessions(host: PluginHost) -> None:
    host.api.list.side_effect = lambda *_args, **_filters: iter([SessionSummary("1", "T", None, None, None)])
    assert plain(host.invoke("listSessions", userId="ada", limit=2.0)) == {"sessions": [{"id": "1", "title": "T"}]}
    asked = host.api.mock_calls[-1]
    assert asked.args == ("acme",)
    assert asked.kwargs == {"user_id": "ada", "session_group": None, "model": None, "limit": 2}


@pytest.mark.parametrize(
    ("function", "arguments", "line"),
    [
        ("getSession", {}, "getSession: id must be a non-empty string"),
        ("listSessions", {"userId": " "}, "listSessions: userId must be a non-empty string"),
        ("listSessions", {"limit": 1.5}, "listSessions: limit must be a positive whole number"),
        ("other", {}, "there is no function other"),
    ],
)
def test_a_wrong_argument_is_one_line(host: PluginHost, function: str, arguments: dict[str, object], line: str) -> None:
    assert fails(host.invoke, function, **arguments).text == line
    assert host.api.mock_calls == []


def test_a_list_gives_the_ids_to_import_by(host: PluginHost) -> None:
    request = provider_pb2.ListRequest(query=struct({"userId": "a/b", "sessionGroup": "g"}), limit=5)
    assert [one.result.id for one in host.stub.List(request)] == ["acme/a%2Fb/g/3f2a"]
    failure = fails(lambda: list(host.stub.List(provider_pb2.ListRequest())))
    assert failure.text == "list: userId must be a non-empty string"


def test_there_is_one_component(host: PluginHost) -> None:
    failure = fails(host.stub.Construct, provider_pb2.ConstructRequest(type="quant-sessions:index:Other"))
    assert failure.text == "there is no component quant-sessions:index:Other"


# --- errors ------------------------------------------------------------------------------------------------------


def call(host: PluginHost, verb: str) -> object:
    calls: dict[str, Callable[[], object]] = {
        "diff": lambda: host.diff(OUTPUTS, inputs_of(OUTPUTS)),
        "create": lambda: host.create(inputs_of(OUTPUTS)),
        "read": lambda: host.read("3f2a", OUTPUTS),
        "update": lambda: host.update(OUTPUTS, inputs_of(OUTPUTS)),
        "delete": lambda: host.delete(OUTPUTS),
    }
    return calls[verb]()


@pytest.mark.parametrize("debug", ["", "1"])
@pytest.mark.parametrize("verb", VERBS)
def test_an_error_is_its_text_alone_and_a_bug_shows_nothing(
    host: PluginHost, monkeypatch: pytest.MonkeyPatch, verb: str, debug: str
) -> None:
    def fail(error: Exception) -> Failure:
        def raise_it(*_args: object, **_named: object) -> None:
            raise error

        monkeypatch.setattr(Operations, verb, raise_it)
        return fails(call, host, verb)

    monkeypatch.setenv("QUANTCDN_DEBUG", debug)
    ours, bug = fail(RefusedError("cannot; do this")), fail(ValueError("s3cr3t"))
    assert (ours.code, bug.code) == ("FAILED_PRECONDITION", "UNKNOWN")
    if debug:
        assert "Traceback" in ours.text
        assert "s3cr3t" in bug.text
    else:
        assert ours.text == "cannot; do this"
        assert bug.text == "a bug in the provider (ValueError); the variable QUANTCDN_DEBUG=1 shows where"
    assert host.plugin.has_failed


def test_what_is_too_large_for_the_wire_is_named_instead(host: PluginHost, monkeypatch: pytest.MonkeyPatch) -> None:
    large = {"messages": [{"role": "user", "content": "x" * (8 * 2**20)}]}

    def fail(*_args: object) -> None:
        raise HalfDoneError("failed", "3f2a", large, unrecorded="failed; look for 3f2a")

    monkeypatch.setattr(Operations, "create", fail)
    failure = fails(call, host, "create")
    assert (failure.text, failure.kept) == ("failed; look for 3f2a", None)


# --- the end of a run --------------------------------------------------------------------------------------------


def test_what_comes_after_a_cancellation_is_refused_until_the_next_run(host: PluginHost) -> None:
    host.cancel()
    assert {fails(call, host, verb).text for verb in VERBS} == {"cancelled: nothing was sent"}
    assert host.api.mock_calls == []
    host.configure()
    host.delete(OUTPUTS)


def test_an_attached_plugin_speaks_to_the_engine_that_attached_it(
    host: PluginHost, capfd: pytest.CaptureFixture[str]
) -> None:
    host.stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    host.plan(OUTPUTS, inputs_of(OUTPUTS, userId="bob"))
    assert host.engine.lines == []
    assert capfd.readouterr().err.startswith("desk: userId changed")
