"""Connections that keep to the running deadline, and a session that sends the token to one host and no further.

urllib3's timeouts bound each single wait. So a host with several addresses, or one that sends a byte now and then,
could hold an operation for ever; here each wait gets what the operation has left.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final, cast

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError
from urllib3.util.connection import allowed_gai_family, create_connection

from quant_sessions_provider.client.deadline import seconds_left

if TYPE_CHECKING:
    from urllib3 import PoolManager

_PIECE: Final = 16_384


class HandshakeError(SSLError):
    """TLS failed before anything could be sent; any other TLS error may come later."""


class _Reads(io.RawIOBase):
    """The bytes of an answer; also for its head, in which a host can dawdle as well."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        self._sock.settimeout(seconds_left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """Stands in for the socket where http.client only wants a file to read from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reads(self._sock))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:  # noqa: ANN401 - http.client's own
        super().__init__(cast("socket.socket", _Source(sock)), *args, **named)

    def begin(self) -> None:
        """Read the head; one with two lengths is none. urllib3 says so too late to close what it has opened."""
        super().begin()
        told = self.headers.get("Content-Length", "")
        if len({length.strip() for length in told.split(",")}) > 1:
            raise http.client.HTTPException("two lengths")


class _Timed(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        try:
            sock = self._first_to_answer()
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except (OSError, UnicodeError) as error:  # the latter for a name that cannot be one
            raise NewConnectionError(self, str(error)) from error
        sock.settimeout(seconds_left())
        return sock

    def _first_to_answer(self) -> socket.socket:
        """Try each address of the host; one that swallows packets must leave time for the others."""
        found = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM)
        failure = OSError("no address")
        for tried, (*_, address) in enumerate(found):
            try:
                share = seconds_left() / (len(found) - tried)
                return create_connection(
                    (str(address[0]), self.port), share, self.source_address, socket_options=self.socket_options
                )
            except OSError as error:  # noqa: PERF203 - the loop is what tries
                failure = error
        raise failure

    def connect(self) -> None:
        """Connect; a failure here is known to come before anything was sent."""
        try:
            super().connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no secure connection in time") from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise NewConnectionError(self, str(error)) from error
        except (ssl.SSLError, SSLError) as error:
            raise HandshakeError(error) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's own
        """Send in pieces: TLS gives each record the whole timeout. On a kept connection it is the last operation's."""
        for start in range(0, len(data), _PIECE):
            if self.sock is not None:
                self.sock.settimeout(seconds_left())
            super().send(data[start : start + _PIECE])


class _TimedTLS(_Timed, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Timed


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _TimedTLS


def _timed(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*args, **named)
        _timed(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **named: Any) -> PoolManager:  # noqa: ANN401 - requests' own
        manager: PoolManager = super().proxy_manager_for(*args, **named)
        # One for SOCKS has connections of its own kind.
        if type(manager) is ProxyManager:
            _timed(manager)
        return manager


class _Bearer(AuthBase):
    """The token, if there is one, as requests' own kind of credential: a `.netrc` would overwrite a plain header."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Session(requests.Session):
    """Sends each request once, to where it is told and no further; for one thread."""

    def __init__(self, token: str | None, *, trust_env: bool) -> None:
        super().__init__()
        self.auth, self.trust_env = _Bearer(token), trust_env
        self.mount("https://", _Adapter())
        self.mount("http://", _Adapter())

    def get_redirect_target(self, _response: requests.Response) -> None:
        """Know of no redirect: requests parses even those it does not follow, and fails on odd ones."""
