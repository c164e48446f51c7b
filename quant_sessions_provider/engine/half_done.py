"""What a call that got half through leaves behind, as the engine keeps it in state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc  # type: ignore[import-untyped] # it has no types of its own
from pulumi.runtime.proto import provider_pb2, status_pb2

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

DETAILS_KEY: Final = "grpc-status-details-bin"
_MOST_DETAILS: Final = 8 * 2**20
"""Bytes; the engine's gRPC takes 16 MiB of headers, in which these are base64."""


def details_of(text: str, session_id: str, properties: Struct, inputs: Struct | None = None) -> bytes | None:
    """Return the details of an error with which the engine keeps a session in state; None if they do not fit."""
    status = status_pb2.Status(code=grpc.StatusCode.FAILED_PRECONDITION.value[0], message=text)
    kept = provider_pb2.ErrorResourceInitFailed(id=session_id, properties=properties, inputs=inputs, reasons=[text])
    status.details.add().Pack(kept)
    details = status.SerializeToString()
    return details if len(details) <= _MOST_DETAILS else None
