"""The dynamic host in miniature: it calls a provider from a frame that holds a request and its context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime.proto import ResourceProviderServicer, provider_pb2
from pulumi.runtime.rpc import deserialize_properties

from quant_sessions_provider.dynamic.host import PROVIDER_KEY
from quant_sessions_provider.dynamic.properties import from_pulumi
from quant_sessions_provider.provider import SessionProvider
from tests.support.mini_host import Context, Properties, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.struct_pb2 import Struct

_T = TypeVar("_T")
_URN: Final = "urn:pulumi:stack::project::pulumi-python:dynamic/quant:Session::it"


class _Servicer(ResourceProviderServicer):
    def call(self, request: Any, context: Context, verb: Callable[[], _T]) -> _T:  # noqa: ANN401, ARG002 - found in the frame
        return verb()


class DynamicHost:
    """Makes calls as the host does; each run has a provider of its own."""

    def __init__(
        self, configuration: dict[str, str], provider: Callable[[], SessionProvider] = SessionProvider
    ) -> None:
        keys = {f"quant-sessions:{key}": value for key, value in configuration.items()}
        self._configuration, self._start = ConfigureRequest(Config(keys, "project")), provider

    def begin(self) -> None:
        self._provider = self._start()
        self._provider.configure(self._configuration)

    def check(self, old: Properties, declared: Properties) -> tuple[Properties, list[str]]:
        request = provider_pb2.CheckRequest(urn=_URN)
        checked = self._call(request, lambda: self._provider.check(_floats(old), _floats(declared)))
        return from_pulumi(checked.inputs), [failure.reason for failure in checked.failures]

    def diff(self, state: State, inputs: Properties, ignored: list[str]) -> Verdict:
        request = provider_pb2.DiffRequest(urn=_URN, old_inputs=_struct(state.inputs), ignoreChanges=ignored)
        verb, outputs = self._provider.diff, state.outputs | _OWN
        diff = self._call(request, lambda: verb(state.id, _floats(outputs), _floats(inputs)))
        return Verdict(diff.changes, diff.replaces or [])

    def create(self, inputs: Properties, *, preview: bool = False) -> State:
        if preview:
            return State("", inputs, {})
        request = provider_pb2.CreateRequest(urn=_URN, properties=_REFERENCE)
        created = self._call(request, lambda: self._provider.create(_floats(inputs)))
        return State(created.id, inputs, created.outs or {})

    def read(self, state: State) -> State | None:
        request = provider_pb2.ReadRequest(urn=_URN)
        read = self._call(request, lambda: self._provider.read(state.id, _floats(state.outputs)))
        if not read.id:
            return None
        return State(state.id, state.inputs if read.inputs is None else read.inputs, read.outs or {})

    def update(self, state: State, inputs: Properties, ignored: list[str], *, preview: bool = False) -> State:
        if preview:
            return state
        request = provider_pb2.UpdateRequest(urn=_URN, news=_REFERENCE, ignoreChanges=ignored)
        verb = self._provider.update
        updated = self._call(request, lambda: verb(state.id, _floats(state.outputs), _floats(inputs)))
        return State(state.id, inputs, updated.outs or {})

    def delete(self, state: State) -> None:
        request = provider_pb2.DeleteRequest(urn=_URN)
        self._call(request, lambda: self._provider.delete(state.id, _floats(state.outputs)))

    def _call(self, request: Any, verb: Callable[[], _T]) -> _T:  # noqa: ANN401 - any request
        return _Servicer().call(request, Context(_decoded), verb)


def _decoded(sent: Struct) -> Properties:
    return from_pulumi(deserialize_properties(sent))


def _struct(properties: Properties) -> Any:  # noqa: ANN401 - protobuf has no types of its own
    struct = provider_pb2.CheckRequest().news
    struct.update(properties)
    return struct


_OWN: Final = {PROVIDER_KEY: "pickled"}
"""What the host keeps in state beside the outputs."""
_REFERENCE: Final = _struct(_OWN)


def _floats(value: Any) -> Any:  # noqa: ANN401 - a property value
    """Return a copy with every number as a float, as the engine passes them."""
    if isinstance(value, dict):
        return {key: _floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_floats(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
