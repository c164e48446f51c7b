"""HTTP: what is sent, what is sent again, and what answers and failures are called in our own words."""

from __future__ import annotations

import math
import os
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from quant_sessions_provider.client.connection import HandshakeError, Session
from quant_sessions_provider.client.deadline import Deadline, running
from quant_sessions_provider.client.error_message import api_words
from quant_sessions_provider.client.rate_limit import Pace
from quant_sessions_provider.client.response import Reply, SenselessError, read
from quant_sessions_provider.client.retries import Retries, retries
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ClientError,
    ConfigurationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from quant_sessions_provider.core.redaction import declared_texts, sensitive_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.core.settings import Settings

Result = TypeVar("Result")

_KINDS: Final[dict[int, type[ApiError]]] = {
    **dict.fromkeys((401, 403), ForbiddenError),
    **dict.fromkeys((400, 409, 422), InvalidRequestError),
    **dict.fromkeys((404, 410), NotFoundError),
    408: ApiError,
}
_REFUSED: Final = 4
"""First digit of the statuses that refuse a request."""
_NOT_WITH_IT: Final = {401: "accept", 403: "allow this with"}
_MOVED: Final = (301, 302, 303, 307, 308)
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True)
class _Call:
    operation: str
    method: str
    url: str
    idempotent: bool
    query: dict[str, str] | None
    body: dict[str, Any] | None


