"""Transcripts: what a file and the index hold, who may read them, and that nothing tears them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.core.errors import ConfigurationError, RefusedError
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations import transcripts
from quant_sessions_provider.operations.api import StoredSession
from tests.support.fakes import CONFIG, ID, NOW, A, applied, at, desk

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = "transcriptDir: the home directory that it begins with cannot be found"
ABOUT = {"id": ID, "user": "ada", "group": "course", "reason": "replaced: userId changed", "time": at(0)}
STORED = {"title": "Title", "model": "model", "messages": [A], "created_at": at(-51)}


def read_index(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]


def save(folder: Path, session_id: str) -> None:
    found = StoredSession(session_id, None, None, [A] * 99, None)
    transcripts.save(str(folder), StoredState(session_id, {"userId": "ada"}), found, "replaced", NOW)


def test_a_missing_home_directory_fails_the_preview_with_one_line() -> None:
    host = desk(configuration=CONFIG | {"quant:transcriptDir": "~no-such-user/kept"})
    _, failures = host.operations.check({}, {"userId": "ada"})
    assert failures == [NOBODY]
    with pytest.raises(ConfigurationError, match=NOBODY):
        transcripts.folder_of("~no-such-user/kept")


def test_the_home_directory_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert str(transcripts.folder_of("~/kept")) == "/home/ada/kept"


def test_a_file_and_the_index_say_whose_session_it_was_and_why_and_when_it_is_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    host = desk(configuration=CONFIG | {"quant:transcriptDir": str(folder)})

    def delete(*_: object) -> None:
        assert read_index(folder) == [ABOUT | {"file": f"{ID}.json"}]
        assert json.loads((folder / f"{ID}.json").read_text()) == ABOUT | STORED
        raise KeyboardInterrupt

    host.api.delete.side_effect = delete
    with pytest.raises(KeyboardInterrupt):
        host.operations.delete(ID, applied(9, sessionGroup="course"), "replaced: userId changed")
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        f"{ID}.json": 0o600,
        "index.jsonl": 0o600,
    }
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_group_or_a_reason_they_say_so(tmp_path: Path) -> None:
    host = desk(configuration=CONFIG | {"quant:transcriptDir": str(tmp_path)})
    host.operations.delete(ID, applied(9))
    unknown = {"group": None, "reason": "replaced, no longer declared, or destroyed"}
    assert read_index(tmp_path) == [ABOUT | unknown | {"file": f"{ID}.json"}]
    assert json.loads((tmp_path / f"{ID}.json").read_text()) == ABOUT | STORED | unknown


@pytest.mark.parametrize("taken", ["index.jsonl", f"{ID}.json"])
def test_what_cannot_be_written_is_not_deleted_and_leaves_no_part(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir()
    host = desk(configuration=CONFIG | {"quant:transcriptDir": str(tmp_path)})
    line = rf"^session {ID} is not deleted: its messages could not be saved in transcriptDir \(Is a directory\)$"
    with pytest.raises(RefusedError, match=line):
        host.operations.delete(ID, applied(9))
    host.api.delete.assert_not_called()
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("rest", [b"", b"\n", b'{"id": "cut in the mid', b'{"id": "no line end"}'])
def test_a_line_that_a_kill_cut_is_removed_before_the_next(tmp_path: Path, rest: bytes) -> None:
    save(tmp_path, "1")
    whole = (tmp_path / "index.jsonl").read_bytes()
    (tmp_path / "index.jsonl").write_bytes(whole + rest.strip())
    save(tmp_path, "2")
    assert [line["id"] for line in read_index(tmp_path)] == ["1", "2"]
    (tmp_path / "index.jsonl").write_bytes(rest.strip())
    save(tmp_path, "3")
    assert [line["id"] for line in read_index(tmp_path)] == ["3"]


RUN = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tests.unit.operations.test_transcripts import save

folder, run = Path(sys.argv[1]), sys.argv[2]
with ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda number: save(folder, f"{run}-{number}" if number else "shared"), range(60)))
"""
"""The threads of one run. Every run deletes the shared session too."""


def test_threads_and_runs_at_the_same_time_tear_nothing(tmp_path: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path), name]) for name in "abc"]  # noqa: S603 - our own code
    assert [run.wait() for run in runs] == [0, 0, 0]
    expected = ["shared"] * 3 + [f"{run}-{number}" for run in "abc" for number in range(1, 60)]
    assert sorted(line["id"] for line in read_index(tmp_path)) == sorted(expected)
    saved = {file.name: json.loads(file.read_text()) for file in tmp_path.glob("*.json")}
    assert saved.keys() == {line["file"] for line in read_index(tmp_path)}
    assert {len(session["messages"]) for session in saved.values()} == {99}
    assert list(tmp_path.glob(".*")) == []
