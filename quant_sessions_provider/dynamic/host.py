"""What the dynamic host knows of a call and does not hand on: the resource, its line in the engine's log, its errors.

The host's servicer calls the provider from functions that hold the gRPC ``request`` and ``context``, and the engine's
address is the last argument of the host's process. None of that is documented: wherever it is not as expected, a line
goes to standard error, and an error takes the form that the host gives it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import grpc  # type: ignore[import-untyped] # it has no types of its own
from pulumi.runtime import rpc
from pulumi.runtime.proto import ResourceProviderServicer

from quant_sessions_provider.core.describe import about, session
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.engine.half_done import DETAILS_KEY, details_of
from quant_sessions_provider.engine.log import INFO, WARNING, log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import engine_pb2

PROVIDER_KEY: Final = "__provider"
"""Where the host keeps its reference to the provider, in inputs and outputs."""


@dataclass(frozen=True)
class HostCall:
    """The call of the host that a verb runs in."""

    request: Any
    context: Any

    @property
    def urn(self) -> str:
        """The URN of the resource."""
        return str(self.request.urn)

    @property
    def name(self) -> str:
        """The name of the resource; older engines do not send it beside the URN."""
        return getattr(self.request, "name", "") or name_of(self.urn)

    @property
    def ignored_paths(self) -> list[str]:
        """The paths of ``ignore_changes``; everything if the engine does not send them."""
        return list(getattr(self.request, "ignoreChanges", ("*",)))

    @property
    def old_inputs(self) -> dict[str, Any]:
        """The inputs in state, which the host does not hand to diff; empty if the engine does not send them."""
        sent = getattr(self.request, "old_inputs", None)
        return dict(rpc.deserialize_properties(sent, True)) if sent else {}  # noqa: FBT003 - keeps unknowns

    def end_in_one_line(self, text: str, details: bytes = b"") -> None:
        """End this call with a text, where the host would send a traceback; return only if that cannot be.

        The host catches what aborting raises, and aborts once more with a traceback: that is replaced, for this call's
        ``context`` alone. Other dynamic providers in the process keep their tracebacks.
        """
        abort = self.context.abort

        def abort_in_one_line(_code: object = None, _traceback: str = "") -> None:
            if details:
                self.context.set_trailing_metadata(((DETAILS_KEY, details),))
            abort(grpc.StatusCode.FAILED_PRECONDITION, text)

        try:
            self.context.abort = abort_in_one_line
        except AttributeError:
            return
        abort_in_one_line()

    def end_half_done(self, text: str, session_id: str, outputs: Mapping[str, Any]) -> None:
        """End this call likewise, and have the engine keep the resource in state with these outputs, if they fit."""
        properties = getattr(self.request, "news", None) or self.request.properties
        kept = type(properties)()
        kept.update({**outputs, PROVIDER_KEY: properties[PROVIDER_KEY]})
        details = details_of(text, session_id, kept)
        if details:
            self.end_in_one_line(text, details)


def current_call() -> HostCall | None:
    """Return the host's call that this thread works on, or None if the host is not as expected."""
    frame = sys._getframe(1) if hasattr(sys, "_getframe") else None  # noqa: SLF001 - nothing else leads to the request
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), ResourceProviderServicer):
            call = HostCall(frame.f_locals.get("request"), frame.f_locals.get("context"))
            return call if getattr(call.request, "urn", None) and hasattr(call.context, "abort") else None
        frame = frame.f_back
    return None


def inform(session_id: str, sentence: str) -> None:
    """Print a sentence on the resource's own line, or to standard error: by name, or by id where none is known."""
    _say(INFO, session_id, sentence)


def warn(session_id: str, sentence: str) -> None:
    """Print a warning likewise."""
    _say(WARNING, session_id, sentence)


def _say(severity: engine_pb2.LogSeverity.ValueType, session_id: str, sentence: str) -> None:
    call = current_call()
    line = about(call.name if call else session(session_id), sentence)
    address = sys.argv[-1] if sys.argv else ""
    if call is None or not log(address, severity, line, call.urn):
        print(one_line(line), file=sys.stderr)  # noqa: T201 - the engine shows it
