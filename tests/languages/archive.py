"""The archive of ``make plugin-archive``: Pulumi installs it, given as a file or found at a ``pluginDownloadURL``."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

from tests.languages.life import ORGANIZATION, Life
from tests.languages.prepare import CannotRunError
from tests.languages.project import ExampleProject
from tools import plugin_archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.emulator_server import Emulator

_BY_PATH: Final = """\
plugins:
  providers:
    - name: quant-sessions
      path: .venv/bin
"""


def as_a_file(folder: Path, emulator: Emulator) -> None:
    """Install the archive as a file. The YAML example then needs no path to the plugin.

    Raises:
        CannotRunError: pip reaches no packages.

    """
    file, *_ = _written(folder)
    project = _example(folder, emulator)
    version = plugin_archive.plugin_version()
    project.run("plugin", "install", "resource", "quant-sessions", version, "--file", str(file))
    life = Life(project, emulator)
    life.create()
    life.change()
    life.leave()


def from_a_url(folder: Path, emulator: Emulator) -> None:
    """Serve the archives under Pulumi's names. A program that says where gets its plugin by itself.

    Raises:
        CannotRunError: pip reaches no packages.

    """
    file, *_ = _written(folder)
    project = _example(folder, emulator)
    with _served(file.parent) as url:
        options = (
            f"    options:\n      pluginDownloadURL: {url}\n      version: {plugin_archive.plugin_version()[1:]}\n"
        )
        for name in ("Session", "SessionGroup"):
            declared = f"    type: quant-sessions:{name}\n"
            project.edit(declared, declared + options)
        Life(project, emulator).create()


def _written(folder: Path) -> list[Path]:
    """Write the archives with a wheel of this checkout in place of the release."""
    _python(folder, "pip", "download", "--quiet", "--no-deps", "--dest", str(folder / "reached"), "semver")
    _python(folder, "hatchling", "build", "--target", "wheel", "--directory", str(folder / "wheel"))
    (wheel,) = (folder / "wheel").glob("*.whl")
    return plugin_archive.write(folder / "archives", f"{plugin_archive.DISTRIBUTION} @ {wheel.as_uri()}")


def _python(folder: Path, module: str, *arguments: str) -> None:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise CannotRunError(f"`{module} {arguments[0]}` failed: {done.stderr.strip().splitlines()[-1]}")


def _example(folder: Path, emulator: Emulator) -> ExampleProject:
    project = ExampleProject(folder / "yaml", "yaml", emulator.variables(ORGANIZATION))
    project.edit(_BY_PATH, "")
    return project


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free loopback port. Yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
