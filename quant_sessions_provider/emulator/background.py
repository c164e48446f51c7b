"""The emulator in a background thread of a test run, with its controls as methods."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import quote

import requests

from quant_sessions_provider.emulator.server import EmulatorServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

Kind = Literal["status", "drop", "truncate", "garbage", "slow", "trailing", "duplicate"]
When = Literal["before", "after"]


class BackgroundEmulator:
    """An emulator on a free loopback port: ``with BackgroundEmulator() as emulator: ...``.

    Its data are in the file ``database``, or else in a temporary one. ``url`` is its base URL. Times are shifted in
    seconds; negative is the past. Raises StartError if the file cannot be used, ValueError if a control refuses.
    """

    token: ClassVar = "emulator-test-token"  # noqa: S105 - the emulator takes any

    def __init__(self, database: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="emulator-")
        try:
            self._server = EmulatorServer(database or Path(self._folder.name, "sessions.db"))
        except BaseException:
            self._folder.cleanup()
            raise
        self.url = self._server.url
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy and no .netrc of this machine
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def __enter__(self) -> Self:
        """Serve in a background thread."""
        self._server.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop serving, and delete the temporary file."""
        self.http.close()
        self._server.stop()
        self._folder.cleanup()

    def variables(self, organization: str) -> dict[str, str]:
        """Return the environment variables that point the provider to this emulator. Retries wait 1 ms."""
        return {
            "QUANTCDN_API_TOKEN": self.token,
            "QUANTCDN_ORGANIZATION": organization,
            "QUANTCDN_BASE_URL": self.url,
            "QUANTCDN_BASE_DELAY_MS": "1",
        }

    def reset(self) -> None:
        """Delete all sessions, clear the log, and reset the clock, faults and behaviours."""
        self._control("DELETE", "/sessions")
        self._control("PUT", "/clock", json={"offsetSeconds": 0})
        self.clear_faults()
        self.reset_behaviours()
        self.clear()

    def requests(self, *, clear: bool = False) -> list[dict[str, Any]]:
        """Return the API requests so far, oldest first: method, path, query, body, status, fault, effect, at."""
        log: list[dict[str, Any]] = self._control("GET", "/requests")
        if clear:
            self.clear()
        return log

    def clear(self) -> None:
        """Clear the log of API requests."""
        self._control("DELETE", "/requests")

    def sessions(self, organisation: str | None = None) -> list[dict[str, Any]]:
        """Return the stored sessions (camelCase), including completed and expired ones, oldest first."""
        found: list[dict[str, Any]] = self._control("GET", "/sessions", params={"organisation": organisation})
        return found

    def advance_clock(self, seconds: float) -> None:
        """Advance the emulator's clock, as a skew between it and this machine."""
        self._control("POST", "/clock/advance", json={"seconds": seconds})

    def shift(self, seconds: float, session_id: str | None = None) -> None:
        """Shift the timestamps of all sessions or of one: by -3600, as if an hour had passed."""
        one = "" if session_id is None else f"/sessions/{quote(session_id, safe='')}"
        self._control("POST", f"{one}/shift", json={"seconds": seconds})

    def seed(self, organisation: str, session_id: str, **stored: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """Store a session, or change fields of an existing one: userId, expiresAt, status, messages and so on."""
        whole: dict[str, Any] = self._control("PUT", _session(organisation, session_id), json=stored)
        return whole

    def append(self, organisation: str, session_id: str, messages: Sequence[object]) -> None:
        """Append messages without an API request, as a running conversation does."""
        path = f"{_session(organisation, session_id)}/messages"
        self._control("POST", path, json={"messages": list(messages)})

    def tamper(self, organisation: str, session_id: str, messages: Sequence[object]) -> None:
        """Replace all messages without an API request; they may have any shape."""
        path = f"{_session(organisation, session_id)}/messages"
        self._control("PUT", path, json={"messages": list(messages)})

    def delete(self, organisation: str, session_id: str) -> None:
        """Delete a session without an API request, as somebody else would."""
        self._control("DELETE", _session(organisation, session_id))

    def fault(  # noqa: PLR0913 - given by name
        self,
        kind: Kind = "status",
        when: When = "before",
        *,
        method: str | None = None,
        path: str | None = None,
        status: int = 500,
        count: int | None = 1,
        **more: Any,  # noqa: ANN401 - any JSON
    ) -> None:
        """Add a fault after the others; ``more``: the other fields of ``faults.py`` (camelCase)."""
        named = {"kind": kind, "when": when, "method": method, "path": path, "status": status, "count": count}
        self._control("POST", "/faults", json=named | more)

    def faults(
        self,
        faults: Sequence[Mapping[str, Any]] = (),
        *,
        latency_ms: float = 0,
        rate: float = 0,
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Replace all faults, and add failures of all kinds at a ``rate``; return them with their seed."""
        setup: dict[str, Any] = {"latencyMs": latency_ms, "rate": rate, "faults": list(faults)}
        armed: dict[str, Any] = self._control("PUT", "/faults", json=setup | ({} if seed is None else {"seed": seed}))
        return armed

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._control("DELETE", "/faults")

    def behave(self, **switches: Any) -> None:  # noqa: ANN401 - any JSON
        """Set behaviours (camelCase, as in ``behaviours.py``), and reset all others to their defaults."""
        self._control("PUT", "/behaviours", json=switches)

    def reset_behaviours(self) -> None:
        """Reset all behaviours to their defaults."""
        self._control("DELETE", "/behaviours")

    def _control(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401 - as above
        answer = self.http.request(method, f"{self.url}/_emulator{path}", timeout=10, **options)
        if not answer.ok:
            raise ValueError(answer.json()["message"])
        return answer.json()


def _session(organisation: str, session_id: str) -> str:
    return f"/sessions/{quote(organisation, safe='')}/{quote(session_id, safe='')}"
