"""Lookups in programs: requests that the program itself sends, with the configuration of its sessions.

A dynamic provider has no functions that the engine could call, so these call the API directly, in previews as well.
Under Pulumi's mocks nothing is sent: the mock's ``call`` answers.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor
from pulumi.runtime.settings import get_monitor

from quant_sessions_provider.client.answers import parse_answer
from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import QuantSessionsError, RefusedError
from quant_sessions_provider.core.model import by_state_key
from quant_sessions_provider.dynamic.properties import from_pulumi, is_deferred
from quant_sessions_provider.operations.api import SessionSummary, StoredSession
from quant_sessions_provider.operations.lookups import (
    FoundSession,
    ListedSession,
    Lookups,
    found_session,
    listed_sessions,
    require_limit,
    require_strings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quant_sessions_provider.core.settings import Settings

_PACKAGE: Final = "quant-sessions"

_T = TypeVar("_T")


def get_session(
    id: str,  # noqa: A002 - Pulumi's own name for it
    *,
    organization: str | None = None,
) -> FoundSession:
    """Return a session and its live conversation. Sends one request.

    Args:
        id: The session's id.
        organization: The QuantCDN organization that it belongs to; by default the configured one.

    Raises:
        pulumi.RunError: The session does not exist or cannot be read; printed as one line.

    The result is not secret, though messages may be private: wrap what you export in ``pulumi.Output.secret``.

    """
    with _errors_for_people():
        _require_strings("get_session", id="" if id is None else id, organization=organization)
        mocked = _mock_answer("getSession", id=id, organization=organization)
        if mocked is not None:
            return found_session(id, parse_answer(StoredSession, mocked))
        return _lookups().get("get_session", id, organization)


def get_session_output(
    id: pulumi.Input[str],  # noqa: A002 - Pulumi's own name for it
    *,
    organization: pulumi.Input[str] | None = None,
) -> pulumi.Output[FoundSession]:
    """Return a session as :func:`get_session` does, once the arguments are known. The output is secret.

    If a preview does not know an argument, nothing is sent and the output is unknown.
    """
    return _once_known(get_session, id=id, organization=organization)


def list_sessions(
    *,
    user_id: str | None = None,
    session_group: str | None = None,
    model: str | None = None,
    limit: int | None = None,
    organization: str | None = None,
) -> list[ListedSession]:
    """Return active sessions, neither expired nor completed ones. Sends one request a page.

    Args:
        user_id: Only this user's sessions.
        session_group: Only this group's sessions.
        model: Only sessions that run on this model.
        limit: The most sessions to return, at least 1; by default all.
        organization: The QuantCDN organization that they belong to; by default the configured one.

    Raises:
        pulumi.RunError: They cannot be listed; printed as one line.

    The API states no order. Titles may be made from messages: wrap what you export in ``pulumi.Output.secret``.

    """
    filters: dict[str, Any] = {"user_id": user_id, "session_group": session_group, "model": model}
    with _errors_for_people():
        _require_strings("list_sessions", **filters, organization=organization)
        require_limit("list_sessions", limit)
        mocked = _mock_answer("listSessions", **filters, limit=limit, organization=organization)
        if mocked is not None:
            entries = [parse_answer(SessionSummary, entry) for entry in mocked.get("sessions", [])]
            return listed_sessions("list_sessions", entries)
        return _lookups().list("list_sessions", filters, limit, organization)


def list_sessions_output(
    *,
    user_id: pulumi.Input[str] | None = None,
    session_group: pulumi.Input[str] | None = None,
    model: pulumi.Input[str] | None = None,
    limit: pulumi.Input[int] | None = None,
    organization: pulumi.Input[str] | None = None,
) -> pulumi.Output[list[ListedSession]]:
    """Return sessions as :func:`list_sessions` does, once the arguments are known. The output is secret.

    If a preview does not know an argument, nothing is sent and the output is unknown.
    """
    return _once_known(
        list_sessions,
        user_id=user_id,
        session_group=session_group,
        model=model,
        limit=limit,
        organization=organization,
    )


def _once_known(look_up: Callable[..., _T], **inputs: pulumi.Input[Any] | None) -> pulumi.Output[_T]:
    """Look up in a thread, so that the program's event loop goes on registering resources."""
    known = pulumi.Output.all(**inputs)
    return pulumi.Output.secret(known.apply(lambda arguments: asyncio.to_thread(look_up, **from_pulumi(arguments))))


def _require_strings(function: str, **arguments: object) -> None:
    for name, value in arguments.items():
        if is_deferred(value):
            raise RefusedError(f"{function}: {name} must be a plain string; use {function}_output for Outputs")
    require_strings(function, arguments)


def _mock_answer(function: str, **arguments: Any) -> dict[str, Any] | None:  # noqa: ANN401 - those of the lookups
    """Return the answer of a test's mocks, as for Pulumi's own functions; None outside of such tests."""
    monitor = get_monitor()
    if not isinstance(monitor, MockMonitor):
        return None
    asked = MockCallArgs(token=f"{_PACKAGE}:index:{function}", args=by_state_key(arguments), provider="")
    answer = monitor.mocks.call(asked)
    values, failures = answer if isinstance(answer, tuple) else (answer, None)
    if failures:
        raise RefusedError("; ".join(reason for _, reason in failures))
    return dict(values)


_lock = Lock()


def _lookups() -> Lookups:
    settings = config.load(pulumi.runtime.get_config, os.environ)
    with _lock:
        return _lookups_under(settings)


@lru_cache(maxsize=1)
def _lookups_under(settings: Settings) -> Lookups:
    """Return the one client of all lookups: they share its connections and ``requestsPerSecond``."""
    return Lookups(client_of(settings), settings)


@contextmanager
def _errors_for_people() -> Iterator[None]:
    try:
        yield
    except QuantSessionsError as error:
        if os.environ.get(config.DEBUG):
            raise
        raise pulumi.RunError(str(error)) from error
