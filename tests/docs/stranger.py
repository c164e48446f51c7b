"""Runs a page of the docs in an empty folder: writes its files and runs its commands in order, in one shell."""

from __future__ import annotations

import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.docs.blocks import blocks_of
from tests.support.emulator_server import Emulator
from tests.support.engine import ROOT_VARIABLE
from tests.support.examples import untrue
from tests.support.killing import start
from tools.docs.terminal import terminal
from tools.environment import CREDENTIALS, ENGINE, without

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[2]
_COLUMNS: Final = 80
_PATIENCE: Final = 600.0
_END: Final = "The page ends here."
_PULUMI_NEW: Final = """\
cat > Pulumi.yaml <<'END'
name: shop
runtime: {name: python, options: {toolchain: pip, virtualenv: .venv}}
END
python3 -m venv .venv
export PULUMI_BACKEND_URL="file://$PWD" PULUMI_CONFIG_PASSPHRASE=any
pulumi stack init dev
clear
"""
"""What the page supposes, as `pulumi new python` leaves it, without its questions."""

_WAIT: Final = "until (: > /dev/tcp/127.0.0.1/$PORT) 2>&-; do sleep 0.1; done"

# Everything in which a run differs from what a page says, and why.
_ALWAYS: Final = {
    r"^make .*\n": "",  # in a clone: `make fresh` runs the targets
    r"emulator --quiet &$": f"emulator --quiet --port $PORT &\n{_WAIT}",  # a reader is slower than a script
    r"127\.0\.0\.1:8787": "127.0.0.1:$PORT",  # another one may use the port
}
_FROM_CLONE: Final = {
    r"pip install '?quant-sessions-provider(\[\w+\])?'?": f"pip install --quiet '{ROOT}\\1'",  # until the first release
}
_INSTALLED: Final = {
    r"^python3 -m venv \.venv$": f"ln -s {sys.prefix} .venv",  # an environment where the package is installed
    r"^\S*pip install .*\n": "",
}


@dataclass(frozen=True)
class Page:
    """A page, with what it supposes, and whether it shows what a terminal shows, or a pipe."""

    path: str
    before: str = ""
    in_terminal: bool = False

    @property
    def text(self) -> str:
        """The page's text."""
        return (ROOT / self.path).read_text(encoding="utf-8")

    def script(self, *, install: bool) -> str:
        """Return the commands of the page. ``install``: in a new environment, where pip installs the clone."""
        rules = _ALWAYS | (_FROM_CLONE if install else _INSTALLED)
        steps = [self.before]
        for block in blocks_of(self.text):
            if block.language == "sh":
                steps.append(block.text)
            elif block.language != "text":
                steps.append(f"cat > {block.file} <<'END'\n{block.text}END\n")
        return _changed("".join(steps), rules)


PAGES: Final = (Page("README.md", _PULUMI_NEW, in_terminal=True), Page("docs/getting-started.md"))


def _changed(script: str, rules: Mapping[str, str]) -> str:
    for pattern, instead in rules.items():
        script = re.sub(pattern, instead, script, flags=re.MULTILINE)
    return script


def follow(page: Page, folder: Path, *, install: bool) -> tuple[str, list[str]]:
    """Run a page; return what was printed, and the ``text`` blocks that were not."""
    script = f"set -euo pipefail\n{page.script(install=install)}\necho '{_END}'"
    command = ["/bin/bash", "-c", script]
    with Emulator() as emulator:
        environment = _environment(folder, emulator)
        if page.in_terminal:
            with terminal(command, folder, environment, _COLUMNS) as run:
                shown = run.wait()
        else:
            with start(command, folder, environment, folder / "printed.txt") as piped:
                piped.wait(_PATIENCE)
                shown = piped.text
    assert shown.rstrip().endswith(_END), shown
    return shown, untrue(page.text, [shown])


def _environment(folder: Path, emulator: Emulator) -> dict[str, str]:
    """Return the variables of a user who has the tools and none of our settings; the API is an emulator."""
    paths = [f"{folder}/.venv/bin", f"{os.environ[ROOT_VARIABLE]}/bin", os.environ["PATH"]]
    return {
        **without(os.environ, CREDENTIALS, ENGINE, "VIRTUAL_ENV", "PYTHON"),
        "HOME": str(folder),
        "PATH": os.pathsep.join(paths),
        "TERM": "xterm-256color",
        "PULUMI_DISABLE_CI_DETECTION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "QUANTCDN_BASE_URL": emulator.url,
        "PORT": str(_free_port()),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
