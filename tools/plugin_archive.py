"""Write the archives that `pulumi plugin install` takes: `make plugin-archive`.

An archive holds no program. Pulumi's host of Python programs makes an environment from its requirements.txt, so the
machine needs Python. The content is the same for all platforms; only the names differ, by which Pulumi asks for them.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path
from typing import Final

import quant_sessions_provider
from quant_sessions_provider.plugin.schema import semver

DISTRIBUTION: Final = "quant-sessions-provider"
PLATFORMS: Final = tuple(f"{system}-{chip}" for system in ("linux", "darwin", "windows") for chip in ("amd64", "arm64"))
"""In Pulumi's spelling, as in the names of its own plugins."""

_DIST: Final = Path(__file__).resolve().parent.parent / "dist"
_MANIFEST: Final = """\
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: venv
"""
_MAIN: Final = """\
from quant_sessions_provider.plugin.server import main

main()
"""


def plugin_version() -> str:
    """Return this version as Pulumi spells it, with its v."""
    return f"v{semver(quant_sessions_provider.__version__)}"


def release() -> str:
    """Return what pip installs: this version from its index."""
    return f"{DISTRIBUTION}=={quant_sessions_provider.__version__}"


def name_of(platform: str) -> str:
    """Return the name under which Pulumi asks for the archive of a platform."""
    return f"pulumi-resource-quant-sessions-{plugin_version()}-{platform}.tar.gz"


def archive(requirement: str) -> bytes:
    """Return the archive. The same requirement gives the same bytes."""
    files = {"PulumiPlugin.yaml": _MANIFEST, "__main__.py": _MAIN, "requirements.txt": f"{requirement}\n"}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def write(folder: Path, requirement: str) -> list[Path]:
    """Write the archive of each platform into a folder. Return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    content = archive(requirement)
    files = [folder / name_of(platform) for platform in PLATFORMS]
    for file in files:
        file.write_bytes(content)
    return files


if __name__ == "__main__":
    for written in write(_DIST, release()):
        print(written)
