"""Injected faults: which request fails, and how.

They apply to API requests with a valid token, never to ``/_emulator/`` or the documentation. They are kept in memory: a
restart resets them to those of the command line.
"""

import random
import re
import secrets
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from quant_sessions_provider.emulator.errors import error_response
from quant_sessions_provider.emulator.schemas import ControlBody, Integer
from quant_sessions_provider.emulator.templates import Template, render_template

_WEB_PAGE = "<!DOCTYPE html>\n<html><head><title>Proxy</title></head><body><h1>It works!</h1></body></html>\n"
_WITHOUT_BODY = {204, 304}
_HOUR_MS = 3_600_000


def _require_pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError("must be a valid regular expression") from error
    return value


# Anything else in a header would fail in the server, before the client could see it.
def _require_header_value(value: str) -> str:
    if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
        raise ValueError("must be printable ASCII without leading or trailing spaces")
    return value


def _require_header_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ValueError("must be a header name")
    if value.lower() in {"content-length", "transfer-encoding", "connection"}:
        raise ValueError("is set by the server")
    return value


Probability = Annotated[float, Field(ge=0, le=1)]
HeaderName = Annotated[str, AfterValidator(_require_header_name)]
HeaderValue = Annotated[str, AfterValidator(_require_header_value)]
Seconds = Annotated[Integer, Field(ge=0)]


class Fault(ControlBody):
    """A way to fail, and the requests to which it applies.

    A fault ``before`` the operation keeps it from being carried out; ``after`` it, its response is lost, replaced or
    damaged.
    """

    kind: Literal["status", "drop", "truncate", "garbage", "slow", "trailing", "duplicate"]
    """What happens instead of a sound response.

    "status": it has this ``status``. "drop": the connection is closed without one. "truncate": the connection is closed
    in the middle of the body. "garbage": it is a web page with status 200. "slow": the body arrives in small pieces.
    "trailing": bytes follow the body. "duplicate": the whole response follows it once more.

    After the operation, "truncate", "slow", "trailing" and "duplicate" send its own response; before it, that of
    "status".
    """

    when: Literal["before", "after"] = "before"
    """Whether it applies before the operation or after it."""

    method: str | None = None
    """HTTP method of the requests; null: any."""

    path: Annotated[str, AfterValidator(_require_pattern)] | None = None
    """Regular expression that is searched for in the escaped path; null: any."""

    count: Annotated[Integer, Field(ge=1)] | None = None
    """Number of requests it applies to; null: no limit."""

    probability: Probability = 1.0
    """Probability that it applies to a request (0 to 1)."""

    status: Annotated[Integer, Field(ge=200, le=599)] = 500
    """HTTP status of the response."""

    body: Any = None
    """Body of the response: JSON, or a string that is sent as plain text.

    Without a body and a template it is an error of the API, `{"error": true, "message": …}`, even with status 200.
    """

    template: Template | None = None
    """A well-known response instead of ``body``.

    From a gateway: "nginx", its HTML page; "defaultBackend", the plain text `default backend - 404`; "routeNotFound",
    the JSON `{"error": "route could not be found"}`. With status 200: "unsuccessful", `{"success": false, …}`;
    "empty", `{}`.
    """

    retry_after: Seconds | HeaderValue | None = None
    """Value of the Retry-After header: seconds, or a date."""

    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Further headers of the response."""

    chunk_bytes: Annotated[Integer, Field(ge=1)] = 16
    """Bytes of the body that "slow" sends at a time."""

    pause_ms: Annotated[float, Field(ge=0, le=_HOUR_MS)] = 50
    """Milliseconds that "slow" waits between them."""

    delay_ms: Annotated[float, Field(ge=0, le=_HOUR_MS)] = 0
    """Milliseconds between the body and what "trailing" and "duplicate" send after it; 0: in one piece with it."""

    @model_validator(mode="after")
    def _require_one_body(self) -> "Fault":
        if self.body is not None and self.template is not None:
            raise ValueError("body and template are mutually exclusive")
        return self

    def matches(self, method: str, path: str) -> bool:
        """Return whether the fault is meant for such requests."""
        by_method = self.method is None or self.method.upper() == method
        return by_method and (self.path is None or re.search(self.path, path) is not None)

    def choose_response(self, real: Response | None) -> Response:
        """Return the response to send; ``real`` is the operation's, if it was carried out."""
        if self.kind == "garbage":
            return HTMLResponse(_WEB_PAGE)
        if self.kind == "status" or real is None:
            return self._status_response()
        return real

    def _status_response(self) -> Response:
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status in _WITHOUT_BODY:
            return Response(None, self.status, headers)
        if self.template is not None:
            return render_template(self.template, self.status, headers)
        if self.body is None:
            return error_response(self.status, "A fault of the emulator", headers)
        response_class = PlainTextResponse if isinstance(self.body, str) else JSONResponse
        return response_class(self.body, self.status, headers)


