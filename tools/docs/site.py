"""Builds ``docs/`` as a site in ``.site/html``, and stops at whatever is broken in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import metadata
from pathlib import Path, PurePosixPath
from typing import Final

from tools.docs.site_check import problems_of

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
STAGE: Final = ROOT / ".site"
HTML: Final = STAGE / "html"
STYLE: Final = Path(__file__).with_name("site.css")
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
    problems = stage()
    if not problems:
        _build()
        problems = problems_of(HTML)
    if problems:
        sys.exit("\n".join(problems))
    print(f"The site: {HTML.relative_to(ROOT)}/index.html")


def stage() -> list[str]:
    """Copy docs and configuration to where they are built from; return what is wrong with the navigation and links."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree(DOCS, STAGE / "docs", ignore=shutil.ignore_patterns(*NOT_OURS))
    shutil.copy(STYLE, STAGE / "docs")
    configuration = CONFIGURATION.read_text(encoding="utf-8")
    (STAGE / CONFIGURATION.name).write_text(_staged(configuration), encoding="utf-8")
    pages = {page.relative_to(STAGE).as_posix(): page for page in sorted((STAGE / "docs").rglob("*.md"))}
    problems = nav_problems(configuration, {name.removeprefix("docs/") for name in pages})
    for name, page in pages.items():
        shown, broken = for_site(PurePosixPath(name), page.read_text(encoding="utf-8"))
        page.write_text(shown, encoding="utf-8")
        problems += broken
    return problems


def _staged(configuration: str) -> str:
    folders = 'docs_dir = "docs"\nsite_dir = "html"\n'
    # As `repo_url`, readers' browsers would ask GitHub for its stars and releases.
    link = f'\n[[project.extra.social]]\nicon = "lucide/git-branch"\nname = "Repository"\nlink = "{repository()}"\n'
    return configuration.replace("[project]\n", f"[project]\n{folders}", 1) + link


@cache
def repository() -> str:
    """Return the address of the repository, from the metadata of the package."""
    urls = dict(line.split(", ", 1) for line in metadata("quant-sessions-provider").get_all("Project-URL") or ())
    return str(urls["Source"])


def nav_problems(configuration: str, pages: set[str]) -> list[str]:
    """Return the pages that the navigation lacks, and its lines without a page."""
    named = set(_NAV_FILE.findall(configuration))
    lacking = [f"docs/{page} is not in the nav of {CONFIGURATION.name}" for page in sorted(pages - named)]
    return lacking + [f"{CONFIGURATION.name}: docs/{page} does not exist" for page in sorted(named - pages)]


def for_site(page: PurePosixPath, text: str) -> tuple[str, list[str]]:
    """Return the text of a page as the site shows it, and its links to files that the repository does not have.

    Links to other files of the repository become links to its host. Pictures in two schemes follow the reader's choice.
    """
    outside = {link: target for link in _LINK.findall(text) if not _is_on_site(target := _target(page, link))}
    broken = [f"{page}: {link} does not exist" for link, target in outside.items() if not (ROOT / target).exists()]
    linked = _LINK.sub(lambda link: _at_host(outside[link[0]], link[0]) if link[0] in outside else link[0], text)
    return _SCHEMES.sub(r'<img src="\2#only-light"\3><img src="\1#only-dark"\3>', linked), broken


def _target(page: PurePosixPath, link: str) -> str:
    return os.path.normpath(page.parent / link.partition("#")[0])


def _is_on_site(target: str) -> bool:
    return target.startswith("docs/") and PurePosixPath(target).name not in NOT_OURS


def _at_host(target: str, link: str) -> str:
    kind = "tree" if (ROOT / target).is_dir() else "blob"
    return f"{repository()}/{kind}/main/{target}{''.join(link.partition('#')[1:])}"


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
