"""Reads the output of ``pulumi preview --json`` into a report. No clock, no files, no Markdown.

Of what people declare it keeps names of resources and timestamps, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.describe import session
from quant_sessions_provider.core.losses import Loss
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import EXPIRY_OUTPUTS, Expiry
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.core.urns import SESSION_TYPES, name_of, type_of
from quant_sessions_provider.report.diagnostics import Diagnostics, read_diagnostics
from quant_sessions_provider.report.model import Report, Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from quant_sessions_provider.core.losses import Replacement

_Step = dict[str, Any]

_STACK_TYPE: Final = "pulumi:pulumi:Stack"
_PARTS: Final = ("create-replacement", "delete-replaced")
"""Steps of a replacement; a step ``replace`` stands for the whole of it."""
_WORST_FIRST: Final = ("error", "delete", "replace", "recreate", "create", "extend", "update")
_NOT_FOUND: Final = "the refresh found no such session"
_ONLY_READ: Final = "only read by Session.get from now on"
_LEFT: Final = "left by an earlier replacement"
_SECRET: Final = "[secret]"  # noqa: S105 - what the CLI prints in place of one


class NoPreviewError(ValueError):
    """The document is not the output of ``pulumi preview --json``."""


@dataclass(frozen=True)
class _Context:
    """What a step alone does not show."""

    diagnostics: Diagnostics
    now: datetime
    refreshed: set[str]
    replaced: set[str]
    destroyed: bool
    names: Counter[str]
    """Of sessions; two may have the same one, in components or under other parents."""


class _RowFacts(NamedTuple):
    """What a kind of step decides about its row."""

    action: str
    reason: str
    until: datetime | str
    loss: Loss | None = None


def read(document: object, now: datetime) -> Report:
    """Return the report of a preview.

    Raises:
        NoPreviewError: the document is not the output of ``pulumi preview --json``.

    """
    if not isinstance(document, dict) or not document.keys() & {"steps", "diagnostics", "changeSummary", "duration"}:
        raise NoPreviewError("not what `pulumi preview --json` prints")
    try:
        diagnostics, steps = read_diagnostics(document.get("diagnostics") or []), document.get("steps") or []
        unchanged = (document.get("changeSummary") or {}).get("same", 0)
        return _report(steps, unchanged, diagnostics, now)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise NoPreviewError("a step or a diagnostic is not as `pulumi preview --json` prints it") from error


def _report(steps: list[_Step], unchanged: int, diagnostics: Diagnostics, now: datetime) -> Report:
    whole, errors = _whole_steps(steps), diagnostics.errors
    rows = _session_rows(whole, _context(steps, diagnostics, now))
    planned = {row.urn for row in rows}
    rows += [_error_row(urn, lines) for urn, lines in errors.items() if urn not in planned]
    others = Counter(step["op"] for step in whole if type_of(step["urn"]) not in (*SESSION_TYPES, _STACK_TYPE))
    return Report(
        stack=_stack_name([*(step["urn"] for step in steps), *errors]),
        rows=sorted(rows, key=rank),
        others=dict(sorted(others.items())),
        unlisted=unchanged - sum(step["op"] == "same" for step in whole),
        errors=diagnostics.stack_errors,
        failed=diagnostics.failed,
    )


def _whole_steps(steps: list[_Step]) -> list[_Step]:
    """Return one step for each change: no refreshes, and no parts of a replacement that has a step of its own."""
    replaced = {_subject(step) for step in steps if step["op"] == "replace"}
    return [s for s in steps if s["op"] != "refresh" and not (s["op"] in _PARTS and _subject(s) in replaced)]


def _subject(step: _Step) -> tuple[str, str]:
    """Return what a step is about: an earlier replacement may have left another session of the same URN."""
    return step["urn"], (step.get("oldState") or {}).get("id", "")


def _context(steps: list[_Step], diagnostics: Diagnostics, now: datetime) -> _Context:
    refreshed = {step["urn"] for step in steps if step["op"] == "refresh"}
    destroyed = any(step["op"] == "delete" and type_of(step["urn"]) == _STACK_TYPE for step in steps)
    replaced = {step["urn"] for step in steps if step["op"] == "replace"}
    names = Counter(name_of(urn) for urn in {step["urn"] for step in steps} if type_of(urn) in SESSION_TYPES)
    return _Context(diagnostics, now, refreshed, replaced, destroyed, names)


def rank(row: Row) -> tuple[bool, int, str]:
    """Return the key that sorts losses first, then errors, then changes; by name within each."""
    rank = _WORST_FIRST.index(row.action) if row.action in _WORST_FIRST else len(_WORST_FIRST)
    return row.loss is None, rank, row.name


def _stack_name(urns: list[str]) -> str:
    """Return ``project/stack``, with which every URN starts, or an empty string for a preview without any."""
    if not urns:
        return ""
    stack, project, *_ = urns[0].removeprefix("urn:pulumi:").split("::")
    return f"{project}/{stack}"


# --- one session -----------------------------------------------------------------------------------------------


def _session_rows(steps: list[_Step], context: _Context) -> list[Row]:
    return [_row(step, context) for step in steps if type_of(step["urn"]) in SESSION_TYPES]


def _row(step: _Step, context: _Context) -> Row:
    urn, old = step["urn"], step.get("oldState") or {}
    session_id = old.get("id", "")
    if urn in context.diagnostics.errors:
        return _error_row(urn, context.diagnostics.errors[urn], session_id)
    build = _ROW_BUILDERS.get(step["op"], _other)
    moved = tuple(sorted(step.get("diffReasons") or []))
    return Row(name_of(urn), urn, session_id, *build(step, old, context), moved=moved)


def _error_row(urn: str, lines: list[str], session_id: str = "") -> Row:
    return Row(name_of(urn), urn, session_id, "error", "; ".join(dict.fromkeys(lines)), "")


def _created(step: _Step, _old: _Step, context: _Context) -> _RowFacts:
    why = _NOT_FOUND if step["urn"] in context.refreshed else "new"
    lifetime = context.diagnostics.creations.get(step["urn"])
    return _RowFacts("create", f"{why}; {lifetime}" if lifetime else why, _planned_expiry(step))


def _updated(step: _Step, old: _Step, context: _Context) -> _RowFacts:
    said = _said_of(step["urn"], old, context)
    if said:
        # An option of the engine may replace it once a value is known.
        return _RowFacts("replace", said.reason, _planned_expiry(step), _loss(said, old))
    moved = ", ".join(step.get("diffReasons") or [])
    sentence = context.diagnostics.updates.get(step["urn"])
    if sentence is None:
        return _RowFacts("update", f"{moved} changed", _known_expiry(old))
    if sentence.extends:
        return _RowFacts("extend", sentence.text, _planned_expiry(step))
    reason = f"{moved} changed: {sentence.text}" if sentence.has_no_details and moved else sentence.text
    return _RowFacts("update", reason, _known_expiry(old))


def _replaced(step: _Step, old: _Step, context: _Context) -> _RowFacts:
    if old.get("external"):
        return _RowFacts("create", "only read by Session.get so far", _planned_expiry(step))
    said = _said_of(step["urn"], old, context)
    if said is None and _is_deleted_already(step, old, context):
        return _RowFacts("create", "deleted by a replacement that then failed", _planned_expiry(step))
    loss = None if _is_retained(old) else _loss(said, old)
    if said is None:
        return _RowFacts("replace", _replace_reason(step), _planned_expiry(step), loss)
    return _RowFacts("recreate" if said.expired else "replace", said.reason, _planned_expiry(step), loss)


def _is_deleted_already(step: _Step, old: _Step, context: _Context) -> bool:
    """Return whether nothing but a replacement that failed halfway replaces a session.

    Under ``delete_before_replace`` the engine marks a living one in the same way, before it prints the step.
    """
    new = step["newState"]
    others = {*(new.get("replaceWith") or []), new.get("deletedWith")}
    triggered = old.get("replacementTrigger") != new.get("replacementTrigger")
    return bool(old.get("pendingReplacement")) and not (
        step.get("replaceReasons") or triggered or others & context.replaced
    )


def _said_of(urn: str, old: _Step, context: _Context) -> Replacement | None:
    # Where the provider cannot print on the resource's line, it says which session it means.
    name, said = name_of(urn), context.diagnostics.replacements
    subjects = [urn, session(old.get("id", "")), *([one_line(name)] if context.names[name] == 1 else [])]
    return next((said[subject] for subject in subjects if subject in said), None)


def _loss(said: Replacement | None, old: _Step) -> Loss | None:
    """Return what the provider says is lost; a conversation of declared messages alone is no loss.

    It says nothing where the engine replaces on its own: ``--replace``, or ``replace_with``.
    """
    if said is None:
        return None if _is_expired(old) else Loss(None)
    return None if said.loss.is_none else said.loss


def _replace_reason(step: _Step) -> str:
    if step["newState"].get("external"):
        return _ONLY_READ
    keys = [key for key in step.get("replaceReasons") or [] if key != "id"]
    return f"{', '.join(keys)} changed" if keys else "a replacement was requested"


def _deleted(step: _Step, old: _Step, context: _Context) -> _RowFacts:
    reason = _LEFT if step["op"] == "delete-replaced" else _removal_reason(context)
    if context.refreshed and step["urn"] not in context.refreshed:
        # A refresh asks about all that it may delete; what it finds gone is this step instead.
        return _RowFacts("forget", _NOT_FOUND, "")
    if _is_retained(old):
        return _RowFacts("forget", f"{reason}; retainOnDelete keeps the session", _known_expiry(old))
    if _is_expired(old):
        return _RowFacts("delete", f"{reason}; already expired", _known_expiry(old))
    if _expiry(old).passed(context.now):
        reason += "; its expiry has passed, not checked with the API"
    return _RowFacts("delete", reason, "", Loss(None))


def _removal_reason(context: _Context) -> str:
    return "the stack is destroyed" if context.destroyed else "no longer declared"


def _read(step: _Step, old: _Step, context: _Context) -> _RowFacts:
    if old and not old.get("external"):
        return _RowFacts("forget", _ONLY_READ, _known_expiry(old))
    return _other(step, old, context)


def _discarded(_step: _Step, old: _Step, context: _Context) -> _RowFacts:
    return _RowFacts("discard", _removal_reason(context), _known_expiry(old))


def _other(step: _Step, old: _Step, context: _Context) -> _RowFacts:
    state = old or step.get("newState") or {}
    past = _expiry(state).passed(context.now)
    action = "none" if step["op"] == "same" else str(step["op"])
    return _RowFacts(action, "its expiry has passed" if past else "", _known_expiry(state))


_ROW_BUILDERS: Final[dict[str, Callable[[_Step, _Step, _Context], _RowFacts]]] = {
    "create": _created,
    "update": _updated,
    "replace": _replaced,
    "create-replacement": _replaced,
    "delete": _deleted,
    "delete-replaced": _deleted,
    "read": _read,
    "discard": _discarded,
}


def _is_retained(old: _Step) -> bool:
    return bool(old.get("retainOnDelete"))


def _is_expired(old: _Step) -> bool:
    # A secret is printed as a text, and then nobody knows.
    return old.get("outputs", {}).get(Key.EXPIRED) is True


def _planned_expiry(step: _Step) -> datetime | str:
    return _timestamp(step["newState"].get("inputs", {}).get(Key.EXPIRES_AT))


def _known_expiry(state: _Step) -> datetime | str:
    return _expiry(state).known or _timestamp(_expiry_outputs(state).get(Key.EXPIRES_AT))


def _expiry(state: _Step) -> Expiry:
    return Expiry.of(_expiry_outputs(state))


def _expiry_outputs(state: _Step) -> dict[str, Any]:
    """Return what an expiry is read from, or only that it is secret: where one part is, the others would tell it."""
    outputs = state.get("outputs", {})
    secret = any(_is_secret(outputs.get(key)) for key in EXPIRY_OUTPUTS)
    return {Key.EXPIRES_AT: _SECRET} if secret else outputs


def _is_secret(value: object) -> bool:
    return value == _SECRET or isinstance(value, dict)


def _timestamp(value: object) -> datetime | str:
    """Return a timestamp; the preview prints a value that it does not know yet as a text that is none."""
    return timestamps.parse_or_none(value) or ("secret" if _is_secret(value) else "not known")
