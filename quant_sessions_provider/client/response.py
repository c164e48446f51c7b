"""A response as it came over the wire: how much of it is read, and whether its body is valid."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import DecodeError, HTTPError

from quant_sessions_provider.client.error_message import is_page

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_SUCCESS: Final = 2
_CHUNK: Final = 65_536
_MEGABYTE: Final = 1_000_000
MAX_BODY: Final = 64 * _MEGABYTE
"""Bytes of a decompressed body; a session of a thousand long messages has two million."""
MAX_ERROR_BODY: Final = 4 * _MEGABYTE


class InvalidBodyError(ValueError):
    """A body that cannot be parsed; the text names it: "an empty body", "a web page"."""


@dataclass(frozen=True)
class Response:
    """A response, read as far as needed. ``problem`` says why its body is invalid; empty if it is not."""

    status: int
    body: bytes
    problem: str
    raw: BaseHTTPResponse

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return self.status // 100 == _SUCCESS

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode(json.detect_encoding(self.body), "replace")

    def json(self) -> object:
        """Return the parsed body.

        Raises:
            InvalidBodyError: it is not JSON.

        """
        if self.problem:
            raise InvalidBodyError(self.problem)
        try:
            parsed: object = json.loads(self.body)
        except (ValueError, RecursionError):
            raise InvalidBodyError(self.content) from None
        return parsed

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        try:
            self.json()
        except InvalidBodyError:
            return False
        return True

    @property
    def content(self) -> str:
        """What a body is that is not JSON."""
        if not self.body.strip():
            return "an empty body"
        if is_page(self.text):
            return "a web page"
        return "a body that is not JSON"


def read(raw: BaseHTTPResponse) -> Response:
    """Read a response chunk by chunk, so that the deadline holds. A truncated error is still that error.

    Raises:
        urllib3.exceptions.HTTPError: a success was truncated.

    """
    body, problem = bytearray(), ""
    success = raw.status // 100 == _SUCCESS
    limit = MAX_BODY if success else MAX_ERROR_BODY
    try:
        while len(body) <= limit and (chunk := raw.read1(_CHUNK, decode_content=True)):
            body += chunk
    except DecodeError:
        problem = "a body that cannot be decompressed"
    except HTTPError:
        if success:
            raise
    if len(body) > limit:
        problem = f"a body of more than {limit // _MEGABYTE} MB"
    return Response(raw.status, bytes(body[:limit]), problem, raw)
