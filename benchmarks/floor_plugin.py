"""The floor of the plugin: a provider plugin that does nothing, with the inputs and outputs of a session."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import grpc  # type: ignore[import-untyped] # it has no types of its own
import pulumi
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import ResourceProviderServicer, plugin_pb2, provider_pb2, provider_pb2_grpc

from benchmarks.workload import CREATED, NO_OUTPUTS, READ, UPDATED, inputs_of, planned_expiry

if TYPE_CHECKING:
    from collections.abc import Mapping

_THREADS: Final = 1024
"""As many as the plugin has."""
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - it is none, but marks one


class FloorResource(pulumi.CustomResource):
    """A resource with a session's type, inputs and outputs. Nothing is created."""

    def __init__(self, name: str, minutes: int, messages: list[Any]) -> None:
        properties = NO_OUTPUTS | inputs_of(name, minutes, messages)
        super().__init__("quant-sessions:index:Session", name, properties)


class FloorServicer(ResourceProviderServicer):
    """Accepts everything."""

    def Handshake(self, _request: object, _context: object) -> provider_pb2.ProviderHandshakeResponse:  # noqa: N802 - the protocol's name, as all that follow
        """Understand secrets."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, _request: object, _context: object) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Return a version."""
        return plugin_pb2.PluginInfo(version="0.1.0")

    def CheckConfig(self, request: provider_pb2.CheckRequest, _context: object) -> provider_pb2.CheckResponse:  # noqa: N802
        """Return the settings."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: object, _context: object) -> provider_pb2.DiffResponse:  # noqa: N802
        """Find nothing."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, _request: object, _context: object) -> provider_pb2.ConfigureResponse:  # noqa: N802
        """Need nothing."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, _request: object, _context: object) -> Empty:  # noqa: N802
        """Have nothing to cancel."""
        return Empty()

    def Check(self, request: provider_pb2.CheckRequest, _context: object) -> provider_pb2.CheckResponse:  # noqa: N802
        """Fill in the same defaults as the real provider, and an expiry that depends on the lifetime."""
        minutes = int(request.news.fields["expirationMinutes"].number_value)
        return provider_pb2.CheckResponse(
            inputs=_with(request.news, {"organization": "bench", "expiresAt": planned_expiry(minutes)})
        )

    def Diff(self, _request: object, _context: object) -> provider_pb2.DiffResponse:  # noqa: N802
        """Leave it to the engine, which compares inputs."""
        return provider_pb2.DiffResponse()

    def Create(self, request: provider_pb2.CreateRequest, _context: object) -> provider_pb2.CreateResponse:  # noqa: N802
        """Return a new id and computed properties."""
        return provider_pb2.CreateResponse(id=str(uuid4()), properties=_with(request.properties, CREATED))

    def Read(self, request: provider_pb2.ReadRequest, _context: object) -> provider_pb2.ReadResponse:  # noqa: N802
        """Return the properties in state, and a title, which is a secret."""
        found = _with(request.properties, READ)
        sealed = {_SIGNATURE: Value(string_value=_SECRET), "value": found.fields["title"]}
        found.fields["title"].CopyFrom(Value(struct_value=Struct(fields=sealed)))
        return provider_pb2.ReadResponse(id=request.id, properties=found, inputs=request.inputs)

    def Update(self, request: provider_pb2.UpdateRequest, _context: object) -> provider_pb2.UpdateResponse:  # noqa: N802
        """Return the new inputs with the computed properties."""
        outputs = _with(request.news, UPDATED)
        for key in CREATED | READ:
            if key in request.olds.fields and key not in UPDATED:
                outputs.fields[key].CopyFrom(request.olds.fields[key])
        return provider_pb2.UpdateResponse(properties=outputs)

    def Delete(self, _request: object, _context: object) -> Empty:  # noqa: N802
        """Delete nothing."""
        return Empty()


def _with(source: Struct, more: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.CopyFrom(source)
    made.update(more)
    return made


def serve() -> None:
    """Serve on a free port, which is the first line on standard output, until a signal comes."""
    told: SimpleQueue[None] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.put(None))
    server = grpc.server(ThreadPoolExecutor(_THREADS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(FloorServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    told.get()
    server.stop(None)
