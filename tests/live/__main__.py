"""Run the acceptance tests that are marked ``live`` against QuantCDN itself, or ``clean`` up after a killed run.

It needs LIVE_TEST_ORGANIZATION and LIVE_TEST_TOKEN, and asks for the organization's name, or for YES=1.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.text import counted
from tests.live import account as variables
from tests.live.account import Account, AccountError, account_in
from tests.live.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
_PYTEST: Final = ("-m", "tools.run_tests", "-p", "tests.live.plugin", "-m", "live", "--verbose")
_TESTS: Final = "tests/acceptance"


def folder_in(environ: Mapping[str, str]) -> Path:
    """Return the folder of the ledgers."""
    return Path(environ.get(variables.FOLDER) or ROOT / ".live")


def main(arguments: Sequence[str]) -> int:
    """Clean up, run the tests, and clean up again. Return pytest's exit code, or 1 if a session may be left."""
    try:
        account = account_in(os.environ)
        if arguments[:1] == ["clean"]:
            return _clean(account)
        _confirm(account)
    except AccountError as error:
        sys.exit(str(error))
    code = _clean(account)
    return code or _run(arguments) or _clean(account)


def _confirm(account: Account) -> None:
    """Ask for the organization's name, unless YES is 1. Raise AccountError if it is not given."""
    print(f"Live tests create and delete sessions at {account.base_url} in organization {account.organization}.")
    if os.environ.get("YES") == "1":
        return
    try:
        answer = input("To go on, type the organization's name (or run with YES=1): ") if sys.stdin.isatty() else ""
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer != account.organization:
        raise AccountError("Nothing was sent.")


def _run(arguments: Sequence[str]) -> int:
    """Run pytest and wait for it, also when Ctrl-C stops it, and clean up then."""
    chosen = [] if any(argument.startswith("tests/") for argument in arguments) else [_TESTS]
    environment = {**os.environ, variables.FOLDER: str(folder_in(os.environ))}
    signal.signal(signal.SIGINT, lambda *_: None)  # pytest gets it too, and this process waits for it
    done = subprocess.run([sys.executable, *_PYTEST, *arguments, *chosen], cwd=ROOT, env=environment, check=False)  # noqa: S603 - ours
    if done.returncode:
        _clean(account_in(os.environ))
    return done.returncode


def _clean(account: Account) -> int:
    """Delete what runs that have ended left behind. Return 1 if that failed."""
    swept = sweep(folder_in(os.environ), account)
    if swept.deleted:
        print(f"Deleted {counted(swept.deleted, 'session')} that a run had left.")
    for failure in (*swept.others, *swept.failures):
        print(f"Not cleaned up: {failure}", file=sys.stderr)
    return int(bool(swept.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
