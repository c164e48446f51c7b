"""HTTP: sends requests, retries them, and translates responses and exceptions into this package's errors."""

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

from quant_sessions_provider.client.connection import HandshakeError, HttpSession
from quant_sessions_provider.client.deadline import Deadline, running
from quant_sessions_provider.client.error_message import api_words
from quant_sessions_provider.client.rate_limit import RateLimiter
from quant_sessions_provider.client.response import InvalidBodyError, Response, read
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

_ERRORS: Final[dict[int, type[ApiError]]] = {
    **dict.fromkeys((401, 403), ForbiddenError),
    **dict.fromkeys((400, 409, 422), InvalidRequestError),
    **dict.fromkeys((404, 410), NotFoundError),
    408: ApiError,
}
_CLIENT_ERROR: Final = 4
"""First digit of the statuses that refuse a request."""
_TOKEN_PROBLEMS: Final = {401: "was not accepted", 403: "is not allowed to do this"}
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_CA_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True)
class _Call:
    operation: str
    method: str
    url: str
    idempotent: bool
    query: dict[str, str] | None
    body: dict[str, Any] | None


class Transport:
    """Sends requests to the configured host only. ``now`` and ``sleep`` are the clock, in seconds."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._now, self._sleep = settings, now, sleep
        self._rate_limiter = RateLimiter(settings.requests_per_second, now, sleep)
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
        """Send a request and return its parsed response, within ``timeoutSeconds``, retries included.

        Args:
            operation: what is attempted, for errors: "creating the session".
            method: the HTTP method.
            path: below the base URL, escaped.
            parse: converts the response's JSON; its ValueError says what is wrong with it.
            idempotent: sending it twice has the effect of once, so it is also retried after a lost response or a 5xx.
            query: parameters of the URL.
            body: sent as JSON.

        Raises:
            ConfigurationError: there is no token, or the environment names an invalid proxy or CA bundle.
            RefusedError: the body cannot be sent as JSON.
            UnreachableError: it was surely not processed.
            AnswerLostError: it may have been processed.
            ApiError: the API returned an error, or a body that is not JSON or cannot be parsed.

        """
        call = _Call(operation, method, self._settings.base_url + path, idempotent, query, body)
        return _parse(call, self._success(call), parse)

    def _success(self, call: _Call) -> Response:
        session = self._session()
        with running(Deadline(self._settings.timeout_seconds, self._now)) as deadline:
            outcome = self._send(session, call, deadline)
            if outcome is None:
                raise self._rate_limited(call)
            if isinstance(outcome, HTTPError):
                raise self._failure(call, outcome, deadline) from outcome
            if not outcome.succeeded:
                raise self._api_error(call, outcome, deadline)
        return outcome

    def _session(self) -> HttpSession:
        session: HttpSession | None = getattr(self._local, "session", None)
        if session is None:
            # Plain http is for loopback only: a proxy of the environment would see the token.
            secure = self._settings.base_url.lower().startswith("https:")
            session = self._local.session = HttpSession(self._settings.require_bearer(), trust_env=secure)
        return session

    def _send(self, session: HttpSession, call: _Call, deadline: Deadline) -> Response | HTTPError | None:
        """Send until an outcome is final or the deadline is near; return None if rate limited from the start."""
        policy = retries(self._settings, idempotent=call.idempotent)
        outcome: Response | HTTPError | None = None
        while self._rate_limiter.acquire(deadline):
            latest = self._attempt(session, call)
            outcome = latest if outcome is None or not _is_connect_timeout(latest) else outcome
            retry = _next(policy, call, latest)
            if retry is None or retry[1] >= deadline.left():
                break
            policy, pause = retry
            self._sleep(pause)
        return outcome

    def _attempt(self, session: HttpSession, call: _Call) -> Response | HTTPError:
        try:
            with session.request(
                call.method,
                call.url,
                params=call.query,
                json=call.body,
                timeout=self._settings.timeout_seconds,  # for SOCKS, whose connections know no deadline
                allow_redirects=False,
                stream=True,
                verify=True,
            ) as response:
                return read(response.raw)
        except requests.exceptions.InvalidJSONError:
            text = f"{call.operation}: not sent: it contains a number that JSON cannot represent"
            raise RefusedError(text) from None
        except (requests.RequestException, HTTPError) as error:
            return self._cause(call, error)
        except OSError:  # requests checks the file before anything else
            text = f"{call.operation}: not sent: cannot read the CA bundle {_ca_bundle() or 'of certifi'}"
            raise ConfigurationError(text) from None

    def _cause(self, call: _Call, error: Exception) -> HTTPError:
        """Return urllib3's own error."""
        cause = error if isinstance(error, HTTPError) else error.args[0] if error.args else None
        reason = cause.reason if isinstance(cause, MaxRetryError) else cause
        # A ValueError comes before anything is sent; problems of a response are none.
        if isinstance(error, ValueError):
            raise ConfigurationError(
                f"{call.operation}: not sent: baseUrl, or the proxy in HTTPS_PROXY/ALL_PROXY, is not a valid URL"
            ) from None
        late = isinstance(reason, SSLError) and not isinstance(reason, HandshakeError)
        if isinstance(reason, HTTPError) and not late:
            return reason
        return ProtocolError("connection closed mid-response", reason)

    def _rate_limited(self, call: _Call) -> UnreachableError:
        return UnreachableError(
            f"{call.operation}: not sent: rate limited (requestsPerSecond) for longer than {self._timeout()}"
        )

    def _timeout(self) -> str:
        return f"timeoutSeconds ({self._settings.timeout_seconds:g} s)"

    def _failure(self, call: _Call, error: HTTPError, deadline: Deadline) -> UnreachableError | AnswerLostError:
        """Tell a request that was never sent from one that may have been processed."""
        what = f"{call.operation}: {self._settings.base_url}"
        if not isinstance(error, (ConnectTimeoutError, HandshakeError, ProxyError)):
            timed_out = isinstance(error, ReadTimeoutError) or not deadline.left()
            within = f" within {self._timeout()}" if timed_out else ""
            return AnswerLostError(f"{what} did not respond{within}{_maybe_applied(call)}")
        # An idempotent request may have been sent by an earlier attempt.
        sent = "" if call.idempotent else "; nothing was sent"
        return UnreachableError(f"{what} cannot be reached ({_obstacle(error)}){sent}")

    def _api_error(self, call: _Call, response: Response, deadline: Deadline) -> ApiError:
        status = response.status
        kind = _ERRORS.get(status, ClientError if status // 100 == _CLIENT_ERROR else ApiError)
        filters = [value for key, value in (call.query or {}).items() if key in ("userId", "sessionGroup")]
        sensitive = [self._settings.require_bearer(), *filters, *declared_texts(call.body or {}), *sensitive_texts()]
        words = api_words(response.text, sensitive)
        text = f"{call.operation}: the API returned {status}{f': {words}' if words else ''}"
        return kind(text + _retry_after(response, deadline) + self._advice(status), status=status)

    def _advice(self, status: int) -> str:
        if status in _REDIRECTS:
            return "; redirects are not followed, because the token is for one host: set baseUrl to the API's address"
        if status not in _TOKEN_PROBLEMS:
            return ""
        return (
            f"; the token from {self._settings.bearer_source} {_TOKEN_PROBLEMS[status]}."
            " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
        )


def _is_connect_timeout(outcome: Response | HTTPError) -> bool:
    """Return whether an attempt ran out of time before it was sent: an earlier outcome then says more."""
    return isinstance(outcome, ConnectTimeoutError) and not isinstance(outcome, NewConnectionError)


def _next(policy: Retries, call: _Call, outcome: Response | HTTPError) -> tuple[Retries, float] | None:
    """Return the policy of the attempts that follow and the seconds until the first; None for no retry."""
    raw, error = (outcome.raw, None) if isinstance(outcome, Response) else (None, outcome)
    if raw is not None and not policy.is_retry(call.method, raw.status):
        return None
    try:
        policy = policy.increment(call.method, call.url, response=raw, error=error)
    except HTTPError:
        return None
    return policy, policy.pause(raw)


def _retry_after(response: Response, deadline: Deadline) -> str:
    pause = Retries().get_retry_after(response.raw)
    if not pause:
        return ""
    too_long = ", longer than timeoutSeconds allows" if pause >= deadline.left() else ""
    return f"; retry after {math.ceil(pause)} s{too_long}"


def _parse(call: _Call, response: Response, parse: Callable[[object], Result]) -> Result:
    try:
        return parse(response.json())
    except ValueError as error:
        problem = error if isinstance(error, InvalidBodyError) else f"an unexpected body: {error}"
        text = f"{call.operation}: the API returned {response.status} with {problem}{_maybe_applied(call)}"
        raise ApiError(text, status=response.status) from None


def _maybe_applied(call: _Call) -> str:
    return "" if call.method == "GET" else "; the request may have been applied"


def _obstacle(error: HTTPError) -> str:
    cause: object = error.original_error if isinstance(error, ProxyError) else error
    if not isinstance(cause, HandshakeError):
        return "no connection to the proxy" if isinstance(error, ProxyError) else "no connection"
    bundle = f" (CA bundle: {_ca_bundle()})" if _ca_bundle() else ""
    untrusted = isinstance(cause.args[0], ssl.SSLCertVerificationError)
    return f"certificate verification failed{bundle}" if untrusted else f"TLS handshake failed{bundle}"


def _ca_bundle() -> str | None:
    """Return the variable that replaces the certificate authorities that requests trusts."""
    return next((name for name in _CA_BUNDLES if os.environ.get(name)), None)
