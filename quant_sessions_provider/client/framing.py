"""Where a response begins and ends on its connection.

A connection on which anything else was received is never used again: its next response would be somebody else's.
"""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING, Any, Final, cast

from urllib3.exceptions import HeaderParsingError
from urllib3.util.response import assert_header_parsing

from quant_sessions_provider.client.deadline import seconds_left

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_INTERIM: Final = 1
_SWITCHING_PROTOCOLS: Final = 101


class _DeadlineReader(io.RawIOBase):
    """The bytes of a response, headers included: a host can be slow there too."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._finished = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        if self._finished:
            return 0
        self._sock.settimeout(seconds_left())
        return self._raw.readinto(buffer)

    def finish(self) -> int:
        """Read nothing more; return the number of bytes that TLS has decrypted and nobody has read."""
        self._finished = True
        pending: Callable[[], int] = getattr(self._sock, "pending", int)
        return pending()

    def close(self) -> None:
        self._raw.close()
        super().close()


class _ResponseFile(io.BufferedReader):
    """What http.client reads a response from; it closes it at the end of the body."""

    def __init__(self, sock: socket.socket, on_leftover: Callable[[], None]) -> None:
        self._reader, self._on_leftover = _DeadlineReader(sock), on_leftover
        super().__init__(self._reader)

    def close(self) -> None:
        """Close the file, and report bytes after the body."""
        if not self.closed and (self._reader.finish() or self.peek(1)):
            self._on_leftover()
        super().close()


class _Readable:
    """Replaces the socket where http.client only needs a file to read from."""

    def __init__(self, sock: socket.socket, on_leftover: Callable[[], None]) -> None:
        self._sock, self._on_leftover = sock, on_leftover

    def makefile(self, _mode: str) -> io.BufferedReader:
        return _ResponseFile(self._sock, self._on_leftover)


class FramedResponse(http.client.HTTPResponse):
    """A final response; ``on_leftover`` is called if its connection holds more than that."""

    def __init__(self, sock: socket.socket, on_leftover: Callable[[], None], **named: Any) -> None:  # noqa: ANN401 - http.client's own
        super().__init__(cast("socket.socket", _Readable(sock, on_leftover)), **named)

    def begin(self) -> None:
        """Read the headers of the final response, past interim ones (RFC 9110, 15.2).

        Raises:
            http.client.HTTPException: 101, which nobody asked for, or headers that do not say where the body ends.

        """
        super().begin()
        while self.status // 100 == _INTERIM:
            if self.status == _SWITCHING_PROTOCOLS:
                raise http.client.HTTPException("101 Switching Protocols")
            self.headers = self.msg = None  # type: ignore[assignment] # http.client's own mark of "not begun"
            super().begin()
        self._require_framing()

    def _require_framing(self) -> None:
        try:
            assert_header_parsing(self.headers)
        except HeaderParsingError:
            raise http.client.HTTPException("malformed headers") from None
        lengths = {length.strip() for length in ",".join(self.headers.get_all("Content-Length", [])).split(",")}
        # urllib3 raises it too late to close its connection.
        if len(lengths) > 1:
            raise http.client.HTTPException("conflicting Content-Length")
        # Of two framings some proxies believe the one, some the other (RFC 9112, 6.1).
        if "Content-Length" in self.headers and "Transfer-Encoding" in self.headers:
            self.will_close = True
