"""List what the wheel in dist/ installs, as a CycloneDX document beside it: `make sbom`.

It has every package that the extras for users bring, in the versions that are newest at the release.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Final

import quant_sessions_provider
from tools.release.distribution import DIST, ROOT, ReleaseError, ran, wheel
from tools.release.environments import Environment
from tools.release.extras import CORE, EXTRAS

FILE: Final = f"quant-sessions-provider-{quant_sessions_provider.__version__}.cdx.json"


def write(folder: Path = DIST) -> Path:
    """Write the document into the folder of the wheel, and return it. It is validated against CycloneDX's schema.

    Raises:
        ReleaseError: there is no wheel, it cannot be installed, or the document is not valid.

    """
    built, file = wheel(folder), folder / FILE
    extras = ",".join(name for name in EXTRAS if name != CORE)
    with tempfile.TemporaryDirectory(prefix="quant-sessions-sbom-") as scratch:
        environment = Environment(Path(scratch, "environment"), Path(sys.executable))
        environment.install(f"{built}[{extras}]")
        _describe(environment, file)
    return file


def _describe(environment: Environment, file: Path) -> None:
    options = [
        "--pyproject",
        str(ROOT / "pyproject.toml"),
        "--mc-type",
        "library",
        "--output-reproducible",
        "--validate",
    ]
    ran(
        *(sys.executable, "-m", "cyclonedx_py", "environment", *options),
        *("--output-file", str(file), str(environment.python)),
    )


def components(file: Path) -> dict[str, str]:
    """Return the packages in a document, with their versions."""
    return {each["name"]: each["version"] for each in json.loads(file.read_text())["components"]}


if __name__ == "__main__":
    try:
        written = write()
    except ReleaseError as error:
        sys.exit(str(error))
    print(f"{written}: {len(components(written))} packages")
