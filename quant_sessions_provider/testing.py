"""The pytest plugin: fixtures with the emulator, for tests of programs and applications that use sessions.

pytest imports this module in every run where the package is installed. So it imports pytest and the standard library
alone, and the emulator on first use.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quant_sessions_provider.emulator import BackgroundEmulator

ORGANIZATION: Final = "acme"
_KEYS: Final = {
    "QUANTCDN_API_TOKEN": "bearer",
    "QUANTCDN_ORGANIZATION": "organization",
    "QUANTCDN_BASE_URL": "baseUrl",
    "QUANTCDN_BASE_DELAY_MS": "baseDelayMs",
}
_MISSING: Final = (
    "the fixtures of quant-sessions need the extra 'testing': pip install 'quant-sessions-provider[testing]'"
)


class QuantSessions:
    """The emulated sessions API, as the fixtures return it.

    Attributes:
        url: base URL of the API.
        token: a token that it accepts; any other one too.
        organization: the organization of the sessions.
        environment: the variables that point programs and applications to it.
        settings: the same as a stack's configuration, with keys such as ``quant-sessions:baseUrl``.

    """

    def __init__(self, emulator: BackgroundEmulator) -> None:
        self._emulator = emulator
        self.url, self.token, self.organization = emulator.url, emulator.token, ORGANIZATION
        self.environment = emulator.variables(ORGANIZATION)
        self.settings = {f"quant-sessions:{_KEYS[name]}": value for name, value in self.environment.items()}

    def advance(self, minutes: float) -> None:
        """Make all sessions older by this many minutes. The clock and the state of stacks stay as they are."""
        self._emulator.shift(-60 * minutes)

    def append(self, session_id: str, role: Literal["system", "user", "assistant"], text: str) -> None:
        """Append a message, as a running conversation does. Raise ValueError if there is no such session."""
        self._emulator.append(self.organization, session_id, [{"role": role, "content": text}])

    def fail_next(self, status: int, *, method: str | None = None, times: int = 1) -> None:
        """Answer the next requests with an error, without carrying them out.

        Args:
            status: HTTP status of the response, 200 to 599.
            method: HTTP method of the requests; by default any.
            times: how many requests fail. The provider repeats what is safe to repeat up to three times.

        Raises:
            ValueError: the status or ``times`` is out of range.

        """
        self._emulator.fault(status=status, method=method, count=times)

    def seed(self, session_id: str, **fields: Any) -> None:  # noqa: ANN401 - any JSON
        """Store a session that something else has created, or change its fields.

        The fields are those of the API: userId, sessionGroup, status, messages, metadata, title, expiresAt and so on.
        """
        self._emulator.seed(self.organization, session_id, **fields)

    def sessions(self) -> list[dict[str, Any]]:
        """Return all stored sessions with the API's fields, including completed and expired ones, oldest first."""
        return self._emulator.sessions(self.organization)

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests that the API received, oldest first: method, path, query, body, status, at and more."""
        return self._emulator.requests()

    def reset(self) -> None:
        """Delete all sessions, requests and pending failures."""
        self._emulator.reset()


@pytest.fixture(scope="session")
def quant_sessions_server() -> Iterator[QuantSessions]:
    """Return the emulated API of this test session, or of this worker of pytest-xdist. No variables are set."""
    with _emulator_class()() as emulator:
        yield QuantSessions(emulator)


@pytest.fixture
def quant_sessions(quant_sessions_server: QuantSessions, monkeypatch: pytest.MonkeyPatch) -> QuantSessions:
    """Return the emulated API without sessions and requests. The variables QUANTCDN_… point to it during the test."""
    quant_sessions_server.reset()
    for name in [name for name in os.environ if name.startswith("QUANTCDN_")]:
        monkeypatch.delenv(name)
    for name, value in quant_sessions_server.environment.items():
        monkeypatch.setenv(name, value)
    return quant_sessions_server


def _emulator_class() -> type[BackgroundEmulator]:
    try:
        from quant_sessions_provider.emulator import BackgroundEmulator  # noqa: PLC0415 - imports much
    except ModuleNotFoundError as error:
        if error.name != "quant_sessions_provider.emulator":
            raise
    else:
        return BackgroundEmulator
    pytest.fail(_MISSING, pytrace=False)
