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


class SessionError(Exception):
    """An error of the provider, as the host is given it."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End a call that fails with one of the package's errors in one line; others are bugs and keep their tracebacks.

    After a half-done call the engine keeps in state what took effect.

    Raises:
        SessionError: there is no host to end the call, or ``QUANTCDN_DEBUG`` is set.

    """
    debug = bool(os.environ.get(DEBUG))
    try:
        yield
    except QuantSessionsError as error:
        text, call = str(error), current_call()
        if isinstance(error, HalfDoneError):
            if call:
                call.end_half_done(text, error.session_id, to_pulumi(error.outputs))
            text = error.unrecorded
        if call and not debug:
            call.end_in_one_line(text)
        raise SessionError(text) from (error if debug else None)
