"""What keeps a request from being answered, in words that name the place to look at."""

from __future__ import annotations

import errno
import re
import ssl
from typing import Final

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from quant_sessions_provider.client.connection import HandshakeError

_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d+)")
"""How http.client begins, where a proxy answers CONNECT with an error."""
_ERRNOS: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable",
}


def obstacle(error: Exception) -> str:
    """Return what stopped a request, by an error of requests or urllib3 that came instead of a response."""
    cause = error.args[0] if isinstance(error, requests.RequestException) and error.args else error
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    refused = _TUNNEL.search(str(reason))
    if refused:
        return f"the proxy refused the connection with {refused[1]}"
    if isinstance(reason, ProxyError):
        return f"the proxy: {_words(reason.original_error)}"
    if isinstance(error, ValueError):
        socks = "SOCKS" in str(error)
        return "a SOCKS proxy needs the package PySocks" if socks else "the URL, or the proxy's, is not valid"
    return _words(reason)


def _words(reason: object) -> str:
    if isinstance(reason, NameResolutionError):
        return "the host name does not resolve"
    if isinstance(reason, NewConnectionError):
        cause = reason.__cause__
        return _ERRNOS.get(cause.errno or 0, "no connection") if isinstance(cause, OSError) else "no connection"
    if isinstance(reason, ConnectTimeoutError):
        return "no connection in time"
    if isinstance(reason, HandshakeError):
        untrusted = isinstance(reason.args[0], ssl.SSLCertVerificationError)
        return "certificate verification failed" if untrusted else "TLS handshake failed"
    return "no response in time" if isinstance(reason, ReadTimeoutError) else "connection closed without a response"
