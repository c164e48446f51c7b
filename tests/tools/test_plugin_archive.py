from __future__ import annotations

import gzip
import io
import runpy
import tarfile
from typing import TYPE_CHECKING

import yaml

import quant_sessions_provider
from quant_sessions_provider.plugin import server
from tools import plugin_archive

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def unpacked(archive: Path, folder: Path) -> dict[str, str]:
    """Unpack an archive as Pulumi does. Return the files at its root."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive.read_bytes()))) as tar:
        tar.extractall(folder, filter="data")
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_every_platform_has_an_archive_with_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quant_sessions_provider, "__version__", "0.2.0rc1", raising=False)
    written = plugin_archive.write(tmp_path / "dist", plugin_archive.release())

    assert "pulumi-resource-quant-sessions-v0.2.0-rc.1-linux-amd64.tar.gz" in [file.name for file in written]
    assert len(written) == 6
    assert len({file.read_bytes() for file in written}) == 1
    files = unpacked(written[0], tmp_path / "plugin")
    assert files.keys() == {"PulumiPlugin.yaml", "__main__.py", "requirements.txt"}
    assert files["requirements.txt"] == "quant-sessions-provider==0.2.0rc1\n"
    runtime = yaml.safe_load(files["PulumiPlugin.yaml"])["runtime"]
    assert runtime == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}


def test_its_program_is_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (archive, *_) = plugin_archive.write(tmp_path, "quant-sessions-provider")
    unpacked(archive, tmp_path / "plugin")
    served: list[bool] = []
    monkeypatch.setattr(server, "main", lambda: served.append(True))
    runpy.run_path(str(tmp_path / "plugin"), run_name="__main__")
    assert served == [True]
