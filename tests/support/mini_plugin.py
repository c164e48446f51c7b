"""The plugin as the engine calls it, message for message, without a channel between them.

What people wrote is secret, as a program may have it: the content of each message at its own depth, metadata as a
whole. Whatever the plugin returns must hold these marks at the same places and no other, but for the title. So state is
what was returned, and what goes out again is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core.model import UNKNOWN, contains_unknown, with_whole_numbers
from quant_sessions_provider.core.urns import PLUGIN_TYPE
from quant_sessions_provider.dynamic.properties import from_pulumi
from quant_sessions_provider.plugin.servicer import Plugin
from quant_sessions_provider.plugin.wire import SECRET, SIGNATURE, UNKNOWN_TEXT
from tests.support.mini_host import Context, Properties, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME: Final = "it"
_ABOUT: Final[dict[str, Any]] = {
    "urn": f"urn:pulumi:stack::project::{PLUGIN_TYPE}::{_NAME}",
    "name": _NAME,
    "type": PLUGIN_TYPE,
}
_DIFFERS: Final = provider_pb2.DiffResponse.DIFF_SOME
_REPLACING: Final = {
    provider_pb2.PropertyDiff.ADD_REPLACE,
    provider_pb2.PropertyDiff.DELETE_REPLACE,
    provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class PluginHost:
    """Each run has a process of its own, or one that is ``attached`` serves them all."""

    def __init__(
        self, configuration: dict[str, str], plugin: Callable[[], Plugin] = Plugin, *, attached: bool = False
    ) -> None:
        self._configuration, self._start, self._attached = configuration, plugin, attached
        self._plugin: Plugin | None = None

    def begin(self) -> None:
        if self._plugin and self._attached:
            self._plugin.Cancel(Empty(), None)
        else:
            self._plugin = self._start()
        self._plugin.Handshake(provider_pb2.ProviderHandshakeRequest(), None)
        news = to_struct(self._configuration)
        checked = self._plugin.CheckConfig(provider_pb2.CheckRequest(news=news), None).inputs
        configured = self._plugin.Configure(provider_pb2.ConfigureRequest(args=checked, acceptSecrets=True), None)
        assert configured.acceptSecrets
        assert configured.supportsPreview

    def check(self, old: Properties, declared: Properties) -> tuple[Properties, list[str]]:
        request = provider_pb2.CheckRequest(**_ABOUT, olds=to_struct(old), news=to_struct(declared))
        checked = self._call("Check", request)
        return to_properties(checked.inputs), [failure.reason for failure in checked.failures]

    def diff(self, state: State, inputs: Properties, ignored: list[str]) -> Verdict:
        diff = self._call("Diff", provider_pb2.DiffRequest(**_both(state, inputs, ignored)))
        replacing = {path for path, place in diff.detailedDiff.items() if place.kind in _REPLACING}
        assert bool(replacing) == bool(diff.replaces)
        assert diff.changes == _DIFFERS or not diff.detailedDiff
        return Verdict(diff.changes == _DIFFERS, list(diff.replaces))

    def create(self, inputs: Properties, *, preview: bool = False) -> State:
        request = provider_pb2.CreateRequest(**_ABOUT, properties=to_struct(inputs), preview=preview)
        created = self._call("Create", request)
        assert bool(created.id) is not preview
        outputs = to_properties(created.properties)
        if not preview:
            request.preview = True
            _is_as_planned(outputs, to_properties(self._call("Create", request).properties))
        return State(created.id, inputs, outputs)

    def read(self, state: State) -> State | None:
        inputs, outputs = to_struct(state.inputs), to_struct(state.outputs)
        read = self._call("Read", provider_pb2.ReadRequest(**_ABOUT, id=state.id, inputs=inputs, properties=outputs))
        if not read.id:
            return None
        return State(read.id, to_properties(read.inputs), to_properties(read.properties))

    def update(self, state: State, inputs: Properties, ignored: list[str], *, preview: bool = False) -> State:
        request = provider_pb2.UpdateRequest(**_both(state, inputs, ignored), preview=preview)
        outputs = to_properties(self._call("Update", request).properties)
        if not preview:
            request.preview = True
            _is_as_planned(outputs, to_properties(self._call("Update", request).properties))
        return State(state.id, inputs, outputs)

    def delete(self, state: State) -> None:
        inputs, outputs = to_struct(state.inputs), to_struct(state.outputs)
        request = provider_pb2.DeleteRequest(**_ABOUT, id=state.id, properties=outputs, old_inputs=inputs)
        self._call("Delete", request)

    def _call(self, verb: str, request: Any) -> Any:  # noqa: ANN401 - any message
        sent = type(request).FromString(request.SerializeToString())
        answer = getattr(self._plugin, verb)(sent, Context(to_properties))
        assert sent == request, "the message of a call is the engine's"
        return type(answer).FromString(answer.SerializeToString())


def _both(state: State, inputs: Properties, ignored: list[str]) -> dict[str, Any]:
    """Return what comparing and updating are both told."""
    old_inputs, outputs = to_struct(state.inputs), to_struct(state.outputs)
    sides = {"olds": outputs, "news": to_struct(inputs), "old_inputs": old_inputs}
    return {**_ABOUT, "id": state.id, "ignoreChanges": ignored, **sides}


def _is_as_planned(outputs: Properties, planned: Properties) -> None:
    """Assert that what a preview knows is what the run returns: other resources are planned with it."""
    known = {key: value for key, value in planned.items() if not contains_unknown(value)}
    assert known == {key: outputs[key] for key in known}, (known, outputs)


def to_struct(properties: Properties) -> Struct:
    """Return properties as the engine sends them."""
    struct = Struct()
    struct.update(_marked(from_pulumi(properties)))
    return struct


def to_properties(sent: Struct) -> Properties:
    """Return properties without their marks, which must be where they belong."""
    found = MessageToDict(sent)
    properties = {key: with_whole_numbers(_unmarked(value)) for key, value in found.items()}
    assert found == _marked(properties), [key for key in found if found[key] != _marked(properties)[key]]
    return properties


def _marked(properties: Properties) -> dict[str, Any]:
    return {key: _texts(_secrets(key, value)) for key, value in properties.items()}


def _secrets(key: str, value: Any) -> Any:  # noqa: ANN401 - a property value
    if key in ("metadata", "title", "bearer"):
        return _secret(value)
    if key == "messages" and isinstance(value, list):
        return [{**message, "content": _secret(message["content"])} for message in value]
    return value


def _secret(value: object) -> dict[str, object]:
    return {SIGNATURE: SECRET, "value": value}


def _texts(value: Any) -> Any:  # noqa: ANN401 - a property value
    """Return a value with the wire's text for each unknown."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return UNKNOWN_TEXT if value is UNKNOWN else value


def _unmarked(value: Any) -> Any:  # noqa: ANN401 - a property value
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return _unmarked(value["value"])
        return {key: _unmarked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unmarked(inner) for inner in value]
    return UNKNOWN if value == UNKNOWN_TEXT else value
