"""Look-ups inside programs: requests of the program itself, under the configuration that its sessions have.

A dynamic provider has no functions that the engine could call, so these use the client where they stand, in previews
as well. Under Pulumi's mocks nothing is sent: the mock's ``call`` answers.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import isawaitable
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
from quant_sessions_provider.dynamic.properties import inward
from quant_sessions_provider.operations.api import SessionSummary, StoredSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quant_sessions_provider.core.settings import Settings

_PACKAGE: Final = "quant-sessions"

_T = TypeVar("_T")


@dataclass(frozen=True)
class FoundSession:
    """A session as the API tells it; what it left out is None. It tells no expiry, status, user or group."""

    id: str
    title: str | None = field(repr=False)
    model: str | None
    messages: list[dict[str, Any]] | None = field(repr=False)
    """The live conversation, oldest first."""
    created_at: str | None


@dataclass(frozen=True)
class ListedSession:
    """One entry of a list, as the API tells it; what it left out is None."""

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
    """Read a session, with its live conversation, by one request.

    Args:
        id: the session's id.
        organization: whose account; by default the configured one.

    Raises:
        pulumi.RunError: there is no such session, or it cannot be read; printed as one line.

    The answer is plain and may be private: what goes into outputs belongs into ``pulumi.Output.secret``.

    """
    with _one_line():
        _require_texts("get_session", id="" if id is None else id, organization=organization)
        mocked = _mocked("getSession", id=id, organization=organization)
        found = _read(id, organization) if mocked is None else parse_answer(StoredSession, mocked)
        return FoundSession(id, found.title, found.model, found.messages, found.created_at)


def get_session_output(
    id: pulumi.Input[str],  # noqa: A002 - Pulumi's own name for it
    *,
    organization: pulumi.Input[str] | None = None,
) -> pulumi.Output[FoundSession]:
    """Read a session as :func:`get_session` does, once the arguments are known; secret, as the conversation is.

    In a preview that does not know them nothing is sent, and the output is unknown.
    """
    return _later(get_session, id=id, organization=organization)


def list_sessions(
    *,
    user_id: str | None = None,
    session_group: str | None = None,
    model: str | None = None,
    limit: int | None = None,
    organization: str | None = None,
) -> list[ListedSession]:
    """List active sessions, as many pages as it takes; neither expired nor completed ones.

    Args:
        user_id: only this user's.
        session_group: only this group's.
        model: only those that run on this model.
        limit: how many at most, from 1; by default all.
        organization: whose account; by default the configured one.

    Raises:
        pulumi.RunError: they cannot be listed; printed as one line.

    The API states no order. Titles may be made from messages: what goes into outputs belongs into
    ``pulumi.Output.secret``.

    """
    filters: dict[str, Any] = {"user_id": user_id, "session_group": session_group, "model": model}
    with _one_line():
        _require_texts("list_sessions", **filters, organization=organization)
        if limit is not None and not (is_whole(limit) and limit > 0):
            raise RefusedError("list_sessions: limit must be a whole number above 0")
        mocked = _mocked("listSessions", **filters, limit=limit, organization=organization)
        if mocked is not None:
            found = [parse_answer(SessionSummary, entry) for entry in mocked.get("sessions", [])]
        else:
            client, settings = _client()
            found = list(client.list(organization or settings.require_organization(), **filters, limit=limit))
        return [_listed(entry) for entry in found]


def list_sessions_output(
    *,
    user_id: pulumi.Input[str] | None = None,
    session_group: pulumi.Input[str] | None = None,
    model: pulumi.Input[str] | None = None,
    limit: pulumi.Input[int] | None = None,
    organization: pulumi.Input[str] | None = None,
) -> pulumi.Output[list[ListedSession]]:
    """List sessions as :func:`list_sessions` does, once the arguments are known; secret, as titles are.

    In a preview that does not know them nothing is sent, and the output is unknown.
    """
    return _later(
        list_sessions,
        user_id=user_id,
        session_group=session_group,
        model=model,
        limit=limit,
        organization=organization,
    )


def _later(look_up: Callable[..., _T], **inputs: pulumi.Input[Any] | None) -> pulumi.Output[_T]:
    """Look up in a thread: the program's event loop goes on registering resources, and looks up the next."""
    known = pulumi.Output.all(**inputs)
    return pulumi.Output.secret(known.apply(lambda arguments: asyncio.to_thread(look_up, **inward(arguments))))


def _read(session_id: str, organization: str | None) -> StoredSession:
    client, settings = _client()
    try:
        return client.get(organization or settings.require_organization(), session_id)
    except NotFoundError as error:
        raise RefusedError(
            f"get_session: session {session_id} is not found at {settings.base_url}:"
            " it has expired, was deleted, or belongs to another organization"
        ) from error


def _listed(entry: SessionSummary) -> ListedSession:
    if not entry.id:
        raise RefusedError("list_sessions: an entry of the API's answer has no id")
    return ListedSession(entry.id, entry.title, entry.model, entry.created_at, entry.updated_at)


def _require_texts(function: str, **arguments: object) -> None:
    """Refuse what is no filter: an empty one would be none to the API, which then lists everybody's."""
    for name, value in arguments.items():
        if isinstance(value, pulumi.Output) or isawaitable(value):
            raise RefusedError(f"{function}: {name} must be a plain text; {function}_output takes Outputs")
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise RefusedError(f"{function}: {name} must be a text that is not empty")


def _mocked(function: str, **arguments: Any) -> dict[str, Any] | None:  # noqa: ANN401 - those of the look-ups
    """Ask the mocks of a test, as Pulumi's own functions do; None outside of such tests."""
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
    """Keep one for all look-ups, so that connections are used again and ``requestsPerSecond`` holds for all."""
    return client_of(settings)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except QuantSessionsError as error:
        if os.environ.get(config.DEBUG):
            raise
        raise pulumi.RunError(str(error)) from error
