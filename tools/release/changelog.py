"""Hold the changelog against the version, and print what a release says of itself: `python -m tools.release.changelog`.

Between releases the newest section is Unreleased, and the version is the next one's. The release gives the section its
version and date: `## X.Y.Z (2027-01-31)`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

import quant_sessions_provider
from tools.plugin_archive import plugin_version
from tools.release.distribution import ROOT, ReleaseError

UNRELEASED: Final = "Unreleased"
_HEADING: Final = re.compile(r"^## (?P<title>\S+)(?: \((?P<date>\d{4}-\d\d-\d\d)\))?\n", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One section: a version or Unreleased, its date, and its text."""

    title: str
    date: str | None
    text: str


def sections(changelog: str) -> list[Section]:
    """Return the sections of a changelog, newest first.

    Raises:
        ReleaseError: it has none, or one with a heading that is neither of the two.

    """
    found = list(_HEADING.finditer(changelog))
    if not found or len(found) != len(re.findall(r"^## ", changelog, re.MULTILINE)):
        raise ReleaseError("CHANGELOG.md: each section begins with `## Unreleased` or `## X.Y.Z (2027-01-31)`")
    ends = [each.start() for each in found[1:]] + [len(changelog)]
    return [
        Section(each["title"], each["date"], changelog[each.end() : end].strip())
        for each, end in zip(found, ends, strict=True)
    ]


def newest(changelog: str, version: str, tag: str = "") -> Section:
    """Return the section of a version. With its tag, the version is being released.

    Raises:
        ReleaseError: changelog, version and tag do not agree.

    """
    first, *older = sections(changelog)
    if tag and (tag, first.title) != (plugin_version(), version):
        raise ReleaseError(f"tag {tag}, version {version} and the newest section {first.title} must be of one release")
    if first.title not in (UNRELEASED, version):
        raise ReleaseError(f"version {version} is not {first.title}, the newest section of CHANGELOG.md")
    if (first.title == UNRELEASED) == bool(first.date):
        raise ReleaseError(f"CHANGELOG.md: a released section has a date, and Unreleased has none: {first.title}")
    if any(one.title == UNRELEASED for one in older):
        raise ReleaseError(f"CHANGELOG.md: only the newest section may be {UNRELEASED}")
    if late := [one.title for one in older if Version(one.title) >= Version(version)]:
        raise ReleaseError(f"version {version} must be newer than {late[0]}, which CHANGELOG.md has as released")
    return first


def current(tag: str = "") -> Section:
    """Return the section of this version; with its tag, of the release.

    Raises:
        ReleaseError: changelog, version and tag do not agree.

    """
    return newest((ROOT / "CHANGELOG.md").read_text(), quant_sessions_provider.__version__, tag)


def main(arguments: list[str]) -> None:
    """Print the text of the section; the argument is the tag, if there is one."""
    try:
        print(current(*arguments).text)
    except ReleaseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
