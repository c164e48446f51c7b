"""How a call ends that fails: with a text for people, and nothing else."""

from __future__ import annotations

import logging
import os
import traceback
from typing import TYPE_CHECKING, Any, Final, NoReturn

import grpc  # type: ignore[import-untyped] # it has no types of its own

from quant_sessions_provider.core.errors import HalfDoneError, QuantSessionsError
from quant_sessions_provider.core.settings import DEBUG
from quant_sessions_provider.engine.half_done import DETAILS_KEY, details_of
from quant_sessions_provider.plugin.wire import to_wire

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

_log: Final = logging.getLogger(__name__)


def end(context: Any, request: Any, error: Exception) -> NoReturn:  # noqa: ANN401 - gRPC's own
    """End a call with an error; another than ours is a bug, whose own text may hold anything."""
    debug = f"\n{''.join(traceback.format_exception(error))}" if os.environ.get(DEBUG) else ""
    if isinstance(error, HalfDoneError):
        _end_half_done(context, request, error, debug)
    if isinstance(error, QuantSessionsError):
        _abort(context, grpc.StatusCode.FAILED_PRECONDITION, f"{error}{debug}")
    _log.debug("a call failed by a bug", exc_info=error)
    text = f"a bug in the provider ({type(error).__name__}); the variable {DEBUG}=1 shows where{debug}"
    _abort(context, grpc.StatusCode.UNKNOWN, text)


def refuse(context: Any, text: str) -> NoReturn:  # noqa: ANN401 - gRPC's own
    """End a call that has done nothing."""
    _abort(context, grpc.StatusCode.FAILED_PRECONDITION, text)


def _end_half_done(context: Any, request: Any, error: HalfDoneError, debug: str) -> NoReturn:  # noqa: ANN401 - likewise
    inputs: Struct = request.news if "news" in request.DESCRIPTOR.fields_by_name else request.properties
    before = [request.olds] if "olds" in request.DESCRIPTOR.fields_by_name else []
    kept = to_wire(error.outputs, inputs, *before)
    details = details_of(str(error), error.session_id, kept, inputs)
    if details is None:
        refuse(context, f"{error.unrecorded}{debug}")
    context.set_trailing_metadata(((DETAILS_KEY, details),))
    refuse(context, f"{error}{debug}")


def _abort(context: Any, code: grpc.StatusCode, text: str) -> NoReturn:  # noqa: ANN401 - gRPC's own
    context.abort(code, text)
    raise AssertionError("abort raises")
