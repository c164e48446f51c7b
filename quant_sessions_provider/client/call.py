"""One operation of the API, as the request that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.model import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILTERS_OF_PEOPLE: Final = (Key.USER_ID, Key.SESSION_GROUP)


@dataclass(frozen=True)
class Call:
    """A request before it is sent.

    Args:
        operation: what is attempted, for errors: "creating the session".
        method: the HTTP method.
        path: below the base URL, escaped.
        idempotent: sending it twice has the effect of once, so it is also retried after a lost response or a 5xx.
        query: parameters of the URL.
        body: sent as JSON.

    """

    operation: str
    method: str
    path: str
    idempotent: bool
    query: dict[str, str] | None = None
    body: dict[str, Any] | None = None

    @property
    def reads(self) -> bool:
        """Whether it only reads, so that it cannot have been applied."""
        return self.method == "GET"

    @property
    def names_session(self) -> bool:
        """Whether its path is that of one session."""
        return self.method != "POST" and self.query is None

    def filters(self) -> Iterator[str]:
        """Return the declared texts of the query."""
        return (value for key, value in (self.query or {}).items() if key in _FILTERS_OF_PEOPLE)