class Transport:
    """Sends requests to the configured host and no other. ``now`` and ``sleep`` are the clock, in seconds."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._now, self._sleep = settings, now, sleep
        self._pace = Pace(settings.requests_per_second, now, sleep)
        self._local = threading.local()

    def request(  # noqa: PLR0913 - a request has that many parts
        self,
        operation: str,
        method: str,
        path: str,
        *,
        parse: Callable[[object], Result],
        idempotent: bool,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Result:
        """Send a request and give what its answer says; within ``timeoutSeconds``, repetitions included.

        Args:
            operation: what is attempted, for errors: "creating the session".
            method: the HTTP method.
            path: below the base URL, escaped.
            parse: reads the answer's JSON; its ValueError says what is wrong with it.
            idempotent: sending it twice changes nothing, so it is retried after a lost answer or a 5xx too.
            query: parameters of the URL.
            body: sent as JSON.

        Raises:
            ConfigurationError: there is no token, or a proxy or a certificate file of the environment is of no use.
            RefusedError: JSON cannot hold what is to be sent.
            UnreachableError: it surely was not processed.
            AnswerLostError: it may have been processed.
            ApiError: the API answered with an error, not with JSON, or with JSON that cannot be parsed.

        """
        call = _Call(operation, method, self._settings.base_url + path, idempotent, query, body)
        return _sense(call, self._success(call), parse)

    def _success(self, call: _Call) -> Reply:
        session = self._session()
        with running(Deadline(self._settings.timeout_seconds, self._now)) as deadline:
            outcome = self._repeated(session, call, deadline)
            if outcome is None:
                raise self._no_turn(call)
            if isinstance(outcome, HTTPError):
                raise self._failure(call, outcome, deadline) from outcome
            if not outcome.succeeded:
                raise self._refusal(call, outcome, deadline)
        return outcome

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            # Plain http is for loopback only: a proxy of the environment would see the token.
            secure = self._settings.base_url.lower().startswith("https:")
            session = self._local.session = Session(self._settings.require_bearer(), trust_env=secure)
        return session

    def _repeated(self, session: Session, call: _Call, deadline: Deadline) -> Reply | HTTPError | None:
        """Send until an outcome is final or the time is over; None if it never got a turn."""
        plan = retries(self._settings, idempotent=call.idempotent)
        outcome: Reply | HTTPError | None = None
        while self._pace.wait(deadline):
            latest = self._attempt(session, call)
            outcome = latest if outcome is None or not _is_too_late(latest) else outcome
            again = _next(plan, call, latest)
            if again is None or again[1] >= deadline.left():
                break
            plan, pause = again
            self._sleep(pause)
        return outcome

    def _attempt(self, session: Session, call: _Call) -> Reply | HTTPError:
        try:
            with session.request(
                call.method,
                call.url,
                params=call.query,
                json=call.body,
                timeout=self._settings.timeout_seconds,  # for what keeps no deadline, such as SOCKS
                allow_redirects=False,
                stream=True,
                verify=True,
            ) as response:
                return read(response.raw)
        except requests.exceptions.InvalidJSONError:
            raise RefusedError(f"{call.operation}: not sent, since it holds a number that JSON cannot carry") from None
        except (requests.RequestException, HTTPError) as error:
            return self._cause(call, error)
        except OSError:  # requests' own look at the file, before anything else
            text = f"{call.operation}: not sent, since {_bundle() or 'certifi'} names no file of certificates"
            raise ConfigurationError(text) from None

    def _cause(self, call: _Call, error: Exception) -> HTTPError:
        """Give urllib3's own error."""
        cause = error if isinstance(error, HTTPError) else error.args[0] if error.args else None
        reason = cause.reason if isinstance(cause, MaxRetryError) else cause
        # Errors of values come before anything is sent; what is wrong with an answer is none of them.
        if isinstance(error, ValueError):
            raise ConfigurationError(
                f"{call.operation}: not sent, since {self._settings.base_url} is no address to send to,"
                " or HTTPS_PROXY or ALL_PROXY holds none"
            ) from None
        late = isinstance(reason, SSLError) and not isinstance(reason, HandshakeError)
        return reason if isinstance(reason, HTTPError) and not late else ProtocolError("broken off", reason)

    def _no_turn(self, call: _Call) -> UnreachableError:
        seconds = self._settings.timeout_seconds
        return UnreachableError(
            f"{call.operation}: not sent, since requestsPerSecond left it no turn"
            f" within {seconds:g} seconds (timeoutSeconds)"
        )

    def _failure(self, call: _Call, error: HTTPError, deadline: Deadline) -> UnreachableError | AnswerLostError:
        """Tell a request that never left from one that may have been processed."""
        what = f"{call.operation}: {self._settings.base_url}"
        if not isinstance(error, (ConnectTimeoutError, HandshakeError, ProxyError)):
            late = isinstance(error, ReadTimeoutError) or not deadline.left()
            within = f" within {self._settings.timeout_seconds:g} seconds (timeoutSeconds)" if late else ""
            return AnswerLostError(f"{what} did not answer{within}{_doubt(call)}")
        # One that may be repeated may have gone out before this attempt.
        sent = "" if call.idempotent else "; nothing was sent"
        return UnreachableError(f"{what} cannot be reached ({_obstacle(error)}){sent}")

    def _refusal(self, call: _Call, reply: Reply, deadline: Deadline) -> ApiError:
        kind = _KINDS.get(reply.status, ClientError if reply.status // 100 == _REFUSED else ApiError)
        asked = [value for key, value in (call.query or {}).items() if key in ("userId", "sessionGroup")]
        hidden = [self._settings.require_bearer(), *asked, *declared_texts(call.body or {}), *sensitive_texts()]
        words = api_words(reply.text, hidden)
        text = f"{call.operation}: the API answered {reply.status}{f': {words}' if words else ''}"
        return kind(text + _asked(reply, deadline) + self._advice(reply.status), status=reply.status)

    def _advice(self, status: int) -> str:
        if status in _MOVED:
            return "; redirects are not followed, since the token is for one host: set baseUrl to where the API is"
        if status not in _NOT_WITH_IT:
            return ""
        return (
            f"; it does not {_NOT_WITH_IT[status]} the token from {self._settings.bearer_source}."
            " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
        )


def _is_too_late(outcome: Reply | HTTPError) -> bool:
    """Tell an attempt that only ran out of time before it was sent: what the one before met says more."""
    return isinstance(outcome, ConnectTimeoutError) and not isinstance(outcome, NewConnectionError)


def _next(plan: Retries, call: _Call, outcome: Reply | HTTPError) -> tuple[Retries, float] | None:
    """Decide whether to send again: with what retries from there on, after how many seconds."""
    raw, error = (outcome.raw, None) if isinstance(outcome, Reply) else (None, outcome)
    if raw is not None and not plan.is_retry(call.method, raw.status):
        return None
    try:
        plan = plan.increment(call.method, call.url, response=raw, error=error)
    except HTTPError:
        return None
    return plan, plan.pause(raw)


def _asked(reply: Reply, deadline: Deadline) -> str:
    pause = Retries().get_retry_after(reply.raw)
    if not pause:
        return ""
    seconds = math.ceil(pause)
    long = ", more than timeoutSeconds leaves" if pause >= deadline.left() else ""
    return f"; it asks to wait {seconds} second{'' if seconds == 1 else 's'}{long}"


def _sense(call: _Call, reply: Reply, parse: Callable[[object], Result]) -> Result:
    try:
        return parse(reply.parsed())
    except ValueError as error:
        flaw = error if isinstance(error, SenselessError) else f"in an unknown shape: {error}"
        text = f"{call.operation}: the API answered {reply.status}, but {flaw}{_doubt(call)}"
        raise ApiError(text, status=reply.status) from None


def _doubt(call: _Call) -> str:
    """Say what an answer would have told; what only reads has no effect."""
    return "" if call.method == "GET" else "; the request may have taken effect"


def _obstacle(error: HTTPError) -> str:
    cause: object = error.original_error if isinstance(error, ProxyError) else error
    if not isinstance(cause, HandshakeError):
        return "no connection to the proxy" if isinstance(error, ProxyError) else "no connection"
    inner = cause.args[0]
    untrusted = isinstance(inner, ssl.SSLCertVerificationError)
    checked = f", checked against {_bundle()}" if _bundle() else ""
    return f"its certificate is not accepted{checked}" if untrusted else f"no secure connection{checked}"


def _bundle() -> str | None:
    """Name the variable that replaces the authorities whose certificates requests accepts."""
    return next((name for name in _BUNDLES if os.environ.get(name)), None)
