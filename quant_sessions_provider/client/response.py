"""An answer as it came over the wire: how much of it is read, and what sense it makes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import DecodeError, HTTPError

from quant_sessions_provider.client.error_message import is_page

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_SUCCESS: Final = 2
_PIECE: Final = 65_536
_MEGABYTE: Final = 1_000_000
MOST: Final = 64 * _MEGABYTE
"""Bytes of an answer, unpacked; a session of a thousand long messages has two million."""
MOST_OF_AN_ERROR: Final = 4 * _MEGABYTE


class SenselessError(ValueError):
    """A body of no use; the text says what it is: "nothing", "a web page"."""


@dataclass(frozen=True)
class Reply:
    """An answer, read as far as it is of use. ``flaw`` says why its body is not."""

    status: int
    body: bytes
    flaw: str
    raw: BaseHTTPResponse

    @property
    def succeeded(self) -> bool:
        """Whether the status says so."""
        return self.status // 100 == _SUCCESS

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode(json.detect_encoding(self.body), "replace")

    def parsed(self) -> object:
        """Give the JSON.

        Raises:
            SenselessError: it is none.

        """
        if self.flaw:
            raise SenselessError(self.flaw)
        try:
            found: object = json.loads(self.body)
        except (ValueError, RecursionError):
            raise SenselessError(self._kind()) from None
        return found

    def _kind(self) -> str:
        if not self.body.strip():
            return "with nothing"
        if is_page(self.text):
            return "with a web page: see whether baseUrl is right, and what proxy or login stands before it"
        return "not with JSON"


def read(raw: BaseHTTPResponse) -> Reply:
    """Read an answer piece by piece, so that its deadline holds; an error needs no end to be understood.

    Raises:
        urllib3.exceptions.HTTPError: a success ended in its middle.

    """
    body, flaw = bytearray(), ""
    good = raw.status // 100 == _SUCCESS
    most = MOST if good else MOST_OF_AN_ERROR
    try:
        while len(body) <= most and (piece := raw.read1(_PIECE, decode_content=True)):
            body += piece
    except DecodeError:
        flaw = "with a body that cannot be unpacked"
    except HTTPError:
        if good:
            raise
    if len(body) > most:
        flaw = f"with more than {most // _MEGABYTE} MB"
    return Reply(raw.status, bytes(body[:most]), flaw, raw)