class FaultSetup(ControlBody):
    """All faults. The first that applies to a request is used: those of ``faults`` in order, then those of ``rate``."""

    latency_ms: Annotated[float, Field(ge=0, le=_HOUR_MS)] = 0
    """Milliseconds by which every request is delayed, before anything else happens to it."""

    rate: Probability = 0.0
    """Fraction of requests that fail, evenly in the ways in which networks and servers fail."""

    seed: Integer = Field(default_factory=lambda: secrets.randbelow(2**31))
    """Seed of the probabilities: the same sequence of requests fails in the same way."""

    faults: list[Fault] = Field(default_factory=list)
    """Faults in the order in which they are tried."""


def faults_at_rate(rate: float) -> list[Fault]:
    """Return faults that share a rate evenly."""
    ways: list[dict[str, Any]] = [
        {"kind": "status", "when": "before", "status": 500},
        {"kind": "status", "when": "after", "status": 503},
        {"kind": "status", "when": "before", "status": 429, "retry_after": 1},
        {"kind": "drop", "when": "before"},
        {"kind": "drop", "when": "after"},
        {"kind": "truncate", "when": "after"},
        {"kind": "garbage", "when": "before"},
        {"kind": "garbage", "when": "after"},
        {"kind": "slow", "when": "after", "pause_ms": 20},
        {"kind": "status", "when": "before", "status": 404, "template": "nginx"},
        {"kind": "status", "when": "before", "status": 404, "template": "routeNotFound"},
        {"kind": "status", "when": "before", "status": 200},
        {"kind": "status", "when": "after", "status": 200, "template": "unsuccessful"},
        {"kind": "trailing", "when": "after"},
        {"kind": "duplicate", "when": "after"},
    ]
    share = rate / len(ways)
    # A fault is tried only if no earlier one applied, so the later ones need a higher probability.
    probabilities = [min(1.0, share / (1 - index * share)) for index in range(len(ways))]
    return [Fault(**way, probability=each) for way, each in zip(ways, probabilities, strict=True)]


class _ActiveFault:
    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.struck = 0
        self._random = random.Random(seed)  # noqa: S311 - not used for secrets

    def strike(self, method: str, path: str) -> bool:
        """Return whether the fault applies to a request, and count it."""
        if self.struck == self.fault.count or not self.fault.matches(method, path):
            return False
        if self._random.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults in force. Not thread-safe: the server handles all requests in one thread."""

    def __init__(self, setup: FaultSetup) -> None:
        self.replace(setup)

    def replace(self, setup: FaultSetup) -> None:
        """Replace all faults, and restart the sequence of the seed."""
        self._setup = setup
        self._active: list[_ActiveFault] = []
        for fault in [*setup.faults, *(faults_at_rate(setup.rate) if setup.rate else [])]:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Add a fault, to be tried after the others."""
        # Each fault has random numbers of its own, so that its sequence does not depend on the others.
        self._active.append(_ActiveFault(fault, f"{self._setup.seed}/{len(self._active)}"))

    def choose(self, method: str, path: str) -> Fault | None:
        """Return the fault that applies to a request, and count it; None if there is none."""
        return next((active.fault for active in self._active if active.strike(method, path)), None)

    def armed(self) -> list[dict[str, Any]]:
        """Return the faults that apply to a limited number of requests, and to how many more (``left``)."""
        limited = [(active.fault, active.fault.count - active.struck) for active in self._active if active.fault.count]
        return [{"kind": fault.kind, "status": fault.status, "left": left} for fault, left in limited if left]

    @property
    def latency(self) -> float:
        """Seconds by which every request is delayed."""
        return self._setup.latency_ms / 1000

    def describe(self) -> dict[str, Any]:
        """Return the setup as JSON; each fault, including those of the rate, with how often it applied (``struck``)."""
        faults = [active.fault.model_dump(by_alias=True) | {"struck": active.struck} for active in self._active]
        return self._setup.model_dump(by_alias=True) | {"faults": faults}
