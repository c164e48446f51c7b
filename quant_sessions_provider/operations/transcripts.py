"""Save the messages of a session before it is deleted."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from quant_sessions_provider.core.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from quant_sessions_provider.operations.api import StoredSession


def folder_of(setting: str) -> Path:
    """Return the folder of the setting ``transcriptDir``, with ``~`` expanded.

    Raises:
        ConfigurationError: the home directory cannot be found.

    """
    try:
        return Path(setting).expanduser()
    except RuntimeError:
        raise ConfigurationError("transcriptDir: the home directory that it begins with cannot be found") from None


def save(folder: str, session_id: str, session: StoredSession) -> None:
    """Write the session, as the API returned it, to ``<folder>/<id>.json``, readable only by its owner.

    The folder is created if it is missing. The file is written atomically and synced to disk, because the session is
    deleted next.

    Raises:
        RefusedError: the file could not be written, so the session must not be deleted.

    """
    if session.messages is None:
        raise RefusedError(
            f"session {session_id} is not deleted: the API returned no messages to save in transcriptDir"
        )
    try:
        _write(folder_of(folder), quote(session_id, safe=""), json.dumps(asdict(session), ensure_ascii=False, indent=2))
    except OSError as error:
        raise RefusedError(
            f"session {session_id} is not deleted: its messages could not be saved in transcriptDir ({error.strerror})"
        ) from error


def _write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f".{name}.partial"
    descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    # A lone surrogate is valid in JSON but not in UTF-8: it is written as the JSON escape again.
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / f"{name}.json")
