"""Connections that obey the running deadline, and the HTTP session that sends the token to one host only.

urllib3's timeouts bound each single wait. So a host with several addresses, or one that sends a byte now and then,
could block an operation for ever; here the timeout of each wait is the time left until the deadline.
"""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError
from urllib3.util.connection import allowed_gai_family, create_connection
from urllib3.util.ssl_ import create_urllib3_context, resolve_cert_reqs

import quant_sessions_provider
from quant_sessions_provider.client.deadline import half_of_the_time, seconds_left
from quant_sessions_provider.client.framing import FramedResponse

if TYPE_CHECKING:
    from urllib3 import HTTPResponse, PoolManager

_CHUNK: Final = 16_384
_TUNNEL_STATUS: Final = re.compile("Tunnel connection failed: ([0-9]{3}) ")
"""How http.client begins its error for a proxy that refuses."""


class HandshakeError(SSLError):
    """The TLS handshake failed, so nothing was sent; any other TLS error may come later."""

    @property
    def untrusted(self) -> bool:
        """Whether the certificate was the reason."""
        return isinstance(self.args[0], ssl.SSLCertVerificationError)


class TunnelError(NewConnectionError):
    """The proxy did not connect to the host; ``status`` is that of its response to CONNECT, if it was one."""

    def __init__(self, connection: HTTPConnection, status: int | None) -> None:
        super().__init__(connection, f"CONNECT: {status}")
        self.status = status


class SilentConnectionError(HTTPException):
    """A kept connection on which nothing came back: something on the way may have dropped it without a word."""


class _DeadlineConnection(HTTPConnection):
    _unusable = _kept = _reads = False

    def response_class(self, sock: socket.socket, *_debug: int, **named: Any) -> FramedResponse:  # type: ignore[override] # noqa: ANN401 - http.client's own
        """Return the response to the request that was sent last."""
        return FramedResponse(sock, self._retire, **named)

    def _retire(self) -> None:
        self._unusable = True

    @property
    def is_connected(self) -> bool:
        """Whether the connection may be used again."""
        return not self._unusable and super().is_connected

    def _new_conn(self) -> socket.socket:
        try:
            sock = self._first_reachable()
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting timed out") from error
        except (OSError, UnicodeError) as error:  # the latter for an invalid host name
            raise NewConnectionError(self, str(error)) from error
        sock.settimeout(seconds_left())
        return sock

    def _first_reachable(self) -> socket.socket:
        """Try each address of the host; one that drops packets must leave time for the others."""
        addresses = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM)
        failure = OSError("the name has no address")
        for tried, (*_, address) in enumerate(addresses):
            try:
                share = seconds_left() / (len(addresses) - tried)
                return create_connection(
                    (str(address[0]), self.port), share, self.source_address, socket_options=self.socket_options
                )
            except OSError as error:  # noqa: PERF203 - the loop is what tries
                failure = error
        raise failure

    def connect(self) -> None:
        """Connect; an error raised here says that nothing was sent."""
        self._unusable = self._kept = False
        try:
            super().connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "the TLS handshake timed out") from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise NewConnectionError(self, str(error)) from error
        except (ssl.SSLError, SSLError) as error:
            raise HandshakeError(error) from error
        except HTTPException as error:  # while connecting, only a proxy is spoken HTTP to
            raise TunnelError(self, None) from error
        except OSError as error:
            refused = _TUNNEL_STATUS.match(str(error))
            if refused:
                raise TunnelError(self, int(refused[1])) from error
            raise NewConnectionError(self, str(error)) from error

    def request(self, method: str, url: str, *args: Any, **named: Any) -> None:  # noqa: ANN401 - urllib3's own
        """Send a request."""
        self._reads = method == "GET"
        super().request(method, url, *args, **named)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3
        """Return the response; where a kept connection is silent, leave half of the time for a new one."""
        if not (self._kept and self._reads):
            return self._response()
        try:
            with half_of_the_time():
                return self._response()
        except TimeoutError as error:
            raise SilentConnectionError from error

    def _response(self) -> HTTPResponse:
        response = super().getresponse()
        self._kept = True
        return response

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's own
        """Send in chunks: TLS applies the timeout to each record. A kept connection still has its last operation's."""
        for start in range(0, len(data), _CHUNK):
            if self.sock is not None:
                self.sock.settimeout(seconds_left())
            super().send(data[start : start + _CHUNK])


class _DeadlineHTTPSConnection(_DeadlineConnection, HTTPSConnection):
    def connect(self) -> None:
        """Connect with a context that all connections share: reading the CA bundle costs more than a handshake."""
        # A proxy that speaks TLS itself is checked against the bundle of this connection.
        if self.ssl_context is None and self._tunnel_scheme != "https":
            # What is wrong with a bundle is said by urllib3, which then reads it too.
            with suppress(OSError):
                self.ssl_context = _context_for(self.cert_reqs, self.ca_certs, self.ca_cert_dir)
                self.ca_certs = self.ca_cert_dir = None
        super().connect()


_READING: Final = Lock()
"""Without it all threads that begin at the same time would read the bundle."""


def _context_for(*source: Any) -> ssl.SSLContext:  # noqa: ANN401 - urllib3's own
    with _READING:
        return _read_context(*source)


@lru_cache(maxsize=8)
def _read_context(cert_reqs: int | str | None, file: str | None, folder: str | None) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=resolve_cert_reqs(cert_reqs))
    context.load_verify_locations(file, folder)
    return context


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineHTTPSConnection


def _use_our_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*args, **named)
        _use_our_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **named: Any) -> PoolManager:  # noqa: ANN401 - requests' own
        manager: PoolManager = super().proxy_manager_for(*args, **named)
        # A SOCKS proxy needs its own kind of connection.
        if type(manager) is ProxyManager:
            _use_our_pools(manager)
        return manager


class _Bearer(AuthBase):
    """Adds the token, if there is one. A plain header would be overwritten by a `.netrc`."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _user_agent() -> str:
    try:
        return f"quant-sessions-provider/{quant_sessions_provider.__version__}"
    except PackageNotFoundError:  # the source without its installation
        return "quant-sessions-provider"


class HttpSession(requests.Session):
    """Sends each request once, follows no redirect and keeps no cookie; for one thread."""

    def __init__(self, token: str | None, *, trust_env: bool) -> None:
        super().__init__()
        self.auth, self.trust_env = _Bearer(token), trust_env
        self.headers.update({"Accept": "application/json", "User-Agent": _user_agent()})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _Adapter())
        self.mount("http://", _Adapter())

    def get_redirect_target(self, _response: requests.Response) -> None:
        """Find no redirect: requests parses even those that it does not follow, and fails on malformed ones."""
