"""``make languages``: the examples in YAML, TypeScript and Go, their imports, and the archive of the plugin.

What this machine cannot run is listed at the end. It exits 1 if something that ran failed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.languages import archive, prepare
from tests.languages.imports import imported
from tests.languages.life import ORGANIZATION, Life
from tests.languages.project import PROGRAMS, ExampleProject
from tests.languages.readme import readme
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable


def example(language: str, folder: Path, emulator: Emulator) -> None:
    """Run the life of an example, hold its README against the output, and import a session.

    Raises:
        CannotRunError: something is missing on this machine.

    """
    prepare.host(language)
    project = ExampleProject(folder / language, language, emulator.variables(ORGANIZATION))
    prepare.sdk(project)
    life = Life(project, emulator)
    life.create()
    life.change()
    life.leave()
    assert project.untrue() == []
    imported(project, emulator)


PROOFS: Final[dict[str, Callable[[Path, Emulator], None]]] = {
    "readme": readme,
    **{language: partial(example, language) for language in PROGRAMS},
    "archive-file": archive.as_a_file,
    "archive-url": archive.from_a_url,
}


def main(names: list[str]) -> int:
    """Run the named proofs, or all. Return 1 if one of them failed."""
    failed, missing = False, []
    for name in names or PROOFS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="languages-") as folder, Emulator() as emulator:
            try:
                PROOFS[name](Path(folder), emulator)
            except prepare.CannotRunError as error:
                missing.append(f"not run: {name}: {error}")
                continue
            except AssertionError as error:
                failed = True
                print(f"{name}: FAILED: {error}", flush=True)  # noqa: T201 - the report
                continue
        print(f"{name}: passed, {time.monotonic() - started:.0f} seconds", flush=True)  # noqa: T201 - the report
    print(*missing, sep="\n")  # noqa: T201 - the report
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
