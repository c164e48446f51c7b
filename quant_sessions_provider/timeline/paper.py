"""The API on paper: it answers from memory at a moment that is set, and nothing is sent anywhere.

With it :class:`quant_sessions_provider.operations.crud.Operations` decides as it would in a run, which keeps every
rule of a session's life in one place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.client.sessions import Client
from quant_sessions_provider.client.transport import Transport
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import NotFoundError
from quant_sessions_provider.operations.crud import Operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.client.transport import Result

_GONE: Final = 404
_SETTINGS: Final = config.load({"quant-sessions:bearer": "-", "quant-sessions:organization": "-"}.get, {})


class PaperApi(Transport):
    """One account with one session, which grants whatever is asked of it."""

    def __init__(self, now: datetime) -> None:
        super().__init__(_SETTINGS)
        self.now = now
        self.session, self.ends = "paper-0", now
        self.extended_by = 0
        """Minutes of the last extension, 0 for none since it was set to that."""

    def operations(self) -> Operations:
        """Give the verbs, at this account's moment."""
        return Operations(Client(lambda: self), _SETTINGS, lambda _: None, lambda: self.now)

    def request(  # noqa: PLR0913 - as its parent's
        self,
        operation: str,
        method: str,
        path: str,
        *,
        parse: Callable[[object], Result],
        idempotent: bool,  # noqa: ARG002 - paper never fails to answer
        query: dict[str, str] | None = None,  # noqa: ARG002 - there is one user
        body: dict[str, Any] | None = None,
    ) -> Result:
        """Answer one of the six operations."""
        return parse(self._answer(operation, method, path, body))

    def _answer(self, operation: str, method: str, path: str, body: dict[str, Any] | None) -> object:
        session, _, verb = path.partition("/ai/sessions")[2].strip("/").partition("/")
        if method == "POST" and body is not None:
            return self._create(body)
        lives = session == self.session and self.ends > self.now
        if not session:
            return [{"id": self.session}] if self.ends > self.now else []
        if not lives:
            raise NotFoundError(f"{operation}: not found", status=_GONE)
        if verb == "extend" and body is not None:
            self.extended_by = body["additionalMinutes"]
            self.ends += timedelta(minutes=self.extended_by)
            return {"expiresAt": timestamps.render(self.ends)}
        return {"id": session, "sessionId": session}

    def _create(self, body: dict[str, Any]) -> object:
        self.session = f"paper-{int(self.session.partition('-')[2]) + 1}"
        self.ends = self.now + timedelta(minutes=body["expirationMinutes"])
        return {"sessionId": self.session, "expiresAt": timestamps.render(self.ends)}
