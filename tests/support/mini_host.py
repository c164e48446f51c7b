"""The dynamic host in miniature: it calls a provider from a frame that holds a request and its context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pulumi.runtime.proto import ResourceProviderServicer, provider_pb2, status_pb2
from pulumi.runtime.rpc import deserialize_properties

from quant_sessions_provider.dynamic.properties import from_pulumi

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class AbortedError(Exception):
    """A call that ended with an error, as the engine sees it; ``kept`` are id and outputs of a half-done one."""

    def __init__(self, text: str, details: bytes) -> None:
        super().__init__(text)
        self.kept: tuple[str, dict[str, Any]] | None = None
        for packed in status_pb2.Status.FromString(details).details:
            half_done = provider_pb2.ErrorResourceInitFailed()
            assert packed.Unpack(half_done)
            assert list(half_done.reasons) == [text]
            self.kept = half_done.id, from_pulumi(deserialize_properties(half_done.properties))


@dataclass
class Context:
    """Stands for the context of a gRPC call."""

    details: bytes = b""

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.details = dict(metadata)["grpc-status-details-bin"]

    def abort(self, _code: object, text: str) -> NoReturn:
        raise AbortedError(text, self.details)


class MiniHost(ResourceProviderServicer):
    """Makes calls as the host does."""

    def call(self, request: Any, verb: Callable[[], _T]) -> _T:  # noqa: ANN401 - any request
        return self._verb(request, Context(), verb)

    def _verb(self, request: Any, context: Context, verb: Callable[[], _T]) -> _T:  # noqa: ANN401, ARG002 - found in the frame
        return verb()
