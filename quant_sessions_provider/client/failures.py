"""Translates error responses and the exceptions of HTTP libraries into the errors of this package."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import HTTPError, ReadTimeoutError

from quant_sessions_provider.client import obstacles
from quant_sessions_provider.client.answers import OtherIdError
from quant_sessions_provider.client.error_message import api_words, is_page
from quant_sessions_provider.client.obstacles import ca_bundle, explain, is_unsent, obstacle, symptom
from quant_sessions_provider.client.response import InvalidBodyError
from quant_sessions_provider.client.retries import Retries
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ClientError,
    ConfigurationError,
    ForbiddenError,
    GatewayNotFoundError,
    InvalidRequestError,
    NotFoundError,
    OtherSessionError,
    RefusedError,
    UnreachableError,
)
from quant_sessions_provider.core.redaction import declared_texts, has_encrypted_texts, sensitive_texts

if TYPE_CHECKING:
    from quant_sessions_provider.client.call import Call
    from quant_sessions_provider.client.deadline import Deadline
    from quant_sessions_provider.client.response import Response
    from quant_sessions_provider.core.settings import Settings

_GONE: Final = (404, 410)
_ERRORS: Final[dict[int, type[ApiError]]] = {
    **dict.fromkeys((401, 403), ForbiddenError),
    **dict.fromkeys((400, 409, 422), InvalidRequestError),
    **dict.fromkeys(_GONE, NotFoundError),
    408: ApiError,
}
_CLIENT_ERROR: Final = 4
"""First digit of the statuses that refuse a request."""
_TOKEN_PROBLEMS: Final = {401: "was not accepted", 403: "is not allowed to do this"}
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_PAGE_ADVICE: Final = ": check baseUrl, and whether a proxy or a login page is in front of it"
_NOT_FOUND: Final = 404
_API_PATH: Final = "/api/v3"
_PASSING: Final = (408, 429)
_SERVER_ERROR: Final = 5


class Failures:
    """The errors of requests sent under the given settings; every text is one line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def rate_limited(self, call: Call) -> UnreachableError:
        """Return the error for a request that got no slot before its deadline."""
        return UnreachableError(
            f"{call.operation}: not sent: rate limited (requestsPerSecond) for longer than {self._timeout()}"
        )

    def transport(self, call: Call, error: HTTPError, deadline: Deadline) -> UnreachableError | AnswerLostError:
        """Return the error for a request without a response; its class says whether it may have been processed."""
        what = f"{call.operation}: {self._settings.base_url}"
        if not is_unsent(error):
            timed_out = isinstance(error, ReadTimeoutError) or not deadline.left()
            happened = f"did not respond within {self._timeout()}" if timed_out else symptom(error)
            return AnswerLostError(f"{what} {happened}{_maybe_applied(call)}")
        # An idempotent request may have been sent by an earlier attempt.
        sent = "" if call.idempotent else "; nothing was sent"
        return UnreachableError(f"{what} cannot be reached ({obstacle(error)}){sent}")

    def status(self, call: Call, response: Response, deadline: Deadline) -> ApiError:
        """Return the error for a status that is not 2xx."""
        status = response.status
        kind = _ERRORS.get(status, ClientError if status // 100 == _CLIENT_ERROR else ApiError)
        if kind is NotFoundError and not response.is_json:
            kind = GatewayNotFoundError
        text = f"{call.operation}: {self._status(call, response)}{_retry_after(response, deadline)}"
        return kind(text + self._advice(call, response), status=status)

    def reported(self, call: Call, response: Response) -> ApiError:
        """Return the error for a success whose body says that the request failed."""
        words = self._words(call, response)
        text = f"the API returned {response.status}, but reports a failure{f': {words}' if words else ''}"
        return ApiError(f"{call.operation}: {text}{_maybe_applied(call)}", status=response.status)

    def body(self, call: Call, response: Response, error: ValueError) -> ApiError:
        """Return the error for a success whose body is invalid."""
        named = isinstance(error, (InvalidBodyError, OtherIdError))
        text = f"the API returned {response.status} with {error if named else f'an unexpected body: {error}'}"
        if isinstance(error, InvalidBodyError) and is_page(response.text):
            text = self._page(response) + _PAGE_ADVICE
        kind = OtherSessionError if isinstance(error, OtherIdError) else ApiError
        return kind(f"{call.operation}: {text}{_maybe_applied(call)}", status=response.status)

    def _page(self, response: Response) -> str:
        return f"{self._settings.base_url} returned {response.status} with a web page, not an answer of the API"

    def _status(self, call: Call, response: Response) -> str:
        if is_page(response.text):
            return self._page(response)
        if response.status in _GONE and not response.is_json:
            return f"the API returned {response.status} with {response.content}"
        words = self._words(call, response)
        return f"the API returned {response.status}{f': {words}' if words else ''}"

    def _words(self, call: Call, response: Response) -> str:
        if has_encrypted_texts():
            return ""
        sensitive = [self._settings.require_bearer(), *call.filters(), *declared_texts(call.body or {})]
        return api_words(response.text, [*sensitive, *sensitive_texts()])

    def _advice(self, call: Call, response: Response) -> str:
        status = response.status
        if status in _REDIRECTS:
            return "; redirects are not followed, because the token is for one host: set baseUrl to the API's address"
        if status == _NOT_FOUND and self._settings.base_url.endswith(_API_PATH):
            return f"; baseUrl must not end in {_API_PATH}"
        if is_page(response.text):
            passing = status in _PASSING or status // 100 == _SERVER_ERROR
            return "" if passing else _PAGE_ADVICE
        if status == _NOT_FOUND and not call.names_session:
            return "; baseUrl or the organization is probably wrong"
        if status in _TOKEN_PROBLEMS:
            return (
                f"; the token from {self._settings.bearer_source} {_TOKEN_PROBLEMS[status]}."
                " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
            )
        return ""

    def _timeout(self) -> str:
        return f"timeoutSeconds ({self._settings.timeout_seconds:g} s)"


def invalid_json(call: Call) -> RefusedError:
    """Return the error for a request body with NaN or infinity."""
    return RefusedError(f"{call.operation}: not sent: it contains a number that JSON cannot represent")


def invalid_url(call: Call, error: ValueError) -> ConfigurationError:
    """Return the error for a base URL or a proxy that HTTP libraries refuse."""
    return ConfigurationError(f"{call.operation}: not sent: {obstacles.invalid_url(error)}")


def unreadable_ca_bundle(call: Call) -> ConfigurationError:
    """Return the error for a CA bundle that is not a file."""
    return ConfigurationError(f"{call.operation}: not sent: cannot read the CA bundle {ca_bundle() or 'of certifi'}")


def describe(outcome: Response | HTTPError) -> str:
    """Return what became of an attempt, for the log."""
    if not isinstance(outcome, HTTPError):
        return str(outcome.status)
    return explain(outcome)


def _retry_after(response: Response, deadline: Deadline) -> str:
    pause = Retries().get_retry_after(response.raw)
    if not pause:
        return ""
    too_long = ", longer than timeoutSeconds allows" if pause >= deadline.left() else ""
    return f"; retry after {math.ceil(pause)} s{too_long}"


def _maybe_applied(call: Call) -> str:
    return "" if call.reads else "; the request may have been applied"
