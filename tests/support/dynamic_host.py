"""The installed SDK's own dynamic host, on a gRPC server in this process, with an engine that keeps what it is told."""

from __future__ import annotations

import ast
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import create_autospec

import grpc  # type: ignore[import-untyped] # it has no types of its own
from google.protobuf import empty_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import (
    ResourceProviderServicer,
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from quant_sessions_provider import provider
from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.provider import SessionProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from unittest.mock import NonCallableMagicMock

    import pytest

URN: Final = "urn:pulumi:main::shop::pulumi-python:dynamic/quant:Session::desk"


class Engine(engine_pb2_grpc.EngineServicer):
    """Keeps log messages: severity, text, URN."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def Log(self, request: engine_pb2.LogRequest, _context: object) -> Any:  # noqa: ANN401, N802 - gRPC's own
        self.lines.append((engine_pb2.LogSeverity.Name(request.severity), request.message, request.urn))
        return empty_pb2.Empty()


@dataclass(frozen=True)
class Failure:
    """How a call ended, as the engine is told."""

    code: str
    text: str
    kept: tuple[str, dict[str, Any], list[str]] | None = None


@dataclass
class Host:
    """Calls the provider as the engine does."""

    stub: provider_pb2_grpc.ResourceProviderStub
    engine: Engine
    provider: str = field(default_factory=lambda: str(serialize_provider(SessionProvider())))

    def check(self, new: dict[str, Any], old: dict[str, Any] | None = None, urn: str = URN) -> None:
        """Check new inputs; without old ones for a session that is created."""
        request = provider_pb2.CheckRequest(urn=urn)
        self._fill(request.news, new)
        if old is not None:
            self._fill(request.olds, old)
        self.stub.Check(request)

    def diff(self, outputs: dict[str, Any], new: dict[str, Any], urn: str = URN, **sent: Any) -> Any:  # noqa: ANN401 - a message
        options = {"ignoreChanges": sent.get("ignoreChanges", [])}
        request = provider_pb2.DiffRequest(id=sent.get("id", "3f2a"), urn=urn, name=sent.get("name", ""), **options)
        self._fill(request.olds, outputs)
        self._fill(request.news, new)
        self._fill(request.old_inputs, sent.get("old_inputs", {}))
        return self.stub.Diff(request)

    def update(self, outputs: dict[str, Any], new: dict[str, Any], **options: Any) -> None:  # noqa: ANN401 - a message's
        request = provider_pb2.UpdateRequest(id="3f2a", urn=URN, **options)
        self._fill(request.olds, outputs)
        self._fill(request.news, new)
        self.stub.Update(request)

    def delete(self, session_id: str, urn: str = URN, provider: str = "") -> None:
        request = provider_pb2.DeleteRequest(id=session_id, urn=urn)
        self._fill(request.properties, {"__provider": provider} if provider else {})
        self.stub.Delete(request)

    def read(self, outputs: dict[str, Any], urn: str = URN) -> None:
        request = provider_pb2.ReadRequest(id="3f2a", urn=urn)
        self._fill(request.properties, outputs)
        self.stub.Read(request)

    def fails(self, verb: str) -> Failure:
        """Make a call that must fail."""
        request: Any = {
            "diff": provider_pb2.DiffRequest,
            "create": provider_pb2.CreateRequest,
            "read": provider_pb2.ReadRequest,
            "update": provider_pb2.UpdateRequest,
            "delete": provider_pb2.DeleteRequest,
        }[verb](urn=URN)
        for name in {"olds", "news", "properties"} & set(request.DESCRIPTOR.fields_by_name):
            self._fill(getattr(request, name), {})
        try:
            getattr(self.stub, verb.capitalize())(request)
        except grpc.RpcError as error:
            return failure_of(error)
        raise AssertionError("it did not fail")

    def _fill(self, struct: Any, properties: dict[str, Any]) -> None:  # noqa: ANN401 - a message
        struct.update({"__provider": self.provider, **properties})


def failure_of(error: Any) -> Failure:  # noqa: ANN401 - gRPC's own
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    for packed in status_pb2.Status.FromString(details).details:
        half_done = provider_pb2.ErrorResourceInitFailed()
        assert packed.Unpack(half_done)
        kept = half_done.id, dict(half_done.properties), list(half_done.reasons)
        return Failure(error.code().name, error.details(), kept)
    return Failure(error.code().name, error.details())


def servicer() -> ResourceProviderServicer:
    """Return the SDK's servicer; its module would start a server of its own, so all but that is run."""
    found = find_spec("pulumi.dynamic.__main__")
    assert found
    assert found.origin
    tree = ast.parse(Path(found.origin).read_text())
    assert ast.unparse(tree.body.pop()) == "main()"
    names: dict[str, Any] = {"__name__": "pulumi_dynamic_host"}
    exec(compile(tree, found.origin, "exec"), names)  # noqa: S102 - the SDK's own
    made: ResourceProviderServicer = names["DynamicResourceProviderServicer"]()
    return made


def fake_operations(monkeypatch: pytest.MonkeyPatch) -> NonCallableMagicMock:
    """Have the provider call operations that pass every input, and return them."""
    fake: NonCallableMagicMock = create_autospec(Operations, instance=True)
    fake.check.side_effect = lambda _old, new: (new, [])
    monkeypatch.setattr(provider, "Operations", lambda *_args: fake)
    return fake


@contextmanager
def running_host() -> Iterator[Host]:
    """Run the host until the end of a test; its process was started with the engine's address."""
    engine, before = Engine(), sys.argv
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer(), server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    sys.argv = ["-m", "--logtostderr", "-v=9", address]
    try:
        with grpc.insecure_channel(address, options=[("grpc.max_metadata_size", 16 * 2**20)]) as channel:
            yield Host(provider_pb2_grpc.ResourceProviderStub(channel), engine)
    finally:
        sys.argv = before
        server.stop(None)
