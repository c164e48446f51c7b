"""As many requests are in flight as the engine has calls."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, BrokenBarrierError, Thread
from typing import TYPE_CHECKING

import grpc  # type: ignore[import-untyped] # it has no types of its own
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from quant_sessions_provider.plugin.server import serve
from quant_sessions_provider.plugin.servicer import Plugin
from tests.support.killing import PATIENCE
from tests.support.plugin_host import URN, struct

if TYPE_CHECKING:
    from collections.abc import Iterator

PARALLEL = 64


class _Together(ThreadingHTTPServer):
    """Responds to requests once as many as there can be are in flight."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.socket.listen(PARALLEL)
        self.all_are_here = Barrier(PARALLEL)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Together

    def do_GET(self) -> None:
        try:
            self.server.all_are_here.wait(PATIENCE)
        except BrokenBarrierError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: object) -> None:
        """Keep the tests' output clean."""


@contextmanager
def _api() -> Iterator[str]:
    with _Together() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_64_sessions_are_refreshed_at_the_same_time() -> None:
    with _api() as url:
        server, port = serve(Plugin())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            settings = {"bearer": "t0k3n", "organization": "acme", "baseUrl": url, "maxRetries": 0}
            stub.Configure(provider_pb2.ConfigureRequest(args=struct(settings)))
            calls = [stub.Read.future(_refresh(number, url)) for number in range(PARALLEL)]
            assert [call.result().id for call in calls] == [f"session-{number}" for number in range(PARALLEL)]
        server.stop(None)


def _refresh(number: int, url: str) -> provider_pb2.ReadRequest:
    outputs = struct({"userId": "ada", "organization": "acme", "baseUrl": url, "expired": False})
    return provider_pb2.ReadRequest(id=f"session-{number}", urn=f"{URN}-{number}", properties=outputs, inputs=outputs)
