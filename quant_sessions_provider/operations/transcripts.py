"""Save the messages of a session before it is deleted, and list what was saved in an index."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import quote

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import ConfigurationError, RefusedError
from quant_sessions_provider.core.model import Key

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from datetime import datetime

    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import StoredSession

INDEX: Final = "index.jsonl"
UNKNOWN_REASON: Final = "replaced, no longer declared, or destroyed"
"""Why a session is deleted, where nothing more is known."""


def folder_of(setting: str) -> Path:
    """Return the folder of the setting ``transcriptDir``, with ``~`` expanded.

    Raises:
        ConfigurationError: the home directory cannot be found.

    """
    try:
        return Path(setting).expanduser()
    except RuntimeError:
        raise ConfigurationError("transcriptDir: the home directory that it begins with cannot be found") from None


def save(folder: str, state: StoredState, session: StoredSession, reason: str, now: datetime) -> None:
    """Write whose session it is, why and when it is deleted, and what the API returned, to ``<folder>/<id>.json``.

    Then append a line to the index. The folder is created if it is missing; its files are readable only by their owner.
    Both are synced to disk, because the session is deleted next. A transcript is written atomically.

    Raises:
        RefusedError: they could not be written, so the session must not be deleted.

    """
    if session.messages is None:
        raise RefusedError(f"session {state.id} is not deleted: the API returned no messages to save in transcriptDir")
    file = f"{quote(state.id, safe='')}.json"
    about = {
        "id": state.id,
        "user": state.get(Key.USER_ID),
        "group": state.get(Key.SESSION_GROUP),
        "reason": reason,
        "time": timestamps.render(now),
    }
    try:
        place = folder_of(folder)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(place / file, json.dumps(about | asdict(session) | {"id": state.id}, ensure_ascii=False, indent=2))
        _append(place / INDEX, json.dumps(about | {"file": file}))
    except OSError as error:
        raise RefusedError(
            f"session {state.id} is not deleted: its messages could not be saved in transcriptDir ({error.strerror})"
        ) from error


def _write(file: Path, text: str) -> None:
    # Two runs may delete the same session, so each has a partial file of its own.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".partial", dir=file.parent)
    partial = Path(name)
    try:
        # A lone surrogate is valid in JSON but not in UTF-8: it is written as the JSON escape again.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as written:
            written.write(text + "\n")
            written.flush()
            os.fsync(written.fileno())
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _append(index: Path, line: str) -> None:
    """Append a line after those of other threads and runs."""
    with open(index, "ab+", opener=lambda path, flags: os.open(path, flags, 0o600)) as written:
        if sys.platform != "win32":
            fcntl.flock(written, fcntl.LOCK_EX)  # until it is closed
        written.truncate(_end_of_lines(written))
        written.write(f"{line}\n".encode("ascii"))
        written.flush()
        os.fsync(written.fileno())


def _end_of_lines(index: IO[bytes]) -> int:
    """Return where the last whole line ends: a kill or a full disk may have cut the one that it was in."""
    size = index.seek(0, os.SEEK_END)
    if size:
        index.seek(size - 1)
        if index.read(1) != b"\n":
            index.seek(0)
            return index.read().rfind(b"\n") + 1
    return size
