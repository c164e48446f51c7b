"""What the model of the engine asks of a host, whichever it is, and how a call ends there that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from pulumi.runtime.proto import provider_pb2, status_pb2

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

Properties = dict[str, Any]
Decode = Callable[["Struct"], Properties]


@dataclass
class State:
    """A resource in state."""

    id: str
    inputs: Properties
    outputs: Properties
    half_done: bool = False


@dataclass(frozen=True)
class Verdict:
    """What diff returns; ``changes`` is None where the engine compares the inputs itself."""

    changes: bool | None
    replaces: list[str]


class Host(Protocol):
    """The provider's process in one run after the other. Properties have no marks of the wire."""

    def begin(self) -> None:
        """Begin a run: the provider is configured."""

    def check(self, old: Properties, declared: Properties) -> tuple[Properties, list[str]]:
        """Return the inputs and the failures."""

    def diff(self, state: State, inputs: Properties, ignored: list[str]) -> Verdict:
        """Compare; ``ignored`` are the paths of the option."""

    def create(self, inputs: Properties, *, preview: bool = False) -> State:
        """Create; the engine asks for a preview only where the host supports it."""

    def read(self, state: State) -> State | None:
        """Read; None if it is gone."""

    def update(self, state: State, inputs: Properties, ignored: list[str], *, preview: bool = False) -> State:
        """Update."""

    def delete(self, state: State) -> None:
        """Delete."""


class AbortedError(Exception):
    """A call that ended with an error, as the engine sees it; ``kept`` is what it left half done."""

    def __init__(self, text: str, details: bytes, decode: Decode) -> None:
        super().__init__(text)
        self.kept: State | None = None
        for packed in status_pb2.Status.FromString(details).details:
            half_done = provider_pb2.ErrorResourceInitFailed()
            assert packed.Unpack(half_done)
            assert list(half_done.reasons) == [text]
            inputs, outputs = decode(half_done.inputs), decode(half_done.properties)
            self.kept = State(half_done.id, inputs, outputs, half_done=True)


@dataclass
class Context:
    """Stands for the context of a gRPC call."""

    decode: Decode
    details: bytes = b""

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.details = dict(metadata)["grpc-status-details-bin"]

    def abort(self, _code: object, text: str) -> NoReturn:
        raise AbortedError(text, self.details, self.decode)
