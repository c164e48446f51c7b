"""Faults on purpose: which request is struck, and by what.

They strike API requests that the gate let in, never ``/_emulator/`` or the documentation. They live as long as
the process: a restart has none but those of its flags.
"""

import random
import re
import secrets
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from quant_sessions_provider.emulator.errors import problem
from quant_sessions_provider.emulator.schemas import Switch, Whole

_PAGE = "<!DOCTYPE html>\n<html><head><title>Proxy</title></head><body><h1>It works!</h1></body></html>\n"
_WITHOUT_BODY = {204, 304}
_HOUR = 3_600_000


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError("must be a regular expression") from error
    return value


# What may not stand in a header would break the server's answer instead of the client's reading of it.
def _header_value(value: str) -> str:
    if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
        raise ValueError("must be printable ASCII without spaces around it")
    return value


def _header_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ValueError("must be a header's name")
    if value.lower() in {"content-length", "transfer-encoding", "connection"}:
        raise ValueError("is the server's to set")
    return value


Probability = Annotated[float, Field(ge=0, le=1)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
Seconds = Annotated[Whole, Field(ge=0)]


class Fault(Switch):
    """One way to fail, and which requests it strikes.

    ``before`` the effect nothing is carried out; ``after`` it the answer is lost, replaced or spoilt.
    ``status``, ``body`` (JSON, or a string sent as plain text), ``headers`` and ``retryAfter`` (seconds or a
    date) make the answer of kind "status", and the one that is cut or dripped ``before`` the effect.
    ``path`` is a regular expression looked for in the escaped path. ``count`` null is for ever.
    Kind "slow" sends the head at once, then ``chunkBytes`` of the body every ``pauseMs``.
    """

    kind: Literal["status", "drop", "truncate", "garbage", "slow"]
    when: Literal["before", "after"] = "before"
    method: str | None = None
    path: Annotated[str, AfterValidator(_expression)] | None = None
    count: Annotated[Whole, Field(ge=1)] | None = None
    probability: Probability = 1.0
    status: Annotated[Whole, Field(ge=200, le=599)] = 500
    body: Any = None
    retry_after: Seconds | HeaderValue | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    chunk_bytes: Annotated[Whole, Field(ge=1)] = 16
    pause_ms: Annotated[float, Field(ge=0, le=_HOUR)] = 50

    def concerns(self, method: str, path: str) -> bool:
        """Tell whether it is meant for this request."""
        by_method = self.method is None or self.method.upper() == method
        return by_method and (self.path is None or re.search(self.path, path) is not None)

    def answer(self, real: Response | None) -> Response:
        """Choose the answer to send, or to send in part; ``real`` is what the operation answered, if it ran."""
        if self.kind == "garbage":
            return HTMLResponse(_PAGE)
        if self.kind == "status" or real is None:
            return self._made_up()
        return real

    def _made_up(self) -> Response:
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status in _WITHOUT_BODY:
            return Response(None, self.status, headers)
        if self.body is None:
            return problem(self.status, "A fault of the emulator", headers)
        shape = PlainTextResponse if isinstance(self.body, str) else JSONResponse
        return shape(self.body, self.status, headers)


class FaultSetup(Switch):
    """All faults of a process: the first of ``faults`` that strikes applies, then ``rate``, after ``latencyMs``.

    ``rate`` is the share of requests that fail in one of the ways of ``mixed``. The same ``seed`` strikes the same
    requests of the same sequence.
    """

    latency_ms: Annotated[float, Field(ge=0, le=_HOUR)] = 0
    rate: Probability = 0.0
    seed: Whole = Field(default_factory=lambda: secrets.randbelow(2**31))
    faults: list[Fault] = Field(default_factory=list)


def mixed(rate: float) -> list[Fault]:
    """Share a rate among all ways to fail."""
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
    ]
    share = rate / len(ways)
    # A later one is asked only if no earlier one struck: it needs a higher chance for the same share.
    chances = [min(1.0, share / (1 - number * share)) for number in range(len(ways))]
    return [Fault(**way, probability=chance) for way, chance in zip(ways, chances, strict=True)]


class _Armed:
    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.struck = 0
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrecy

    def strikes(self, method: str, path: str) -> bool:
        if self.struck == self.fault.count or not self.fault.concerns(method, path):
            return False
        if self._random.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults in force. Not for several threads: all requests are answered in one."""

    def __init__(self, setup: FaultSetup) -> None:
        self.arm(setup)

    def arm(self, setup: FaultSetup) -> None:
        """Replace all faults, and begin the seed's sequence anew."""
        self._setup = setup
        self._armed: list[_Armed] = []
        for fault in [*setup.faults, *(mixed(setup.rate) if setup.rate else [])]:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Arm one more, asked last."""
        # Chances of its own: what strikes one fault does not move the sequence of another.
        self._armed.append(_Armed(fault, f"{self._setup.seed}/{len(self._armed)}"))

    def strike(self, method: str, path: str) -> Fault | None:
        """Choose the fault of a request, and count it."""
        return next((armed.fault for armed in self._armed if armed.strikes(method, path)), None)

    @property
    def latency(self) -> float:
        """Seconds that each request waits before anything else happens to it."""
        return self._setup.latency_ms / 1000

    def report(self) -> dict[str, Any]:
        """Write the setup; every fault, those of the rate too, with how often it struck."""
        faults = [armed.fault.model_dump(by_alias=True) | {"struck": armed.struck} for armed in self._armed]
        return self._setup.model_dump(by_alias=True) | {"faults": faults}
