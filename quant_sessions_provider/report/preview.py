"""Reads what ``pulumi preview --json`` prints into a row a session. No clock, no files, no Markdown.

Nothing that people declare is taken over but names and moments: of the preview's diagnostics, only the provider's own
sentences and the first line of errors.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.state import Expiry
from quant_sessions_provider.core.urns import SESSION_TYPE, name_of, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

_STACK_TYPE: Final = "pulumi:pulumi:Stack"
_PARTS: Final = ("create-replacement", "delete-replaced")
"""Of a replacement, which a step of its own tells as a whole."""
_WORST_FIRST: Final = ("error", "delete", "replace", "recreate", "create", "extend", "update")
_SECRET: Final = "[secret]"  # noqa: S105 - what the CLI prints in place of one
_NOTE: Final = re.compile(r"session (?P<id>[^\s:]+)(?:: | )(?P<text>.+)")
_PRICE: Final = re.compile(r"replacing it loses (?:(?P<count>\d+) messages?|(?P<unknown>an unknown number)|nothing)")
_NOTHING: Final = "nothing is sent"
"""What the provider says of a change that the API need not know of; not of which."""
_EXTENDS: Final = re.compile(r"\bextends by \d+ minutes?\b")
_UNTOLD: Final = "the provider failed; the run's log says why"
_NOISE: Final = ("Resource monitor has terminated", "preview failed", "an unhandled error occurred")
"""Errors that only say that there are others."""


class NoPreviewError(ValueError):
    """The document is not what ``pulumi preview --json`` prints."""


@dataclass(frozen=True)
class Loss:
    """A conversation that ends with the run; ``messages`` is None where the preview cannot know how many."""

    messages: int | None


@dataclass(frozen=True)
class Row:
    """What the run would do with one session. ``until`` is a moment, or words where there is none."""

    name: str
    urn: str
    id: str
    action: str
    reason: str
    until: datetime | str
    loss: Loss | None = None


@dataclass(frozen=True)
class Report:
    """A preview as a reviewer wants it: sessions, the worst first; what else changes, counted by operation.

    ``unlisted`` counts what stays as it is, sessions among it, where the preview was made without ``--show-sames``.
    """

    stack: str
    rows: list[Row]
    others: dict[str, int]
    unlisted: int
    errors: list[str]
    failed: bool

    @property
    def losses(self) -> list[Loss]:
        """The conversations that end with the run."""
        return [row.loss for row in self.rows if row.loss]


_Step = dict[str, Any]


@dataclass
class _Said:
    """What the preview says beside its steps: by URN, by session, and of the stack as a whole."""

    sentences: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    at_large: list[str] = field(default_factory=list)
    failed: bool = False


@dataclass(frozen=True)
class _Around:
    """What a step alone does not tell."""

    said: _Said
    now: datetime
    refreshed: set[str]
    destroyed: bool


def read(document: object, now: datetime) -> Report:
    """Read a preview.

    Raises:
        NoPreviewError: the document is none.

    """
    if not isinstance(document, dict) or not document.keys() & {"steps", "diagnostics", "changeSummary", "duration"}:
        raise NoPreviewError("not what `pulumi preview --json` prints")
    try:
        said, steps = _heard(document.get("diagnostics") or []), document.get("steps") or []
        unchanged = (document.get("changeSummary") or {}).get("same", 0)
        return _report(steps, unchanged, said, now)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise NoPreviewError("a step or a diagnostic is not as `pulumi preview --json` prints it") from error


def _report(steps: list[_Step], unchanged: int, said: _Said, now: datetime) -> Report:
    replaced = {step["urn"] for step in steps if step["op"] == "replace"}
    refreshed = {step["urn"] for step in steps if step["op"] == "refresh"}
    whole = [s for s in steps if s["op"] != "refresh" and not (s["op"] in _PARTS and s["urn"] in replaced)]
    destroyed = any(step["op"] == "delete" and type_of(step["urn"]) == _STACK_TYPE for step in whole)
    around = _Around(said, now, refreshed, destroyed)
    rows = [_row(step, around) for step in whole if type_of(step["urn"]) == SESSION_TYPE]
    rows += [_failed(urn, lines) for urn, lines in said.errors.items() if urn not in {row.urn for row in rows}]
    others = Counter(step["op"] for step in whole if type_of(step["urn"]) not in (SESSION_TYPE, _STACK_TYPE))
    urns = [*(step["urn"] for step in steps), *said.errors]
    unlisted = unchanged - sum(step["op"] == "same" for step in whole)
    counts = dict(sorted(others.items()))
    return Report(_stack(urns), sorted(rows, key=_rank), counts, unlisted, said.at_large, said.failed)


def _rank(row: Row) -> tuple[bool, int, str]:
    """Put losses first, then what failed, then what changes; names within."""
    rank = _WORST_FIRST.index(row.action) if row.action in _WORST_FIRST else len(_WORST_FIRST)
    return row.loss is None, rank, row.name


def _stack(urns: list[str]) -> str:
    """Give project and stack, which every URN starts with; nothing if the preview got nowhere."""
    if not urns:
        return ""
    stack, project, *_ = urns[0].removeprefix("urn:pulumi:").split("::")
    return f"{project}/{stack}"


# --- what the preview says beside its steps -------------------------------------------------------------------


def _heard(diagnostics: Iterable[Mapping[str, Any]]) -> _Said:
    said = _Said()
    for diagnostic in diagnostics:
        urn, text = diagnostic.get("urn") or "", diagnostic["message"].strip()
        if diagnostic["severity"] == "error":
            _hear_error(said, urn, text)
        elif urn and type_of(urn) == SESSION_TYPE and text.startswith(f"{name_of(urn)}: "):
            said.sentences[urn] = text.removeprefix(f"{name_of(urn)}: ")
        elif not urn:
            said.notes |= {n["id"]: n["text"] for n in map(_NOTE.fullmatch, text.splitlines()) if n}
    return said


def _hear_error(said: _Said, urn: str, text: str) -> None:
    said.failed = True
    # Further lines of what is no session's may hold anything, a traceback for one.
    first = text.partition("\n")[0].removeprefix("error: ")
    if urn and type_of(urn) == SESSION_TYPE:
        said.errors.setdefault(urn, []).append(_refusal(urn, text))
    elif urn:
        said.at_large.append(f"{name_of(urn)}: {first}")
    elif not first.startswith(_NOISE):
        said.at_large.append(first)


def _refusal(urn: str, text: str) -> str:
    """Give what the provider or the engine says of a session, without the words around it."""
    ours = [line for line in text.splitlines() if "SessionError: " in line]
    # A traceback quotes the program, and ends with words that may hold what people declare.
    around = text.removeprefix("error: ").partition("Traceback (most recent call last)")[0]
    line = ours[-1].rpartition("SessionError: ")[2] if ours else " ".join(around.split()) or _UNTOLD
    return (line.partition(" has a problem: ")[2] or line).replace(urn, name_of(urn))


# --- one session -----------------------------------------------------------------------------------------------


def _row(step: _Step, around: _Around) -> Row:
    urn, old = step["urn"], step.get("oldState") or {}
    session_id = old.get("id", "")
    if urn in around.said.errors:
        return _failed(urn, around.said.errors[urn], session_id)
    tell = _TELLERS.get(step["op"], _left)
    return Row(name_of(urn), urn, session_id, *tell(step, old, around))


def _failed(urn: str, lines: list[str], session_id: str = "") -> Row:
    return Row(name_of(urn), urn, session_id, "error", "; ".join(dict.fromkeys(lines)), "")


_Told = tuple[str, str, "datetime | str", "Loss | None"]


def _created(step: _Step, _old: _Step, around: _Around) -> _Told:
    gone = step["urn"] in around.refreshed
    return "create", "the refresh found that it was gone" if gone else "new", _planned(step), None


def _updated(step: _Step, old: _Step, around: _Around) -> _Told:
    moved = ", ".join(step.get("diffReasons") or [])
    sentence = around.said.sentences.get(step["urn"], f"{moved} changed")
    if sentence == _NOTHING and moved:
        sentence = f"{moved} changed: {sentence}"
    extends = _EXTENDS.search(sentence) is not None
    return "extend" if extends else "update", sentence, _planned(step) if extends else _known(old), None


def _replaced(step: _Step, old: _Step, around: _Around) -> _Told:
    note = around.said.notes.get(old.get("id", ""), "")
    ended = note.startswith("expired ")
    loss = None if _stays(old) else _loss(note, old)
    return "recreate" if ended else "replace", _cause(step, note), _planned(step), loss


def _loss(note: str, old: _Step) -> Loss | None:
    """Read what the provider says is lost; a conversation without messages is none.

    Without a word of its own it was not asked: `--replace`, or `replace_on_changes`.
    """
    price = _PRICE.search(note)
    if price is None:
        return None if note or old.get("outputs", {}).get("expired") else Loss(None)
    if price["unknown"]:
        return Loss(None)
    count = int(price["count"] or 0)
    return Loss(count) if count else None


def _cause(step: _Step, note: str) -> str:
    if note:
        return note.partition(", a new one starts")[0].partition("; replacing it loses")[0]
    keys = [key for key in step.get("replaceReasons") or [] if key != "id"]
    return f"{', '.join(keys)} changed" if keys else "a replacement was asked for"


def _deleted(_step: _Step, old: _Step, around: _Around) -> _Told:
    cause = "the stack is destroyed" if around.destroyed else "no longer declared"
    if _stays(old):
        return "forget", f"{cause}; retain_on_delete leaves it alive", _known(old), None
    outputs = old.get("outputs", {})
    if outputs.get("expired"):
        return "delete", f"{cause}; it has expired", _known(old), None
    if Expiry.of(outputs).passed(around.now):
        cause += "; it should have expired, which nothing has checked yet"
    return "delete", cause, "", Loss(None)


def _left(step: _Step, old: _Step, around: _Around) -> _Told:
    state = old or step.get("newState") or {}
    past = Expiry.of(state.get("outputs", {})).passed(around.now)
    action = "none" if step["op"] == "same" else str(step["op"])
    return action, "its expiry has passed" if past else "", _known(state), None


_TELLERS: Final[dict[str, Callable[[_Step, _Step, _Around], _Told]]] = {
    "create": _created,
    "update": _updated,
    "replace": _replaced,
    "create-replacement": _replaced,
    "delete": _deleted,
    "delete-replaced": _deleted,
}


def _stays(old: _Step) -> bool:
    return bool(old.get("retainOnDelete"))


def _planned(step: _Step) -> datetime | str:
    return _moment(step["newState"].get("inputs", {}).get("expiresAt"))


def _known(state: _Step) -> datetime | str:
    outputs = state.get("outputs", {})
    return Expiry.of(outputs).known or _moment(outputs.get("expiresAt"))


def _moment(value: object) -> datetime | str:
    """Read a moment; what a preview does not know yet is printed as a text that is none."""
    return timestamps.parse_or_none(value) or ("secret" if value == _SECRET else "not known")
