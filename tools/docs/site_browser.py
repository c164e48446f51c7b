"""Opens the built site in a browser, in both schemes: nothing comes from another host, and the search finds a page."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Final, Literal

from playwright.sync_api import Browser, Request, Response, sync_playwright

from tools import browser as browsers
from tools.docs.site import HTML

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_NAMES: Final = {"light": "default", "dark": "slate"}
_SOUGHT: Final = ("expirationMinutes", "/expiry/")
"""A word, and a page that a search for it lists."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Log nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine, at the address that is returned."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class _Visit:
    """A reader with a preferred scheme."""

    def __init__(self, browser: Browser, site: str, scheme: Literal["light", "dark"]) -> None:
        context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
        self.page, self._site, self.scheme = context.new_page(), site, scheme
        self.problems: list[str] = []
        self.page.on("request", self._note_foreign)
        self.page.on("response", self._note_missing)
        self.page.on("pageerror", lambda error: self.problems.append(f"{self.page.url}: {error}"))

    def _note_foreign(self, request: Request) -> None:
        if not request.url.startswith((self._site, "data:", "blob:")):
            self.problems.append(f"{self.page.url} loads {request.url}")

    def _note_missing(self, response: Response) -> None:
        if response.status >= HTTPStatus.BAD_REQUEST:
            self.problems.append(f"{self.page.url}: {response.url} is answered with {response.status}")

    def open(self, name: str) -> None:
        """Open a page, and see that it has the scheme that the reader prefers."""
        self.page.goto(f"{self._site}{name}")
        found = self.page.locator("body").get_attribute("data-md-color-scheme")
        if found != _NAMES[self.scheme]:
            self.problems.append(f"{name} has the scheme {found}, not {_NAMES[self.scheme]}")

    def search(self) -> None:
        """Search for a word, and see that its page is listed."""
        word, name = _SOUGHT
        self.page.keyboard.press("/")
        self.page.keyboard.type(word)
        self.page.locator(f"a[href*='{name}']:visible", has_text="expir").first.wait_for()

    def toggle(self) -> None:
        """Switch to the other scheme."""
        other = next(name for name in _NAMES.values() if name != _NAMES[self.scheme])
        self.page.locator("label[for^=__palette]:visible").first.click()
        self.page.locator(f"body[data-md-color-scheme={other}]").wait_for()


def main() -> None:
    """Visit all pages in both schemes; exit with one line for each problem."""
    with served(HTML) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.ensure())
        problems = [line for scheme in _SCHEMES for line in _problems(_Visit(browser, site, scheme))]
        browser.close()
    if problems:
        sys.exit("\n".join(problems))


def _problems(visit: _Visit) -> list[str]:
    for page in sorted(HTML.rglob("index.html")):
        visit.open(page.parent.relative_to(HTML).as_posix())
    visit.search()
    visit.page.keyboard.press("Escape")
    visit.toggle()
    return visit.problems


if __name__ == "__main__":
    main()
