"""Reads the diagnostics of a preview: the provider's sentences and the errors.

Other programs print diagnostics too, and an error may quote what people declare. So only the provider's own sentences
and the first lines of errors are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.describe import UpdateSentence, read_about, read_creation, read_error
from quant_sessions_provider.core.losses import Replacement, read_replacement, read_subject_and_replacement
from quant_sessions_provider.core.urns import SESSION_TYPES, name_of, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NO_REASON: Final = "the provider failed: see the log of the run"
_SUMMARIES: Final = (
    "Resource monitor has terminated",
    "preview failed",
    "update failed",
    "an unhandled error occurred",
)
"""Beginnings of errors that only say that there are others."""
_TRACEBACK: Final = "Traceback (most recent call last)"
_FRAME: Final = re.compile(r'File "([^"\n]+)", line ([0-9]+)')
_KIND: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_LIBRARY: Final = re.compile(r"[/\\](site-packages|python[0-9.]*|pulumi-language-python-exec)([/\\]|$)|^<")


@dataclass
class Diagnostics:
    """What a preview says beside its steps.

    ``creations`` (how long a new session lives), ``updates`` and ``errors`` are by URN. ``replacements`` are by URN, or
    by the subject of a line that is not on the resource's own. ``stack_errors`` are the others.
    """

    creations: dict[str, str] = field(default_factory=dict)
    updates: dict[str, UpdateSentence] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    replacements: dict[str, Replacement] = field(default_factory=dict)
    stack_errors: list[str] = field(default_factory=list)
    failed: bool = False


def read_diagnostics(entries: Iterable[Mapping[str, Any]]) -> Diagnostics:
    """Return what the entries of ``diagnostics`` say."""
    found = Diagnostics()
    for entry in entries:
        urn, text = entry.get("urn") or "", entry["message"]
        if entry["severity"] == "error":
            _add_error(found, urn, text.strip())
        elif _is_session(urn):
            # The CLI puts this before a warning alone; the name of a resource may begin so too.
            prefix = "warning: " if entry["severity"] == "warning" else ""
            _add_sentence(found, urn, text.rstrip().removeprefix(prefix))
        elif not urn:
            found.replacements |= dict(filter(None, map(read_subject_and_replacement, text.splitlines())))
    return found


def _add_sentence(found: Diagnostics, urn: str, line: str) -> None:
    sentence = read_about(name_of(urn), line)
    if sentence is None:
        return
    replacement, lifetime = read_replacement(sentence), read_creation(sentence)
    if replacement:
        found.replacements[urn] = replacement
    elif lifetime is not None:
        found.creations[urn] = lifetime
    else:
        found.updates[urn] = UpdateSentence(sentence)


def _is_session(urn: str) -> bool:
    return bool(urn) and type_of(urn) in SESSION_TYPES


def _add_error(found: Diagnostics, urn: str, text: str) -> None:
    found.failed = True
    # The further lines may hold anything, such as a traceback that quotes the program.
    first = text.partition("\n")[0].removeprefix("error: ") + _raised(text)
    if _is_session(urn):
        found.errors.setdefault(urn, []).append(_session_error(urn, text))
    elif urn:
        found.stack_errors.append(f"{name_of(urn)}: {first}")
    elif not first.startswith(_SUMMARIES):
        found.stack_errors.append(first)


def _raised(text: str) -> str:
    """Return what a traceback is of, and where in the program, without its text; empty if there is none."""
    _, trace, lines = text.partition(_TRACEBACK)
    frames = _FRAME.findall(lines)
    if not trace or not frames:
        return ""
    kind = _KIND.match(lines.strip().rpartition("\n")[2])
    file, line = next((frame for frame in reversed(frames) if not _LIBRARY.search(frame[0])), frames[-1])
    return f" {kind[0] if kind else 'an error'} in line {line} of {PurePath(file).name}"


def _session_error(urn: str, text: str) -> str:
    """Return what the provider or the engine says about a session, without the words around it."""
    text = text.removeprefix("error: ")
    # A traceback of somebody else's error ends with a text that may quote what people declare.
    before = text.partition(_TRACEBACK)[0]
    line = read_error(text) or " ".join(before.split()) or _NO_REASON
    return (line.partition(" has a problem: ")[2] or line).replace(urn, name_of(urn))
