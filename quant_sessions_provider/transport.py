"""HTTP: one connection a thread, the token only where it belongs, foreign exceptions translated."""

from __future__ import annotations

import threading
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError
from urllib3.util import Retry

from quant_sessions_provider.errors import AnswerLostError, ApiError, NotFoundError, NotSentError
from quant_sessions_provider.words import api_words

if TYPE_CHECKING:
    from quant_sessions_provider.config import Settings

_PASSING: Final = (408, 429, 500, 502, 503, 504)
_TOO_MANY: Final = 429
_NOT_FOUND: Final = 404


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
            NotSentError: it surely was not processed.
            AnswerLostError: it may have been processed.
            ApiError: the API answered with an error, or not with JSON.

        """
        url = self._settings.base_url + path
        session = self._session(repeat)
        try:
            response = session.request(
                method,
                url,
                params=query,
                json=body,
                timeout=self._settings.timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _translated(operation, self._settings.base_url, error) from error
        return self._answer(operation, response)

    def _session(self, repeat: Repeat) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.auth = _Bearer(self._settings.require_bearer())
        # The session is this thread's alone, so its adapter can take up each request's policy.
        for adapter in session.adapters.values():
            adapter.max_retries = self._retry(repeat)  # type: ignore[attr-defined] # BaseAdapter lacks it
        return session

    def _retry(self, repeat: Repeat) -> Retry:
        total, always = self._settings.max_retries, repeat is Repeat.ALWAYS
        base = self._settings.base_delay_ms / 1000
        return Retry(
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

    def _answer(self, operation: str, response: requests.Response) -> object:
        status = response.status_code
        if not response.ok or response.is_redirect:
            raise self._refusal(operation, response)
        try:
            return response.json()
        except ValueError:
            raise ApiError(f"{operation}: the API answered {status}, but not with JSON", status=status) from None

    def _refusal(self, operation: str, response: requests.Response) -> ApiError:
        status = response.status_code
        kind = NotFoundError if status == _NOT_FOUND else ApiError
        words = api_words(response.text)
        text = f"{operation}: the API answered {status}{f': {words}' if words else ''}"
        return kind(text + self._advice(status), status=status)

    def _advice(self, status: int) -> str:
        source = self._settings.bearer_source
        if status == requests.codes.unauthorized:
            return (
                f"; it does not accept the token from {source}."
                " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
            )
        return f"; the token came from {source}" if status == requests.codes.forbidden else ""


def _translated(operation: str, base_url: str, error: requests.RequestException) -> NotSentError | AnswerLostError:
    """Tell a request that surely was not processed from one that may have been."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    if isinstance(cause, (NewConnectionError, ConnectTimeoutError)) or isinstance(error, requests.exceptions.SSLError):
        why = "its certificate is not accepted" if isinstance(error, requests.exceptions.SSLError) else "no connection"
        return NotSentError(f"{operation}: cannot reach {base_url} ({why}); nothing was sent")
    return AnswerLostError(f"{operation}: the answer of {base_url} was lost; it may have taken effect")
