"""HTTP: sends requests to one host, retries them, and logs each attempt."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
)

from quant_sessions_provider.client import failures
from quant_sessions_provider.client.answers import OtherIdError, reports_failure
from quant_sessions_provider.client.call import Call
from quant_sessions_provider.client.connection import HttpSession, SilentConnectionError
from quant_sessions_provider.client.deadline import Deadline, running
from quant_sessions_provider.client.failures import Failures
from quant_sessions_provider.client.obstacles import cause_of
from quant_sessions_provider.client.rate_limit import RateLimiter
from quant_sessions_provider.client.response import Response, read
from quant_sessions_provider.client.retries import Retries, retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.core.settings import Settings

Result = TypeVar("Result")

_NO_CONTENT: Final = 204
_log: Final = logging.getLogger("quant_sessions_provider")
_log.addHandler(logging.NullHandler())


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
        self._failures = Failures(settings)
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
        no_content: object = None,
    ) -> Result:
        """Send a request and return its parsed response, within ``timeoutSeconds``, retries included.

        ``parse`` converts the response's JSON; its ValueError says what is wrong with it. ``no_content`` is what it
        gets for 204; None if that is not a success. The rest is that of :class:`Call`.

        Raises:
            ConfigurationError: there is no token, or the environment names an invalid proxy or CA bundle.
            RefusedError: the body cannot be sent as JSON.
            UnreachableError: it was surely not processed.
            AnswerLostError: it may have been processed.
            ApiError: the API returned or reported an error, or a body that is not JSON or cannot be parsed.

        """
        call = Call(operation, method, path, idempotent, query, body)
        response = self._success(call)
        try:
            empty = no_content is not None and response.status == _NO_CONTENT
            answer = no_content if empty else response.json()
            if reports_failure(answer):
                raise self._failures.reported(call, response)
            return parse(answer)
        except ValueError as error:
            if isinstance(error, OtherIdError):
                self._session().close()
            raise self._failures.body(call, response, error) from None

    def _success(self, call: Call) -> Response:
        session = self._session()
        with running(Deadline(self._settings.timeout_seconds, self._now)) as deadline:
            outcome = self._send(session, call, deadline)
            if outcome is None:
                raise self._failures.rate_limited(call)
            if isinstance(outcome, HTTPError):
                raise self._failures.transport(call, outcome, deadline) from outcome
            if not outcome.succeeded:
                raise self._failures.status(call, outcome, deadline)
        return outcome

    def _session(self) -> HttpSession:
        session: HttpSession | None = getattr(self._local, "session", None)
        if session is None:
            # Plain http is for loopback only: a proxy of the environment would see the token.
            secure = self._settings.base_url.lower().startswith("https:")
            session = self._local.session = HttpSession(self._settings.require_bearer(), trust_env=secure)
        return session

    def _send(self, session: HttpSession, call: Call, deadline: Deadline) -> Response | HTTPError | None:
        """Send until an outcome is final or the deadline is near; return None if rate limited from the start."""
        policy = retries(self._settings, idempotent=call.idempotent)
        outcome: Response | HTTPError | None = None
        while self._rate_limiter.acquire(deadline):
            latest = self._attempt(session, call)
            if _went_silent(latest) and self._rate_limiter.acquire(deadline):
                _log.info("%s %s: its connection is silent; sent on a new one", call.method, call.path)
                latest = self._attempt(session, call)
            outcome = latest if outcome is None or not _is_connect_timeout(latest) else outcome
            retry = _next(policy, call, latest)
            if retry is None or retry[1] >= deadline.left():
                break
            policy, pause = retry
            _log.info("%s %s: %s; retry in %.3g s", call.method, call.path, failures.describe(latest), pause)
            self._sleep(pause)
        return outcome

    def _attempt(self, session: HttpSession, call: Call) -> Response | HTTPError:
        start = self._now()
        outcome = self._outcome(session, call)
        milliseconds = (self._now() - start) * 1000
        # Neither query nor body: they hold what people declare.
        _log.debug("%s %s: %s, %.0f ms", call.method, call.path, failures.describe(outcome), milliseconds)
        return outcome

    def _outcome(self, session: HttpSession, call: Call) -> Response | HTTPError:
        try:
            with session.request(
                call.method,
                self._settings.base_url + call.path,
                params=call.query,
                json=call.body,
                timeout=self._settings.timeout_seconds,  # for SOCKS, whose connections know no deadline
                allow_redirects=False,
                stream=True,
                verify=True,
            ) as response:
                return read(response.raw)
        except requests.exceptions.InvalidJSONError:
            raise failures.invalid_json(call) from None
        except (requests.RequestException, HTTPError) as error:
            # A ValueError comes before anything is sent; problems of a response are none.
            if isinstance(error, ValueError):
                raise failures.invalid_url(call, error) from None
            return cause_of(error)
        except OSError:  # requests checks the file before anything else
            raise failures.unreadable_ca_bundle(call) from None


def _went_silent(outcome: Response | HTTPError) -> bool:
    """Return whether a kept connection was silent: its first attempt on a new one is no retry."""
    return isinstance(outcome, ProtocolError) and isinstance(outcome.args[-1], SilentConnectionError)


def _is_connect_timeout(outcome: Response | HTTPError) -> bool:
    """Return whether an attempt ran out of time before it was sent: an earlier outcome then says more."""
    return isinstance(outcome, ConnectTimeoutError) and not isinstance(outcome, NewConnectionError)


def _next(policy: Retries, call: Call, outcome: Response | HTTPError) -> tuple[Retries, float] | None:
    """Return the policy of the attempts that follow and the seconds until the first; None for no retry."""
    raw, error = (None, outcome) if isinstance(outcome, HTTPError) else (outcome.raw, None)
    if raw is not None and not policy.is_retry(call.method, raw.status):
        return None
    try:
        policy = policy.increment(call.method, call.path, response=raw, error=error)
    except HTTPError:
        return None
    return policy, policy.pause(raw)
