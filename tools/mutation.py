"""`make mutation`: break the core in many small ways, and see whether the unit tests notice each.

mutmut writes the mutants to `mutants/`, and forks for each. SAMPLE of them are run, the same ones as long as the code
is the same; 0 runs all. One that no test notices is printed and fails the run, unless `tools/survivors.txt` says why no
test can: its function, its changed lines, and the reason, then an empty line.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from tools.progress import minutes, say

ROOT: Final = Path(__file__).resolve().parents[1]
_EXPLAINED: Final = ROOT / "tools" / "survivors.txt"
_CORE: Final = ROOT / "mutants" / "quant_sessions_provider" / "core"
_FEW: Final = "quant_sessions_provider.core.durations*"
"""mutmut writes all mutants before it runs those that are named."""
_MUTMUT: Final = (sys.executable, "-m", "mutmut")
_SURVIVED: Final = (0, 33, None)
"""What mutmut records if all tests passed, if no test reaches the function, and if it has not run the mutant."""


def main(sample: str) -> int:
    """Run a sample. Return 1 if one survived that is not explained."""
    began = time.monotonic()
    _run(_FEW)
    names = sorted(_results())
    count = int(sample) or len(names)
    chosen = random.Random(1).sample(names, min(count, len(names)))  # noqa: S311 - nothing secret
    _run(*chosen)
    results = _results()
    left = {name: _change(name) for name in sorted(chosen) if results[name] in _SURVIVED}
    known = _explained()
    for name, change in left.items():
        say(f"{'explained' if change in known else 'SURVIVED'}: {name}\n{change}\n")
    new = [name for name, change in left.items() if change not in known]
    took = minutes(time.monotonic() - began)
    say(f"{len(chosen)} of {len(names)} mutants in {took}: {len(chosen) - len(left)} noticed, {len(new)} not explained")
    return int(bool(new))


def _run(*names: str) -> None:
    subprocess.run([*_MUTMUT, "run", "--max-children", str(os.cpu_count() or 1), *names], cwd=ROOT, check=True)


def _results() -> dict[str, int | None]:
    """Return mutmut's result of each mutant, None for one that has not been run."""
    files = sorted(_CORE.glob("*.meta"))
    return {name: code for file in files for name, code in json.loads(file.read_text())["exit_code_by_key"].items()}


def _change(name: str) -> str:
    """Return the function of a mutant, and the lines that differ."""
    shown = subprocess.run([*_MUTMUT, "show", name], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = [line for line in shown.splitlines() if re.match(r"[-+](?![-+]{2} )", line)]
    return "\n".join([re.sub(r"__mutmut_\d+$", "", name), *lines])


def _explained() -> set[str]:
    """Return the changes that no test can notice, without their reasons."""
    entries = _EXPLAINED.read_text().strip().split("\n\n")
    return {entry.rpartition("\n")[0] for entry in entries}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
