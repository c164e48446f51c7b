"""What a test may use of the API if it is to run against the emulator and against QuantCDN itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests


class Service(Protocol):
    """The emulator, or the real service behind ``tests/live/edge.py``. Its clock and its faults are the emulator's."""

    url: str

    def variables(self, organization: str) -> dict[str, str]:
        """Return the environment variables that point the provider to the service."""

    def api(self, method: str, organisation: str, path: str = "", **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        """Send an API request; ``path`` follows ``…/ai/sessions``."""

    def append(self, organisation: str, session_id: str, messages: Sequence[object]) -> None:
        """Append messages of user and assistant, as a running conversation does."""

    def requests(self, *, clear: bool = False) -> list[dict[str, Any]]:
        """Return the API requests so far, oldest first: method, path, query, body, status."""

    def clear(self) -> None:
        """Clear the log of API requests."""

    def sessions(self, organisation: str | None = None) -> list[dict[str, Any]]:
        """Return the sessions: id, userId, sessionGroup, expiresAt, messages. The emulator knows more of them."""

    def group(self, organisation: str, group: str) -> list[dict[str, Any]]:
        """Return the sessions of one group."""
