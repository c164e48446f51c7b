"""A session belongs to the host where it was created; what other hosts return about it does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.model import Key

if TYPE_CHECKING:
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import StoredSession

_PORTS: Final = {"http": 80, "https": 443}


def is_elsewhere(state: StoredState, base_url: str) -> bool:
    """Return whether state records another host than the configured one; costs no request."""
    return _place(state.get(Key.BASE_URL, base_url)) != _place(base_url)


def require_place(state: StoredState, base_url: str) -> None:
    """Refuse to act on a session at another host than its own.

    Raises:
        RefusedError: names both hosts and the ways out.

    """
    if is_elsewhere(state, base_url):
        raise RefusedError(
            f"{_mismatch(state, base_url)}: set baseUrl back, or run `pulumi refresh --run-program`,"
            " which takes the session over if it is there with the same creation time"
        )


def require_same_session(state: StoredState, found: StoredSession | None, base_url: str) -> None:
    """Refuse to take over a session at another host, unless it was created at the same time.

    Raises:
        RefusedError: it is not there, or that cannot be determined.

    """
    created = timestamps.parse_or_none(state.get(Key.CREATED_AT))
    if found is None or created is None or timestamps.parse_or_none(found.created_at) != created:
        seen = "has no such session" if found is None else "has another session of that id"
        raise RefusedError(f"{_mismatch(state, base_url)}, which {seen}: set baseUrl back")


def _mismatch(state: StoredState, base_url: str) -> str:
    recorded = state.get(Key.BASE_URL)
    there = recorded if isinstance(recorded, str) and recorded.isprintable() else "an invalid baseUrl"
    return f"session {state.id} was created at {there}, but baseUrl is {base_url}"


def _place(base_url: object) -> object:
    """Return what two spellings of one place have in common."""
    if not isinstance(base_url, str):
        return base_url
    try:
        url = urlsplit(base_url)
        return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme), url.path.rstrip("/")
    except ValueError:
        return base_url
