"""Errors on their way through the dynamic host, which would print a traceback for each."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quant_sessions_provider.core.errors import HalfDoneError, QuantSessionsError
from quant_sessions_provider.core.settings import DEBUG
from quant_sessions_provider.dynamic.host import current_call
from quant_sessions_provider.dynamic.properties import to_pulumi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quant_sessions_provider.dynamic.host import HostCall


class SessionError(Exception):
    """An error of the provider, as the host is given it."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Raise the package's errors as :class:`SessionError`, in one line; others are bugs and keep their tracebacks.

    After a half-done call the engine keeps in state what took effect.
    """
    debug = bool(os.environ.get(DEBUG))
    try:
        yield
    except QuantSessionsError as error:
        text, call = str(error), current_call()
        recorded = isinstance(error, HalfDoneError) and call is not None and _record(call, error)
        if isinstance(error, HalfDoneError) and not recorded:
            text = error.unrecorded
        if call and not recorded and not debug:
            call.end_in_one_line(text)
        raise SessionError(text) from (error if debug else None)


def _record(call: HostCall, error: HalfDoneError) -> bool:
    return call.end_half_done(str(error), error.session_id, to_pulumi(error.outputs))
