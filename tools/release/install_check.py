"""`make install-check`: install the wheel in empty environments of every supported Python, and use what is installed.

For each Python: the package alone and each extra, with the newest packages; then all of them with the lowest versions
that pyproject.toml allows. The oldest Python runs the tests that need no engine on these too. The emulator is here.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from quant_sessions_provider.emulator import BackgroundEmulator
from tests.support.engine import ROOT_VARIABLE
from tools import pulumi_cli
from tools.environment import heed_ctrl_c
from tools.progress import say
from tools.pulumi_build import CannotBuildError
from tools.release.distribution import ROOT, ReleaseError, wheel
from tools.release.environments import Environment, find_python, supported
from tools.release.extras import CORE, EXTRAS, Trial, check_packages
from tools.sample_project import CommandFailedError

LOWEST: Final = "lowest"
UNIT: Final = "lowest, tests"
_TESTS: Final = (
    *("tests/unit", "tests/client", "tests/cli", "tests/emulator"),
    *("--ignore=tests/emulator/test_openapi.py", "--ignore=tests/emulator/test_page.py"),  # they need other programs
    *("--override-ini=filterwarnings=default", "--disable-warnings"),  # old packages warn of new ones
    *("-p", "no:cacheprovider", "--quiet", "--tb=short"),
)
_TEST_TOOLS: Final = (
    *("allpairspy", "cmarkgfm", "hypothesis", "jsonschema-rs", "psutil", "pyte", "pytest>=8.3", "pytest-xdist"),
    *("quantcdn-client==4.8.0", "trustme", "typing-extensions", "tzdata"),
)
_READ: Final = ("tests", "tools", "docs", "examples", "action.yml", "pyproject.toml", "README.md", "CONTRIBUTING.md")
"""What these tests import and read: not the package, whose source would be imported in place of the wheel."""
_LEFT: Final = (".venv", "__pycache__", "node_modules")
_PIP: Final = "pip"
"""Pulumi lists the packages of a program's environment with it."""

Check = Callable[[Path, Path], None]
"""It takes a Python and an empty folder."""


class InstallCheck:
    """The checks of one wheel, on an emulator, with the Pulumi CLI in a folder."""

    def __init__(self, built: Path, emulator: BackgroundEmulator, cli: Path) -> None:
        self._wheel, self._emulator, self._cli = built, emulator, cli

    def checks(self, *, oldest: bool) -> dict[str, Check]:
        """Return the checks of one Python, by name."""
        each: dict[str, Check] = {name: partial(self._newest, name) for name in EXTRAS}
        return each | {LOWEST: self._lowest} | ({UNIT: self._unit} if oldest else {})

    def _newest(self, name: str, python: Path, folder: Path) -> None:
        environment = Environment(folder / "environment", python)
        extra = "" if name == CORE else f"[{name}]"
        environment.install(_PIP, f"{self._wheel}{extra}")
        trial = self._trial(environment, folder / name)
        check_packages(name, trial)
        EXTRAS[name].use(trial)

    def _lowest(self, python: Path, folder: Path) -> None:
        environment = Environment(folder / "environment", python)
        environment.install_lowest(self._wheel, *[name for name in EXTRAS if name != CORE])
        environment.install(_PIP)
        for name, extra in EXTRAS.items():
            extra.use(self._trial(environment, folder / name))

    def _unit(self, python: Path, folder: Path) -> None:
        environment = Environment(folder / "environment", python)
        environment.install_lowest(self._wheel, "emulator", "policy")
        environment.install(*_TEST_TOOLS)
        for name in _READ:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*_LEFT))
            else:
                shutil.copy(ROOT / name, folder)
        environment.run("python", "-m", "pytest", *_TESTS, cwd=folder, **{ROOT_VARIABLE: str(self._cli.parent)})

    def _trial(self, environment: Environment, folder: Path) -> Trial:
        folder.mkdir()
        self._emulator.reset()
        return Trial(environment, folder, self._cli, self._emulator.variables("acme"))


def problem(check: Check, python: Path) -> str:
    """Run a check in an empty folder. Return what is wrong, or nothing."""
    with tempfile.TemporaryDirectory(prefix="quant-sessions-install-") as folder:
        try:
            check(python, Path(folder))
        except (ReleaseError, CommandFailedError) as error:
            return str(error)
    return ""


def report(version: str, checks: dict[str, Check]) -> bool:
    """Run all checks of a version of Python, and print a line for each. Return whether none failed."""
    python = find_python(version)
    if python is None:
        print(f"  {version:<6} not checked: it is not on this machine, and uv could not download it", flush=True)
        return True
    passed = True
    for name, check in checks.items():
        started = time.monotonic()
        wrong = problem(check, python)
        result = "FAILED" if wrong else "passed"
        print(f"  {version:<6} {name:<14} {result}  {time.monotonic() - started:5.1f} s", flush=True)
        say(wrong) if wrong else None
        passed = passed and not wrong
    return passed


def main(versions: list[str]) -> int:
    """Check the wheel in dist/ on these versions of Python, or on all. Return 1 if something failed."""
    heed_ctrl_c()
    try:
        built, cli = wheel(), pulumi_cli.ensure()
    except (ReleaseError, CannotBuildError) as error:
        say(str(error))
        return 1
    print(f"{built.name}, with the newest and the lowest packages that it allows", flush=True)
    known = supported()
    with BackgroundEmulator() as emulator:
        check = InstallCheck(built, emulator, cli)
        passed = [report(one, check.checks(oldest=one == known[0])) for one in versions or known]
    return int(not all(passed))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
