"""Follow each page in an empty folder, where pip installs the package: ``make docs-test``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.stranger import PAGES, follow
from tools.progress import say


def main() -> int:
    """Run all pages. Return how many show what was not printed."""
    failed = 0
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            shown, untrue = follow(page, Path(folder), install=True)
        say(f"{page.path}: {'as it says' if not untrue else 'not printed:'}")
        if untrue:
            failed += 1
            say("\n".join([*untrue, "but:", shown]))
    return failed


if __name__ == "__main__":
    sys.exit(main())
