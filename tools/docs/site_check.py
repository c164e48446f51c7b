"""Checks built pages: each link, anchor, picture, style and script is there, nothing is loaded from another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOADS: Final = {"src", "srcset", "poster", "data", "action"}
"""Attributes whose address the browser loads by itself."""
_LINKED: Final = {"canonical", "next", "prev", "alternate"}
"""Relations of a `link` that loads nothing."""
_STYLE_LOADS: Final = re.compile(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)")
_NOT_FOUND: Final = "404.html"
"""The server shows it at any address, so its links are those of a server's root."""


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.lost_lists = 0
        self._in_paragraph = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        self.anchors |= {own[name] for name in ("id", "name") if name in own}
        self._in_paragraph = tag == "p"
        if "href" in own:
            loads = tag == "link" and not _LINKED & set(own.get("rel", "").split())
            (self.loads if loads else self.links).append(own["href"])
        self.loads += [own[name].split(" ")[0] for name in _LOADS & set(own)]

    def handle_data(self, data: str) -> None:
        # A list right below a line of text is one for GitHub, not for Python's Markdown.
        self.lost_lists += self._in_paragraph and bool(re.search(r"\n([-*] |\d+\. )", data))


def problems_of(site: Path) -> list[str]:
    """Return one line for each problem of a built site."""
    site = site.resolve()  # as targets of links are, to find their anchors
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}
    found = [line for file, page in pages.items() for line in _problems(site, file, page, pages)]
    for style in sorted(site.rglob("*.css")):
        remote = _STYLE_LOADS.findall(style.read_text(encoding="utf-8"))
        found += [f"{style.relative_to(site)}: loads {address}" for address in remote]
    return found


def _problems(site: Path, file: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    at = file.relative_to(site)
    for address in page.loads:
        if _is_remote(address):
            yield f"{at}: loads {address}"
    for address in (*page.loads, *page.links):
        if not _is_remote(address) and str(at) != _NOT_FOUND:
            yield from (f"{at}: {address} {problem}" for problem in _broken(file, address, pages))
    if page.lost_lists:
        yield f"{at}: a list has no blank line before it"


def _is_remote(address: str) -> bool:
    return bool(urlsplit(address).netloc)


def _broken(file: Path, address: str, pages: dict[Path, _Page]) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.scheme:
        return
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        yield "does not exist"
    elif target in pages and parts.fragment and unquote(parts.fragment) not in pages[target].anchors:
        yield "has no such anchor"
