"""`make release-check`: all that a release needs, in order, up to the first failure.

TAG=vX.Y.Z checks the release of that tag. ARGS="version sbom" runs only the named steps. What passed is in dist/.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import quant_sessions_provider
from tests.support.state_files import FOLDER
from tools.environment import without
from tools.progress import minutes
from tools.release import changelog
from tools.release.distribution import DIST, ROOT, ReleaseError, ran

if TYPE_CHECKING:
    from collections.abc import Callable


_NO_RELEASE: Final = r"no\s+release\s+yet|the\s+first\s+release"
"""How pages say that there is nothing on PyPI."""


def _clean() -> None:
    if changed := ran("git", "status", "--porcelain").splitlines():
        raise ReleaseError(f"not committed: {', '.join(line[3:] for line in changed)}")


def _version() -> None:
    """Hold version, changelog and recorded state against each other, and write what the release says of itself."""
    tag = os.environ.get("TAG", "")
    section = changelog.current(tag)
    recorded = FOLDER / f"v{_minor(quant_sessions_provider.__version__)}.json"
    if not recorded.exists():
        raise ReleaseError(f"{recorded.relative_to(ROOT)} is missing: run `make state`, as RELEASING.md says")
    if tag and (pages := _before_any_release()):
        raise ReleaseError(f"there is a release now, unlike these pages say: {', '.join(pages)}")
    DIST.mkdir(exist_ok=True)
    (DIST / "RELEASE_NOTES.md").write_text(f"{section.text}\n")


def _before_any_release() -> list[str]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in pages if re.search(_NO_RELEASE, page.read_text())]


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _empty() -> None:
    """Remove what an earlier run has left: all that is in dist/ at the end is released."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()


def _make(target: str) -> None:
    env = without(os.environ, "ARGS", "MAKE", "MFLAGS")  # those of this run are no others'
    if subprocess.run(["make", "--no-print-directory", target], cwd=ROOT, env=env, check=False).returncode:
        raise ReleaseError(f"`make {target}` failed; the lines above say why")


TARGETS: Final = (
    "check",
    "workflows",
    "docs",
    "install-check",
    "sbom",
    "plugin-archive",
    "previews-check",
    "test-long",
    "test",
)
"""`make install-check` builds what it installs. The last three hold everything that is generated."""
STEPS: Final[dict[str, Callable[[], None]]] = {
    "clean": _clean,
    "empty": _empty,
    "version": _version,
    **{target: partial(_make, target) for target in TARGETS},
}


def main(names: list[str]) -> int:
    """Run the named steps, or all. Return 1 after the first that fails."""
    if unknown := [name for name in names if name not in STEPS]:
        print(f"no such step: {', '.join(unknown)}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 1
    began = time.monotonic()
    for name in names or STEPS:
        started = time.monotonic()
        print(f"=== {name}", flush=True)
        try:
            STEPS[name]()
        except ReleaseError as error:
            print(f"FAILED: {name}: {error}", file=sys.stderr)
            return 1
        print(f"=== {name}: passed, {minutes(time.monotonic() - started)}", flush=True)
    print(f"All passed: {minutes(time.monotonic() - began)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
