"""``docs/reference/errors.md``: every error of the code with cause and cure, which are in ``errors/*.yaml``.

``errors/pulumi.yaml`` has errors of Pulumi itself. No test holds those: they were seen at the CLI.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from tools.reference.tables import MADE, table

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).with_name("errors")
_HEAD: Final = f"""{MADE}
# Errors

Search for a few words of the error that you see, without names and numbers. A name in braces stands for what differs: a
property, a number, a host. An error may consist of several of these texts: each says a part of what happened, or what
to do. Errors are one line and name what is at fault first, such as `messages[0].role:`. Commands show a wrong option in
a box, which breaks the line. `QUANTCDN_DEBUG=1` adds a traceback.

In the output of `pulumi`, read what follows `error:` or `has a problem:`. The other lines are
[Pulumi's own](#errors-of-pulumi-itself).

"""


class Known(NamedTuple):
    """Errors with one cause and one cure."""

    texts: list[str]
    cause: str
    cure: str


def errors() -> str:
    """Return the page."""
    return _HEAD + "\n".join(map(_section, (*_files(), _read(FOLDER / "pulumi.yaml"))))


def known() -> Iterator[Known]:
    """Return all errors of the page but Pulumi's own."""
    return (Known(**entry) for section in _files() for entry in section["errors"])


def left_out() -> list[str]:
    """Return the texts that are no errors of their own."""
    return [text for texts in _read(FOLDER / "others.yaml").values() for text in texts]


def _files() -> Iterator[dict[str, Any]]:
    return map(_read, sorted(FOLDER.glob("[0-9]*.yaml")))


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return read


def _section(section: dict[str, Any]) -> str:
    entries = sorted((Known(**entry) for entry in section["errors"]), key=lambda one: _words(one.texts[0]))
    rows = [("<br>".join(map(_code, sorted(one.texts, key=_words))), one.cause, one.cure) for one in entries]
    about = f"{section['about']}\n\n" if "about" in section else ""
    return f"## {section['title']}\n\n{about}{table(('error', 'cause', 'what to do'), rows)}"


def _words(text: str) -> str:
    """Return what a text is sorted by: without the names in braces and punctuation before its first word."""
    return re.sub(r"^(\{[^}]*\}|\W)+", "", text).lower()


def _code(text: str) -> str:
    mark = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{mark}{space}{text.strip()}{space}{mark}"
