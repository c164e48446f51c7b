"""Why a host could not be reached, or did not respond, in a few words."""

from __future__ import annotations

import errno
import os
import ssl
from http.client import HTTPException, IncompleteRead
from typing import Final

from requests.exceptions import InvalidSchema
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidChunkLength,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)

from quant_sessions_provider.client.connection import HandshakeError, TunnelError

PROXY: Final = "the proxy in HTTPS_PROXY/ALL_PROXY"
_CA_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_TUNNEL: Final = {403: ": it does not allow this host", 407: ": it requires a user name and a password"}
_ERRNO: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
}


def cause_of(error: Exception) -> HTTPError:
    """Return urllib3's own error, by what requests or urllib3 raised."""
    cause = error if isinstance(error, HTTPError) else error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    late = isinstance(reason, SSLError) and not isinstance(reason, HandshakeError)
    if isinstance(reason, HTTPError) and not late:
        return reason
    return ProtocolError("connection closed mid-response", reason)


def explain(error: Exception) -> str:
    """Return what stopped a request, by what requests or urllib3 raised."""
    if isinstance(error, ValueError):
        return invalid_url(error)
    cause = cause_of(error)
    return obstacle(cause) if is_unsent(cause) else symptom(cause)


def invalid_url(error: ValueError) -> str:
    """Return which URL HTTP libraries refuse, before anything is sent."""
    if isinstance(error, InvalidSchema) and "SOCKS" in str(error):
        return f"{PROXY} is a SOCKS proxy, which needs the package PySocks"
    return f"baseUrl, or {PROXY}, is not a valid URL"


def is_unsent(error: HTTPError) -> bool:
    """Return whether an attempt failed before anything was sent to the API."""
    return isinstance(error, (ConnectTimeoutError, HandshakeError, ProxyError))


def obstacle(error: HTTPError) -> str:
    """Return why nothing could be sent: the host's or the proxy's fault."""
    cause = error.original_error if isinstance(error, ProxyError) else error
    if isinstance(cause, TunnelError):
        return f"{PROXY} {_answer_to_connect(cause.status)}"
    if cause is error:
        return _reason(error)
    if isinstance(cause, HandshakeError) and not cause.untrusted:
        return f"{PROXY}: TLS handshake failed: if it speaks plain HTTP, write its URL with http://"
    return f"{PROXY}: {_reason(cause)}"


def symptom(error: HTTPError) -> str:
    """Return what came instead of a complete response: nothing, a part of one, or something else."""
    cause = error.args[1] if isinstance(error, ProtocolError) and len(error.args) > 1 else None
    if isinstance(cause, IncompleteRead) and not isinstance(cause, InvalidChunkLength):
        return "closed the connection mid-response"
    invalid = isinstance(cause, HTTPException) and not isinstance(cause, ConnectionError)
    return "sent an invalid HTTP response" if invalid else "did not respond"


def ca_bundle() -> str | None:
    """Return the variable that replaces the certificate authorities that requests trusts."""
    return next((name for name in _CA_BUNDLES if os.environ.get(name)), None)


def _answer_to_connect(status: int | None) -> str:
    return "sent no valid response to CONNECT" if status is None else f"returned {status}{_TUNNEL.get(status, '')}"


def _reason(error: Exception) -> str:
    if isinstance(error, HandshakeError):
        bundle = f" (CA bundle: {ca_bundle()})" if ca_bundle() else ""
        return f"certificate verification failed{bundle}" if error.untrusted else f"TLS handshake failed{bundle}"
    if isinstance(error, NameResolutionError):
        return "the host name does not resolve"
    if not isinstance(error, NewConnectionError):
        return "connecting timed out"
    cause = error.__cause__
    if isinstance(cause, UnicodeError):
        return "the host name is not valid"
    closed = isinstance(cause, (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError))
    return _ERRNO.get(getattr(cause, "errno", 0), "connection closed" if closed else "no connection")
