"""Builds ``docs/`` as a site in ``.site/html``, and stops at whatever is broken in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path, PurePosixPath
from typing import Final

from tools.docs.site_check import problems_of

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
STAGE: Final = ROOT / ".site"
HTML: Final = STAGE / "html"
CONFIGURATION: Final = ROOT / "zensical.toml"
NOT_OURS: Final = ("_index.md", "installation-configuration.md")
"""Pages for the Pulumi Registry, in the language of its own site."""

_LINK: Final = re.compile(r"(?<=\]\()(?!\w+:|#)[^)\s]+(?=\))")
_SCHEMES: Final = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">'
    r'\s*<img src="([^"]+)"([^>]*)>\s*</picture>'
)
_COLOR: Final = re.compile("\x1b\\[[0-9;]*m")
_NAV_FILE: Final = re.compile(r'= "([^"]+\.md)"')


def main() -> None:
    """Build and check; exit with one line for each problem."""
    problems = [*stage(), *nav_problems()]
    if not problems:
        _build()
        problems = problems_of(HTML)
    if problems:
        sys.exit("\n".join(problems))
    print(f"The site: {HTML.relative_to(ROOT)}/index.html")


def stage() -> list[str]:
    """Copy docs and configuration to where they are built from; return the links that leave docs for nothing.

    Links to other files of the repository become links to its host, pictures in two schemes follow the reader's choice.
    """
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree(DOCS, STAGE / "docs", ignore=shutil.ignore_patterns(*NOT_OURS))
    text = CONFIGURATION.read_text(encoding="utf-8")
    text = text.replace("[project]\n", '[project]\ndocs_dir = "docs"\nsite_dir = "html"\n', 1)
    # As `repo_url`, readers' browsers would ask GitHub for its stars and releases.
    text += f'\n[[project.extra.social]]\nicon = "lucide/git-branch"\nname = "Repository"\nlink = "{repository()}"\n'
    (STAGE / "zensical.toml").write_text(text, encoding="utf-8")
    return [problem for page in sorted((STAGE / "docs").rglob("*.md")) for problem in _rewrite(page)]


def repository() -> str:
    """Return the address of the repository, from the metadata of the package."""
    urls = dict(line.split(", ", 1) for line in metadata("quant-sessions-provider").get_all("Project-URL") or ())
    return str(urls["Source"])


def nav_problems() -> list[str]:
    """Return the pages that the navigation lacks, and its lines without a page."""
    named = set(_NAV_FILE.findall(CONFIGURATION.read_text(encoding="utf-8")))
    pages = {page.relative_to(STAGE / "docs").as_posix() for page in (STAGE / "docs").rglob("*.md")}
    lacking = [f"docs/{page} is not in the nav of {CONFIGURATION.name}" for page in sorted(pages - named)]
    return lacking + [f"{CONFIGURATION.name}: docs/{page} does not exist" for page in sorted(named - pages)]


def _rewrite(page: Path) -> list[str]:
    folder = PurePosixPath("docs", page.parent.relative_to(STAGE / "docs").as_posix())
    broken: list[str] = []

    def outside(link: re.Match[str]) -> str:
        path, _, anchor = link[0].partition("#")
        target = os.path.normpath(folder / path)
        if target.startswith("docs/") and PurePosixPath(target).name not in NOT_OURS:
            return link[0]
        if not (ROOT / target).exists():
            broken.append(f"{folder / page.name}: {link[0]} does not exist")
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        return f"{repository()}/{kind}/main/{target}{f'#{anchor}' if anchor else ''}"

    text = _LINK.sub(outside, page.read_text(encoding="utf-8"))
    page.write_text(_SCHEMES.sub(r'<img src="\2#only-light"\3><img src="\1#only-dark"\3>', text), encoding="utf-8")
    return broken


def _build() -> None:
    if sys.version_info < (3, 11):
        sys.exit("Zensical, which builds the site, needs Python 3.11 or newer: make clean setup PYTHON=python3.11")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    built = subprocess.run(command, cwd=STAGE, check=False, capture_output=True, text=True)
    if built.returncode:
        # It prints each problem with its place, in color, then a traceback of its own.
        sys.exit(_COLOR.sub("", f"{built.stdout}{built.stderr.partition('Traceback')[0]}"))


if __name__ == "__main__":
    main()
