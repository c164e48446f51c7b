"""Extracts from the engine's output what concerns one session, and shows it as of one day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.urns import SESSION_TYPE
from tests.support.masking import CLOCK, SHOWN_ID, UUID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_HEADER: Final = re.compile(rf"^ {{0,4}}[-+~><= ]*{SESSION_TYPE}: \(")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_MINUTES: Final = re.compile(r"\d+(?= minutes)")
SHOWN_NOW: Final = timestamps.parse("2026-03-02T12:00:00Z")


def diff_of(text: str, name: str) -> str:
    """Return what `pulumi preview --diff` prints about one session: its block and its sentence."""
    blocks = [block for block in _blocks(text) if f"::{name}]" in "".join(block[:3])]
    said = [line for line in text.splitlines() if line.removeprefix("warning: ").startswith(f"{name}: ")]
    return "\n".join([line for block in blocks for line in block] + said)


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in text.splitlines():
        if _HEADER.match(line):
            if block:
                yield block
            block = [line.removeprefix("    ")]
        elif block and line.startswith("      ") and not line.startswith("    --outputs"):
            block.append(line.removeprefix("    "))
        elif block and _ends_block(line):
            yield block
            block = []
    if block:
        yield block


def _ends_block(line: str) -> bool:
    """Return whether a line ends the block of a resource; a sentence may be printed in the middle of one."""
    return line.startswith(("Resources:", "    --outputs:--", "Outputs:"))


def _before(text: str, *marks: str) -> str:
    for mark in marks:
        text = text.partition(mark)[0]
    return text


def plain_of(text: str, name: str) -> str:
    """Return what `pulumi preview` prints about one session: the last line of each operation."""
    head = _before(text, "Diagnostics:", "Resources:")
    lines: dict[str, str] = {}
    for line in head.splitlines():
        # A sentence comes before the step that it is about: until then its line has no operation.
        if f"{SESSION_TYPE} {name} " in line and line[:4].strip():
            lines[line[:4]] = line.rstrip()
    return "\n".join(lines.values())


def failure_of(text: str) -> str:
    """Return what a failed run prints under "Diagnostics"."""
    body = _before(text.partition("Diagnostics:")[2], "Resources:", "Outputs:")
    lines = [line for line in body.splitlines() if line.strip() and "Resource monitor has terminated" not in line]
    lines = [line for line in lines if "update failed" not in line and "an unhandled error" not in line]
    kept = [line.removeprefix("  ") for i, line in enumerate(lines) if not _is_empty_head(lines, i)]
    # The sentence before the error.
    return "\n".join(sorted(kept, key=lambda line: line.lstrip().startswith("error:")))


def _is_empty_head(lines: list[str], index: int) -> bool:
    head = lines[index].endswith("):") and not lines[index].startswith("    ")
    return head and (index + 1 == len(lines) or lines[index + 1].endswith("):"))


def normalized(text: str, name: str, now: datetime) -> str:
    """Return a text as if its run was at :data:`SHOWN_NOW`, with one id and the name `desk`."""
    text = _TIMESTAMP.sub(lambda found: shifted(timestamps.parse(found.group()), now), text)
    text = CLOCK.sub(lambda found: shifted_clock(found.group(), now), text)
    text = UUID.sub(SHOWN_ID, text)
    return text.replace(name, "desk")


def shifted(time: datetime, now: datetime) -> str:
    """Return a timestamp as if the run was at :data:`SHOWN_NOW`."""
    # Whole minutes keep a time of day and a timestamp of the same minute equal.
    minutes = -((now - SHOWN_NOW) // timedelta(minutes=1))
    return timestamps.render((time + timedelta(minutes=minutes)).replace(second=0))


def shifted_clock(text: str, now: datetime) -> str:
    """Return a time of day likewise. It has no date if that is today; a date is kept."""
    day = text[:10] if len(text) > len("hh:mmZ") else timestamps.render(now)[:10]
    shown = shifted(timestamps.parse(f"{day}T{text[-6:-1]}:00Z"), now).replace("T", " ")[:16] + "Z"
    return shown[-len(text) :]


def rounded(text: str, now: datetime) -> str:
    """Return a text with its minutes and times of day to ten minutes, as if its run was at noon."""
    text = _MINUTES.sub(lambda found: str(_tens(int(found.group()))), text)
    return CLOCK.sub(lambda found: _clock(found.group(), now), text)


def _tens(minutes: int) -> int:
    return round(minutes / 10) * 10


def _clock(text: str, now: datetime) -> str:
    """Return a time of day without the date that midnight adds."""
    time = shifted_clock(text, now)[-6:]
    hours, minutes = divmod(_tens(int(time[:2]) * 60 + int(time[3:5])), 60)
    return f"{hours:02}:{minutes:02}Z"


def request_line(request: dict[str, Any]) -> str:
    """Return a request without the common part of its path."""
    path = request["path"].split("/ai/sessions", 1)[-1]
    query = "&".join(f"{key}={value}" for key, value in (request["query"] or {}).items())
    return f"{request['method']} …/sessions{path}{'?' + query if query else ''}"
