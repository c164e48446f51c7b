"""Writes a report as the Markdown of a comment, and as JSON. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import counted
from quant_sessions_provider.report.escape import code, sentence

if TYPE_CHECKING:
    from quant_sessions_provider.core.losses import Loss
    from quant_sessions_provider.report.model import Report, Row

MARKER: Final = "<!-- quant-sessions report"
"""Begins the first line of each comment, by which the next run finds the comment to update."""

MAX_COMMENT: Final = 65_536
"""Characters of a comment on GitHub; GitLab allows more."""
MAX_ROWS: Final = 100
MAX_ERRORS: Final = 20
"""They stand above the table, which is to be seen without much scrolling."""
_MAX_NAME: Final = 100
"""Characters of one name."""
_MAX_REASON: Final = 300
"""Characters of one reason or error."""
_MAX_STACK: Final = 210
"""Characters of a stack: Pulumi allows 100 for the project and 100 for the stack itself."""
_SHARE: Final = 3 / 4
"""What one list may take of the room that is left, so that there is some for the next."""

_VERBS: Final = {"same": "unchanged"}
_HEAD: Final = ("| session | action | why | lives until | messages lost |", "| --- | --- | --- | --- | --- |")


def markdown(report: Report) -> str:
    """Return the comment, at most :data:`MAX_COMMENT` characters: the worst rows come first, the last are left out."""
    changed = [row for row in report.rows if row.action != "none"]
    unchanged = [row for row in report.rows if row.action == "none"]
    start = [_title(report), *_loss_alert(report.losses)]
    end = [*_others(report), *_unlisted(report)]
    room = MAX_COMMENT - _size([*start, *end])
    # What is worse takes its share of the room first.
    table = _table(changed, room)
    failure = _failure_alert(report, room := room - _size(table))
    folded = _folded(unchanged, room - _size(failure))
    return "\n\n".join([*start, *failure, *table, *folded, *end]) + "\n"


def _size(parts: list[str]) -> int:
    # In units of UTF-16, since a code host may count them; with the empty line after each part.
    return sum(len(part.encode("utf-16-le")) // 2 + len("\n\n") for part in parts)


def _fitting(lines: list[str], room: int) -> list[str]:
    """Return the first lines that fit into their share of the room."""
    ends = accumulate(_size([line]) for line in lines)
    return [line for line, end in zip(lines, ends, strict=True) if end <= room * _SHARE]


def _title(report: Report) -> str:
    stack = f" in {code(report.stack, _MAX_STACK)}" if report.stack else ""
    return f"{_marker(report)}\n### AI sessions{stack}: {_headline(report)}"


def _marker(report: Report) -> str:
    stack = re.sub(r"[^a-zA-Z0-9_./-]", "_", report.stack[:_MAX_STACK])
    return " ".join(part for part in (MARKER, stack, "-->") if part)


def _headline(report: Report) -> str:
    losses = report.losses
    parts = [f"{counted(len(losses), 'conversation')} will be lost"] if losses else []
    parts += ["the preview failed"] if report.failed else []
    if parts:
        return ", ".join(parts)
    # Sessions may be among the unchanged resources that a preview leaves out.
    return "no conversation is lost" if report.rows or report.unlisted else "none declared"


def _loss_alert(losses: list[Loss]) -> list[str]:
    advice = "This cannot be undone. If `transcriptDir` is configured, the messages are saved first."
    return [f"> [!CAUTION]\n> This run deletes {_total(losses)}. {advice}"] if losses else []


def _total(losses: list[Loss]) -> str:
    known, uncounted = _sum(losses)
    if uncounted == 0:
        messages = counted(known, "message")
    elif known == 0:
        messages = "an unknown number of messages"
    else:
        messages = f"at least {counted(known, 'message')}: not all are counted in {uncounted} of them"
    return f"**{counted(len(losses), 'conversation')}** ({messages})"


def _sum(losses: list[Loss]) -> tuple[int, int]:
    """Return the messages that are known to be lost, and the number of conversations that may lose more."""
    uncounted = sum(loss.messages is None or loss.at_least for loss in losses)
    return sum(loss.messages or 0 for loss in losses), uncounted


def _failure_alert(report: Report, room: int) -> list[str]:
    if not report.failed:
        return []
    errors = [f"> {sentence(error, _MAX_REASON)}" for error in report.errors]
    kept = _fitting(errors[:MAX_ERRORS], room)
    more = len(errors) - len(kept)
    lines = ["> The preview failed: sessions that it did not reach are missing here.", *kept]
    lines += [f"> … and {counted(more, 'error')} more: see the output of the preview."] if more else []
    return ["> [!WARNING]\n" + "\\\n".join(lines)]


def _table(rows: list[Row], room: int) -> list[str]:
    if not rows:
        return []
    kept = _fitting([_line(row) for row in rows[:MAX_ROWS]], room)
    more = len(rows) - len(kept)
    note = [f"… and {more} more: see the output of the preview."] if more else []
    return ["\n".join([*_HEAD, *kept]), *note]


def _line(row: Row) -> str:
    name, action, reason = code(row.name, _MAX_NAME), sentence(row.action, _MAX_NAME), sentence(row.reason, _MAX_REASON)
    return f"| {name} | {action} | {reason} | {_until(row)} | {_lost(row)} |"


def _until(row: Row) -> str:
    if isinstance(row.until, str):
        return row.until
    return timestamps.to_minute(row.until)


def _lost(row: Row) -> str:
    if row.loss is None:
        return "none"
    if row.loss.messages is None:
        return "**unknown**"
    return f"**{'at least ' if row.loss.at_least else ''}{row.loss.messages}**"


def _folded(rows: list[Row], room: int) -> list[str]:
    table = "\n\n".join(_table(rows, room))
    title = f"{counted(len(rows), 'session')} unchanged"
    return [f"<details><summary>{title}</summary>\n\n{table}\n\n</details>"] if rows else []


def _others(report: Report) -> list[str]:
    parts = [f"{count} {code(_VERBS.get(op, op), _MAX_NAME)}" for op, count in report.others.items()]
    return [f"Other resources: {', '.join(parts)}."] if parts else []


def _unlisted(report: Report) -> list[str]:
    unlisted = counted(report.unlisted, "resource")
    return [f"{unlisted} unchanged; `--show-sames` lists them."] if report.unlisted else []


# --- for programs ------------------------------------------------------------------------------------------


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain values: timestamps in RFC 3339, null where a value is not known."""
    known, uncounted = _sum(report.losses)
    lost = {"conversations": len(report.losses), "messages": known, "uncounted": uncounted}
    return {
        "stack": report.stack,
        "failed": report.failed,
        "lost": lost,
        "sessions": [_entry(row) for row in report.rows],
        "others": report.others,
        "unlisted": report.unlisted,
        "errors": report.errors,
    }


def _entry(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "urn": row.urn,
        "id": row.id or None,
        "action": row.action,
        "reason": row.reason,
        "livesUntil": timestamps.render(row.until) if isinstance(row.until, datetime) else None,
        "lost": {"messages": row.loss.messages, "atLeast": row.loss.at_least} if row.loss else None,
    }
