"""The plugin on a gRPC server in this process, with an engine that keeps what it is told and a mocked API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import grpc  # type: ignore[import-untyped] # it has no types of its own
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.plugin import servicer
from quant_sessions_provider.plugin.wire import SECRET, SIGNATURE, from_wire, to_wire
from tests.support.dynamic_host import Engine, Failure, failure_of
from tests.support.fakes import HERE, ID, NOW, ORG, desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from unittest.mock import NonCallableMagicMock

    from google.protobuf.struct_pb2 import Struct

URN: Final = "urn:pulumi:main::shop::quant-sessions:index:Session::desk"
SETTINGS: Final[dict[str, Any]] = {"bearer": "t0k3n", "organization": ORG, "baseUrl": HERE}


def hidden(value: object) -> dict[str, Any]:
    """Return a value as a secret of the wire."""
    return {SIGNATURE: SECRET, "value": value}


def struct(properties: dict[str, Any]) -> Struct:
    """Return properties as they are, with the marks that they hold."""
    return to_wire(properties)


@dataclass
class PluginHost:
    """Calls the plugin as the engine does."""

    stub: Any
    """Its calls have no types of their own."""
    engine: Engine
    api: NonCallableMagicMock
    plugin: servicer.Plugin

    def configure(self, **settings: object) -> provider_pb2.ConfigureResponse:
        configured: provider_pb2.ConfigureResponse = self.stub.Configure(
            provider_pb2.ConfigureRequest(args=struct(SETTINGS | settings))
        )
        return configured

    def check(self, new: dict[str, Any], old: dict[str, Any] | None = None, urn: str = URN) -> tuple[Struct, list[str]]:
        """Return the inputs as they came over the wire, and the failures."""
        request = provider_pb2.CheckRequest(urn=urn, news=struct(new), olds=struct(old or {}))
        response = self.stub.Check(request)
        assert {failure.property for failure in response.failures} <= {""}
        return response.inputs, [failure.reason for failure in response.failures]

    def diff(self, outputs: dict[str, Any], new: dict[str, Any], **sent: Any) -> provider_pb2.DiffResponse:  # noqa: ANN401 - a message's
        old_inputs = struct(sent.pop("old_inputs", {}))
        request = provider_pb2.DiffRequest(
            **{"id": ID, "urn": URN, **sent}, olds=struct(outputs), news=struct(new), old_inputs=old_inputs
        )
        response: provider_pb2.DiffResponse = self.stub.Diff(request)
        return response

    def plan(self, outputs: dict[str, Any], new: dict[str, Any], **sent: Any) -> provider_pb2.DiffResponse:  # noqa: ANN401 - likewise
        """Check, then compare."""
        self.check(new, outputs)
        return self.diff(outputs, new, **sent)

    def create(self, inputs: dict[str, Any], *, preview: bool = False, urn: str = URN) -> tuple[str, Struct]:
        request = provider_pb2.CreateRequest(urn=urn, properties=struct(inputs), preview=preview)
        response = self.stub.Create(request)
        return response.id, response.properties

    def read(
        self, session_id: str, outputs: dict[str, Any] | None = None, inputs: dict[str, Any] | None = None
    ) -> provider_pb2.ReadResponse:
        request = provider_pb2.ReadRequest(id=session_id, urn=URN)
        request.properties.CopyFrom(struct(outputs or {}))
        request.inputs.CopyFrom(struct(inputs or {}))
        response: provider_pb2.ReadResponse = self.stub.Read(request)
        return response

    def update(self, outputs: dict[str, Any], new: dict[str, Any], **sent: Any) -> Struct:  # noqa: ANN401 - likewise
        request = provider_pb2.UpdateRequest(**{"id": ID, "urn": URN, **sent}, olds=struct(outputs), news=struct(new))
        updated: Struct = self.stub.Update(request).properties
        return updated

    def delete(self, outputs: dict[str, Any]) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(id=ID, urn=URN, properties=struct(outputs)))

    def invoke(self, function: str, **arguments: object) -> Struct:
        token = f"quant-sessions:index:{function}"
        found: Struct = getattr(
            self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(arguments))), "return"
        )
        return found

    def cancel(self) -> None:
        self.stub.Cancel(Empty())


def fails(call: Any, *arguments: Any, **named: Any) -> Failure:  # noqa: ANN401 - a call and what it takes
    """Make a call that must fail."""
    try:
        call(*arguments, **named)
    except grpc.RpcError as error:
        return failure_of(error)
    raise AssertionError("it did not fail")


def plain(sent: Struct) -> dict[str, Any]:
    """Return properties without their marks."""
    return from_wire(sent)


@contextmanager
def running_plugin(state: str = "alive") -> Iterator[PluginHost]:
    """Run the plugin until the end of a test, configured, at a fixed time."""
    api, engine = desk(state).api, Engine()
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    plugin = servicer.Plugin(connect=lambda _settings: api, operate=partial(Operations, now=lambda: NOW))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        with grpc.insecure_channel(address, options=[("grpc.max_metadata_size", 16 * 2**20)]) as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=address))
            host = PluginHost(stub, engine, api, plugin)
            host.configure()
            yield host
    finally:
        server.stop(None)
