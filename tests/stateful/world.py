"""A stack with one session and the API, under one combination of behaviours."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.state import GRANT_TOLERANCE, Expiry
from tests.support.mini_engine import MiniEngine, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stateful.choices import Combination, HostClass
    from tests.support.emulator_server import Emulator


class World:
    """The state in the engine and the sessions in the API.

    ``skew``: seconds by which the API's clock is ahead. ``grant``: minutes that it grants beyond the request.
    """

    def __init__(
        self,
        emulator: Emulator,
        combination: Combination,
        host: HostClass,
        *,
        skew: int,
        grant: int,
    ) -> None:
        self.emulator, self.combination, self.grant = emulator, combination, grant
        emulator.behave(**combination, grantOffsetMinutes=grant)
        emulator.http.put(f"{emulator.url}/_emulator/clock", json={"offsetSeconds": skew}).raise_for_status()
        self.skew = timedelta(seconds=skew)
        self.organization = uuid4().hex
        settings = {"bearer": emulator.token, "organization": self.organization, "baseUrl": emulator.url}
        self.engine = MiniEngine(host(settings | {"baseDelayMs": "0"}))

    @contextmanager
    def failing(self, *, method: str | None = None, path: str | None = None) -> Iterator[None]:
        """Have some requests fail before they take effect."""
        self.emulator.fault(method=method, path=path, status=503, count=None)
        yield
        self.emulator.clear_faults()

    def has(self, **behaviours: Any) -> bool:  # noqa: ANN401 - values of switches
        """Return whether the API has these behaviours."""
        return all(self.combination[key] == value for key, value in behaviours.items())

    def grants_what_is_asked(self) -> bool:
        """Return whether the API grants each request to the minute, on its own clock."""
        return self.has(extendFrom="expiry") and not self.has(cap="cut") and not self.grant

    def hides_messages(self) -> bool:
        """Return whether a GET may leave out older messages."""
        return self.has(messages="window") or self.has(messages="summary")

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs of the session in state."""
        assert self.engine.state
        return self.engine.state.outputs

    def stored(self) -> dict[str, dict[str, Any]]:
        """Return all sessions in the API by id, including expired ones."""
        return {session["id"]: session for session in self.emulator.sessions(self.organization)}

    def alive(self) -> list[str]:
        api_now = datetime.now(timezone.utc) + self.skew
        return [key for key, session in self.stored().items() if timestamps.parse(session["expiresAt"]) > api_now]

    def live(self) -> bool:
        """Return whether the session in state is alive."""
        return self.engine.state is not None and self.engine.state.id in self.alive()

    def readable(self) -> bool:
        """Return whether a GET would find the session in state: it is alive, or it lingers."""
        lingers = self.has(expired="lingering") and self.engine.state is not None
        return self.live() or (lingers and self.engine.state is not None and self.engine.state.id in self.stored())

    def past(self) -> bool:
        """Return whether the session has expired according to state."""
        now = datetime.now(timezone.utc)
        return self.engine.state is not None and Expiry.of(self.outputs).passed(now)

    def ends_soon(self) -> bool:
        """Return whether the expiry is so near that clock skew or the tolerance for grants can hide it."""
        known = Expiry.of(self.outputs).known if self.engine.state else None
        return known is not None and known - datetime.now(timezone.utc) < GRANT_TOLERANCE + abs(self.skew)

    def planned(self, declared: dict[str, Any]) -> str:
        """Return the operation that a preview plans, or its error."""
        try:
            return self.engine.preview(declared).op
        except PlanError as error:
            return str(error)

    def pass_time(self, seconds: float) -> None:
        """Advance time: shift the timestamps in state and in the API into the past."""
        self.engine.shift(-seconds)
        self.emulator.shift(-seconds)
