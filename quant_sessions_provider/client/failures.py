"""Translates error responses and the exceptions of HTTP libraries into the errors of this package."""

from __future__ import annotations

import math
import os
import ssl
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import ConnectTimeoutError, HTTPError, ProxyError, ReadTimeoutError

from quant_sessions_provider.client.answers import OtherSessionError
from quant_sessions_provider.client.connection import HandshakeError
from quant_sessions_provider.client.error_message import api_words
from quant_sessions_provider.client.response import InvalidBodyError
from quant_sessions_provider.client.retries import Retries
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
    from quant_sessions_provider.client.call import Call
    from quant_sessions_provider.client.deadline import Deadline
    from quant_sessions_provider.client.response import Response
    from quant_sessions_provider.core.settings import Settings

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
        if not isinstance(error, (ConnectTimeoutError, HandshakeError, ProxyError)):
            timed_out = isinstance(error, ReadTimeoutError) or not deadline.left()
            within = f" within {self._timeout()}" if timed_out else ""
            return AnswerLostError(f"{what} did not respond{within}{_maybe_applied(call)}")
        # An idempotent request may have been sent by an earlier attempt.
        sent = "" if call.idempotent else "; nothing was sent"
        return UnreachableError(f"{what} cannot be reached ({_obstacle(error)}){sent}")

    def status(self, call: Call, response: Response, deadline: Deadline) -> ApiError:
        """Return the error for a status that is not 2xx."""
        status = response.status
        kind = _ERRORS.get(status, ClientError if status // 100 == _CLIENT_ERROR else ApiError)
        if kind is NotFoundError and not response.is_json:
            # A gateway returns 404 too, and the API's own one is JSON.
            return ClientError(f"{call.operation}: the API returned {status} with {response.content}", status=status)
        words = self._words(call, response)
        text = f"{call.operation}: the API returned {status}{f': {words}' if words else ''}"
        return kind(text + _retry_after(response, deadline) + self._advice(status), status=status)

    def _words(self, call: Call, response: Response) -> str:
        sensitive = [self._settings.require_bearer(), *call.filters(), *declared_texts(call.body or {})]
        return api_words(response.text, [*sensitive, *sensitive_texts()])

    def _advice(self, status: int) -> str:
        if status in _REDIRECTS:
            return "; redirects are not followed, because the token is for one host: set baseUrl to the API's address"
        if status not in _TOKEN_PROBLEMS:
            return ""
        return (
            f"; the token from {self._settings.bearer_source} {_TOKEN_PROBLEMS[status]}."
            " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
        )

    def _timeout(self) -> str:
        return f"timeoutSeconds ({self._settings.timeout_seconds:g} s)"


def invalid_body(call: Call, response: Response, error: ValueError) -> ApiError:
    """Return the error for a success whose body is invalid."""
    named = isinstance(error, (InvalidBodyError, OtherSessionError))
    problem = error if named else f"an unexpected body: {error}"
    text = f"{call.operation}: the API returned {response.status} with {problem}{_maybe_applied(call)}"
    return ApiError(text, status=response.status)


def invalid_json(call: Call) -> RefusedError:
    """Return the error for a request body with NaN or infinity."""
    return RefusedError(f"{call.operation}: not sent: it contains a number that JSON cannot represent")


def invalid_url(call: Call) -> ConfigurationError:
    """Return the error for a base URL or a proxy that HTTP libraries refuse."""
    return ConfigurationError(
        f"{call.operation}: not sent: baseUrl, or the proxy in HTTPS_PROXY/ALL_PROXY, is not a valid URL"
    )


def unreadable_ca_bundle(call: Call) -> ConfigurationError:
    """Return the error for a CA bundle that is not a file."""
    return ConfigurationError(f"{call.operation}: not sent: cannot read the CA bundle {_ca_bundle() or 'of certifi'}")


def describe(outcome: Response | HTTPError) -> str:
    """Return what became of an attempt, for the log."""
    if not isinstance(outcome, HTTPError):
        return str(outcome.status)
    if isinstance(outcome, (ConnectTimeoutError, HandshakeError, ProxyError)):
        return _obstacle(outcome)
    return "no response"


def _retry_after(response: Response, deadline: Deadline) -> str:
    pause = Retries().get_retry_after(response.raw)
    if not pause:
        return ""
    too_long = ", longer than timeoutSeconds allows" if pause >= deadline.left() else ""
    return f"; retry after {math.ceil(pause)} s{too_long}"


def _maybe_applied(call: Call) -> str:
    return "" if call.reads else "; the request may have been applied"


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
