"""Prints what a keeper does: one line a deed, for people or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.keep.model import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from quant_sessions_provider.keep.model import Clock, LineKind


class Log:
    """Hands lines on as they come; what lasts is said once."""

    def __init__(self, clock: Clock, write: Callable[[Line], None]) -> None:
        self._clock, self._write = clock, write
        self._said: dict[tuple[LineKind, str], str] = {}

    def say(self, kind: LineKind, text: str, urn: str = "", due: datetime | None = None) -> None:
        """Print a line."""
        self._write(Line(self._clock.now(), kind, text, urn, due))

    def say_once(self, kind: LineKind, text: str, urn: str = "", due: datetime | None = None) -> None:
        """Print a line, unless it is the last one of its kind about the same session."""
        if self._said.get((kind, urn)) != text:
            self._said[kind, urn] = text
            self.say(kind, text, urn, due)

    def forget(self, kind: LineKind, but: Collection[str] = ()) -> None:
        """Print what is said of a kind again, when it comes again; not about the sessions that it still holds for."""
        self._said = {key: text for key, text in self._said.items() if key[0] != kind or key[1] in but}


def as_text(line: Line) -> str:
    """Return a line for people."""
    subject = f" {one_line(name_of(line.urn))}" if line.urn else ""
    return f"{_to_second(line.at)} {line.kind}{subject}: {one_line(line.text)}"


def as_json(line: Line) -> str:
    """Return a line for programs."""
    return json.dumps(
        {
            "at": _to_second(line.at),
            "kind": line.kind,
            "session": name_of(line.urn) if line.urn else None,
            "urn": line.urn or None,
            "text": line.text,
            "due": _to_second(line.due) if line.due else None,
        }
    )


def _to_second(time: datetime) -> str:
    return timestamps.render(time.replace(microsecond=0))
