"""Lookups in programs: requests that the program itself sends, with the configuration of its sessions.

A dynamic provider has no functions that the engine could call, so these call the API directly, in previews as well.
Under Pulumi's mocks nothing is sent: the mock's ``call`` answers.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor
from pulumi.runtime.settings import get_monitor

from quant_sessions_provider.client.answers import parse_answer
from quant_sessions_provider.client.sessions import Client, client_of
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import NotFoundError, QuantSessionsError, RefusedError
from quant_sessions_provider.core.model import by_state_key, is_whole
from quant_sessions_provider.dynamic.properties import from_pulumi, is_deferred
from quant_sessions_provider.operations.api import SessionSummary, StoredSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quant_sessions_provider.core.settings import Settings

_PACKAGE: Final = "quant-sessions"

_T = TypeVar("_T")


@dataclass(frozen=True)
class FoundSession:
    """A session as the API returns it; a missing field is None. The API returns no expiry, status, user or group."""

    id: str
    title: str | None = field(repr=False)
    model: str | None
    messages: list[dict[str, Any]] | None = field(repr=False)
    """The live conversation, oldest first."""
    created_at: str | None


@dataclass(frozen=True)
class ListedSession:
    """One entry of a list, as the API returns it; a missing field is None."""

    id: str
    title: str | None = field(repr=False)
    model: str | None
    created_at: str | None
    updated_at: str | None


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
        found = _read(id, organization) if mocked is None else parse_answer(StoredSession, mocked)
        return FoundSession(id, found.title, found.model, found.messages, found.created_at)


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
        if limit is not None and not (is_whole(limit) and limit > 0):
            raise RefusedError("list_sessions: limit must be a positive whole number")
        mocked = _mock_answer("listSessions", **filters, limit=limit, organization=organization)
        if mocked is not None:
            found = [parse_answer(SessionSummary, entry) for entry in mocked.get("sessions", [])]
        else:
            client, settings = _client()
            found = list(client.list(organization or settings.require_organization(), **filters, limit=limit))
        return [_listed_session(entry) for entry in found]


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


def _read(session_id: str, organization: str | None) -> StoredSession:
    client, settings = _client()
    try:
        return client.get(organization or settings.require_organization(), session_id)
    except NotFoundError as error:
        raise RefusedError(
            f"get_session: session {session_id} was not found at {settings.base_url}:"
            " it has expired, was deleted, or belongs to another organization"
        ) from error


def _listed_session(entry: SessionSummary) -> ListedSession:
    if not entry.id:
        raise RefusedError("list_sessions: an entry of the API's response has no id")
    return ListedSession(entry.id, entry.title, entry.model, entry.created_at, entry.updated_at)


def _require_strings(function: str, **arguments: object) -> None:
    """Refuse an empty filter: the API would ignore it, and list everybody's sessions."""
    for name, value in arguments.items():
        if is_deferred(value):
            raise RefusedError(f"{function}: {name} must be a plain string; use {function}_output for Outputs")
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise RefusedError(f"{function}: {name} must be a non-empty string")


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


def _client() -> tuple[Client, Settings]:
    settings = config.load(pulumi.runtime.get_config, os.environ)
    with _lock:
        return _client_for(settings), settings


@lru_cache(maxsize=1)
def _client_for(settings: Settings) -> Client:
    """Return the one client of all lookups: they share its connections and ``requestsPerSecond``."""
    return client_of(settings)


@contextmanager
def _errors_for_people() -> Iterator[None]:
    try:
        yield
    except QuantSessionsError as error:
        if os.environ.get(config.DEBUG):
            raise
        raise pulumi.RunError(str(error)) from error
