"""Writes a report as the Markdown of a comment, and as JSON. Pure.

Names and sentences may contain anything. They look as written, and never become markup or a mention.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import counted, one_line

if TYPE_CHECKING:
    from quant_sessions_provider.core.describe import Loss
    from quant_sessions_provider.report.model import Report, Row

MARKER: Final = "<!-- quant-sessions report"
"""Begins the first line of each comment, by which the next run finds the comment to update."""

MAX_ROWS: Final = 100
"""A comment on GitHub has at most 65,536 characters; the worst rows come first."""
_MAX_REASON: Final = 300
"""Characters of one reason."""

_PLAIN_CODE: Final = re.compile(r"[\w .:/+-]+")
_MARKUP: Final = re.compile(r"[^\w\s.,;:()/+=%'\"?-]|_")
_CODE: Final = re.compile(r"`([^`]*)`")
_VERBS: Final = {"same": "unchanged"}
_HEAD: Final = ("| session | action | why | lives until | messages lost |", "| --- | --- | --- | --- | --- |")


def markdown(report: Report) -> str:
    """Return the comment."""
    changed = [row for row in report.rows if row.action != "none"]
    rest = [row for row in report.rows if row.action == "none"]
    stack = f" in {_code(report.stack)}" if report.stack else ""
    parts = [f"{_marker(report)}\n### AI sessions{stack}: {_headline(report)}", *_alerts(report)]
    parts += [_table(changed)] if changed else []
    parts += [_folded(f"{counted(len(rest), 'session')} unchanged", _table(rest))] if rest else []
    parts += [_others(report)] if report.others else []
    parts += (
        [f"{counted(report.unlisted, 'resource')} unchanged; `--show-sames` lists them."] if report.unlisted else []
    )
    return "\n\n".join(parts) + "\n"


def _marker(report: Report) -> str:
    return f"{MARKER} {re.sub(r'[^a-zA-Z0-9_./-]', '_', report.stack)} -->".replace("report  -->", "report -->")


def _headline(report: Report) -> str:
    losses = report.losses
    parts = [f"{counted(len(losses), 'conversation')} will be lost"] if losses else []
    parts += ["the preview failed"] if report.failed else []
    return ", ".join(parts) or ("no conversation is lost" if report.rows else "none declared")


def _alerts(report: Report) -> list[str]:
    alerts = []
    if report.losses:
        advice = "This cannot be undone. If `transcriptDir` is configured, the messages are saved first."
        alerts.append(f"> [!CAUTION]\n> This run deletes {_total(report.losses)}. {advice}")
    if report.failed:
        lines = [
            "The preview failed: sessions that it did not reach are missing here.",
            *map(_text, report.errors),
        ]
        alerts.append("> [!WARNING]\n" + "\\\n".join(f"> {line}" for line in lines))
    return alerts


def _total(losses: list[Loss]) -> str:
    known = [loss.messages for loss in losses if loss.messages is not None]
    unknown = len(losses) - len(known)
    if not known:
        messages = "an unknown number of messages"
    elif unknown:
        messages = f"at least {counted(sum(known), 'message')}: the number is unknown for {unknown} of them"
    else:
        messages = counted(sum(known), "message")
    return f"**{counted(len(losses), 'conversation')}** ({messages})"


def _table(rows: list[Row]) -> str:
    lines = [*_HEAD, *map(_line, rows[:MAX_ROWS])]
    more = len(rows) - MAX_ROWS
    return "\n".join(lines) + (f"\n\n… and {more} more: see the output of the preview." if more > 0 else "")


def _line(row: Row) -> str:
    cells = [_code(row.name), row.action, _text(row.reason), _until(row), _lost(row)]
    return f"| {' | '.join(cells)} |"


def _until(row: Row) -> str:
    if isinstance(row.until, str):
        return row.until
    return row.until.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%MZ")


def _lost(row: Row) -> str:
    if row.loss is None:
        return "none"
    return "**unknown**" if row.loss.messages is None else f"**{row.loss.messages}**"


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _others(report: Report) -> str:
    parts = [f"{count} {_code(_VERBS.get(op, op))}" for op, count in report.others.items()]
    return f"Other resources: {', '.join(parts)}."


# --- text of unknown origin --------------------------------------------------------------------------------


def _code(text: str) -> str:
    """Return a text as code, in which nothing is a link or a mention."""
    text = one_line(text)
    if _PLAIN_CODE.fullmatch(text) and text == text.strip():
        return f"`{text}`"
    return f"<code>{_MARKUP.sub(_entity, text)}</code>"


def _text(text: str) -> str:
    """Return a sentence that looks as written, with code where it has backticks."""
    pieces = _CODE.split(one_line(text[:_MAX_REASON] + "…" * (len(text) > _MAX_REASON)))
    return "".join(_code(piece) if index % 2 else _plain(piece) for index, piece in enumerate(pieces))


def _plain(text: str) -> str:
    return _MARKUP.sub(_entity, text)


def _entity(found: re.Match[str]) -> str:
    # Code hosts look for mentions and issues after they have decoded entities: an invisible character prevents both.
    broken = "&#8203;" if found.group() in "@#!" else ""
    return f"&#{ord(found.group())};{broken}"


# --- for programs ------------------------------------------------------------------------------------------


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain values: timestamps in RFC 3339, null where a value is not known."""
    known = [loss.messages for loss in report.losses if loss.messages is not None]
    lost = {"conversations": len(report.losses), "messages": sum(known), "uncounted": len(report.losses) - len(known)}
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
        "lost": {"messages": row.loss.messages} if row.loss else None,
    }
