"""HTTP: one connection a thread, the token only where it belongs, foreign exceptions translated."""

from __future__ import annotations

import random
import ssl
import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.auth import AuthBase
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.util import Retry

from quant_sessions_provider.errors import AnswerLostError, ApiError, NotFoundError, RefusedError, UnreachableError
from quant_sessions_provider.words import api_words, declared_texts, masked

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from quant_sessions_provider.config import Settings

_PASSING: Final = (408, 429, 500, 502, 503, 504)
_TOO_MANY: Final = 429
_NOT_FOUND: Final = (404, 410)
_SUCCESS: Final = 2


class Repeat(Enum):
    """When a request may be sent again."""

    IF_NOT_PROCESSED = "only when it surely was not processed: no connection, or 429"
    ALWAYS = "also after a lost answer and errors that pass: sending it twice changes nothing"


class _Bearer(AuthBase):
    """The token as requests' own kind of credential: a `.netrc` would overwrite a plain header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Retry(Retry):
    # urllib3 would also repeat any method after a 413 or 503 that has a Retry-After.
    RETRY_AFTER_STATUS_CODES = frozenset({_TOO_MANY})

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Take a Retry-After that makes no sense for none."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None

    def get_backoff_time(self) -> float:
        """Pause before the first repetition too; urllib3 makes none."""
        jitter = random.random() * self.backoff_jitter  # noqa: S311 - spreads load, guards nothing
        pause = self.backoff_factor * 2.0 ** (len(self.history) - 1) + jitter
        return max(0.0, min(self.backoff_max, pause))


@dataclass(frozen=True)
class _Call:
    operation: str
    method: str
    url: str
    query: dict[str, str] | None
    body: dict[str, Any] | None


class Transport:
    """Sends requests to the configured host and no other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local = threading.local()

    def request(  # noqa: PLR0913 - a request has that many parts
        self,
        operation: str,
        method: str,
        path: str,
        *,
        repeat: Repeat,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> object:
        """Send a request and give its answer, parsed as JSON.

        Args:
            operation: what is attempted, for errors: "creating the session".
            method: the HTTP method.
            path: below the base URL, escaped.
            repeat: when it may be sent again.
            query: parameters of the URL.
            body: sent as JSON.

        Raises:
            ConfigurationError: no token is configured.
            UnreachableError: it surely was not processed.
            AnswerLostError: it may have been processed.
            ApiError: the API answered with an error, or not with JSON.

        """
        call = _Call(operation, method, self._settings.base_url + path, query, body)
        try:
            response = self._repeated(call, repeat)
        except requests.exceptions.InvalidJSONError:
            raise RefusedError(f"{operation}: not sent, since it holds a number that JSON cannot carry") from None
        except requests.RequestException as error:
            raise _translated(f"{operation}: {self._settings.base_url}", repeat, error) from error
        return self._answer(call, response)

    def _repeated(self, call: _Call, repeat: Repeat) -> requests.Response:
        """Send; urllib3 repeats by the policy, but sees no answer that ends in its middle: that is done here."""
        policy = self._retry(repeat)
        while True:
            try:
                return self._session(policy).request(
                    call.method,
                    call.url,
                    params=call.query,
                    json=call.body,
                    timeout=self._settings.timeout_seconds,
                    allow_redirects=False,
                )
            except requests.exceptions.ChunkedEncodingError as error:  # noqa: PERF203 - the loop is what repeats
                policy = _after(policy, call, error)
                policy.sleep()

    def _session(self, policy: Retry) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.auth = _Bearer(self._settings.require_bearer())
            # Plain http is for loopback only: a proxy of the environment would see the token.
            session.trust_env = self._settings.base_url.startswith("https:")
        # The session is this thread's alone, so its adapter can take up each request's policy.
        for adapter in session.adapters.values():
            adapter.max_retries = policy  # type: ignore[attr-defined] # BaseAdapter lacks it
        return session

    def _retry(self, repeat: Repeat) -> Retry:
        total, always = self._settings.max_retries, repeat is Repeat.ALWAYS
        base = self._settings.base_delay_ms / 1000
        return _Retry(
            total=total,
            read=total if always else 0,
            other=0,
            allowed_methods=None,
            status_forcelist=_PASSING if always else (_TOO_MANY,),
            backoff_factor=base,
            backoff_max=self._settings.max_delay_ms / 1000,
            backoff_jitter=base if self._settings.enable_jitter else 0.0,
            respect_retry_after_header=True,
            raise_on_status=False,
        )

    def _answer(self, call: _Call, response: requests.Response) -> object:
        status = response.status_code
        if status // 100 != _SUCCESS:
            raise self._refusal(call, response)
        try:
            return response.json()
        except ValueError:
            raise ApiError(f"{call.operation}: the API answered {status}, but not with JSON", status=status) from None

    def _refusal(self, call: _Call, response: requests.Response) -> ApiError:
        status = response.status_code
        kind = NotFoundError if status in _NOT_FOUND else ApiError
        words = masked(api_words(response.text), [self._settings.require_bearer(), *declared_texts(call.body or {})])
        text = f"{call.operation}: the API answered {status}{f': {words}' if words else ''}"
        return kind(text + self._advice(status), status=status)

    def _advice(self, status: int) -> str:
        source = self._settings.bearer_source
        if status == requests.codes.unauthorized:
            return (
                f"; it does not accept the token from {source}."
                " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
            )
        return f"; the token came from {source}" if status == requests.codes.forbidden else ""


def _after(policy: Retry, call: _Call, error: requests.RequestException) -> Retry:
    """Count an answer that ended in its middle; raises it again when there is nothing left to try."""
    cause = error.args[0] if error.args else None
    lost = cause if isinstance(cause, (ReadTimeoutError, ProtocolError)) else ProtocolError("cut short")
    try:
        return policy.increment(call.method, call.url, error=lost)
    except HTTPError:
        raise error from None


def _translated(what: str, repeat: Repeat, error: requests.RequestException) -> UnreachableError | AnswerLostError:
    """Tell a request that never left from one that may have been processed."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    # Any other TLS error may come after the request was sent.
    untrusted = isinstance(getattr(cause, "args", (None,))[0], ssl.SSLCertVerificationError)
    if not untrusted and not isinstance(cause, (NewConnectionError, ConnectTimeoutError)):
        return AnswerLostError(f"{what} did not answer; the request may have taken effect")
    why = "its certificate is not accepted" if untrusted else "no connection"
    # One that may be repeated may have gone out before this attempt.
    sent = "; nothing was sent" if repeat is Repeat.IF_NOT_PROCESSED else ""
    return UnreachableError(f"{what} cannot be reached ({why}){sent}")
