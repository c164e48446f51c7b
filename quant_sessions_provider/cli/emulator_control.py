"""Finds emulators on this machine, and moves their sessions in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import requests

from quant_sessions_provider.core.settings import is_loopback

if TYPE_CHECKING:
    from datetime import timedelta

_SECONDS: Final = 10
_TOKEN: Final = "any"  # noqa: S105 - an emulator's control routes accept every token; nobody's own is sent
_NOT_FOUND: Final = 404
_CLOCK: Final = {"now", "offsetSeconds"}
"""What the route /clock returns. No other service answers so."""


def is_emulator(base_url: object) -> bool:
    """Return whether a base URL is one of this machine, and an emulator answers there."""
    if not isinstance(base_url, str) or not _is_here(base_url):
        return False
    try:
        clock = _call("GET", f"{base_url}/_emulator/clock").json()
    except requests.RequestException:
        return False
    return isinstance(clock, dict) and clock.keys() == _CLOCK


def age(base_url: str, session_id: str, by: timedelta) -> bool:
    """Move a session of an emulator into the past; return whether the emulator has it.

    Raises:
        OSError: the emulator did not do it.

    """
    where = f"{base_url}/_emulator/sessions/{quote(session_id, safe='')}/shift"
    answer = _call("POST", where, json={"seconds": -by.total_seconds()})
    if answer.status_code == _NOT_FOUND:
        return False
    answer.raise_for_status()
    return True


def _is_here(base_url: str) -> bool:
    try:
        return is_loopback(urlsplit(base_url).hostname or "")
    except ValueError:
        return False


def _call(method: str, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
    with requests.Session() as http:
        http.trust_env = False  # no proxy and no .netrc of this machine
        http.headers["Authorization"] = f"Bearer {_TOKEN}"
        return http.request(method, url, timeout=_SECONDS, allow_redirects=False, **options)
