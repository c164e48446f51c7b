"""Writes the pictures of the emulator's page in ``docs/``: ``make screenshots``.

With the font Inter they look best, and with pngquant on PATH they are a third of the size.
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from playwright.sync_api import sync_playwright

from tests.support.emulator_server import Emulator
from tools import browser as browsers

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCS: Final = Path(__file__).parents[2] / "docs"
_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_SIZES: Final = {"wide": (1280, 800), "narrow": (400, 800)}
_ORGANISATION: Final = "acme"
_SHOWN: Final = "ada"


class _Life(NamedTuple):
    """A session: its user and group, when it was created and how long it lives, in minutes, and how many messages."""

    user: str
    group: str | None
    age: float
    lifetime: float
    messages: int
    status: str = "active"


_LIVES: Final = (
    _Life(_SHOWN, "support", 48, 75, 4),
    _Life("grace", "support", 12, 60, 3),
    _Life("linus", "support", 55, 60, 2),
    _Life("margaret", "workshop", 20, 120, 4),
    _Life("alan", "workshop", 20, 120, 1),
    _Life("barbara", "workshop", 20, 120, 3, "completed"),
    _Life("hedy", None, 5, 45, 2),
    _Life("radia", "on-call", 90, 240, 2),
    _Life("dennis", "on-call", 70, 60, 1),
)
_TALK: Final = (
    ("system", "You answer questions about parcels. Be short and kind."),
    ("user", "Where is my parcel? It was due yesterday."),
    ("assistant", "I am sorry. It left the depot this morning and is with you before four."),
    ("user", "Could it be left with my neighbour at number 12?"),
)


def _id(number: int) -> str:
    return f"3f2a91c{number}-58cc-4372-a567-0e02b2c3d479"


def _fill(emulator: Emulator) -> None:
    now = datetime.now(timezone.utc)
    for number, life in enumerate(_LIVES):
        created = now - timedelta(minutes=life.age)
        emulator.seed(
            _ORGANISATION,
            _id(number),
            userId=life.user,
            sessionGroup=life.group,
            status=life.status,
            createdAt=created.isoformat(),
            expiresAt=(created + timedelta(minutes=life.lifetime, seconds=20)).isoformat(),
            messages=[{"role": role, "content": content} for role, content in _TALK[: life.messages]],
        )


def _send_requests(emulator: Emulator) -> None:
    one = f"/{_id(0)}"
    emulator.api("GET", _ORGANISATION, one)
    emulator.fault(status=503)
    for _ in range(2):
        emulator.api("PUT", _ORGANISATION, f"{one}/extend", json={"additionalMinutes": 15})
    emulator.api("GET", _ORGANISATION, f"/{_id(9)}")
    emulator.api("GET", _ORGANISATION)
    answer = {"role": "assistant", "content": "Of course: the driver has a note for number 12."}
    emulator.api("PUT", _ORGANISATION, one, json={"newMessages": [answer]})


def _picture(browser: Browser, url: str, size: str, scheme: Literal["light", "dark"]) -> None:
    width, height = _SIZES[size]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(url)
    row = page.locator(".row", has_text=_SHOWN)
    row.wait_for()
    if size == "wide":
        row.click()
        page.locator(".message").last.wait_for()
    file = DOCS / f"emulator-{size}-{scheme}.png"
    page.screenshot(path=file)
    context.close()
    if shutil.which("pngquant"):
        command = [
            "pngquant",
            "--force",
            "--strip",
            "--speed",
            "1",
            "--quality",
            "85-98",
            "--output",
            str(file),
            str(file),
        ]
        subprocess.run(command, check=True)


def main() -> None:
    """Write all pictures."""
    with Emulator() as emulator, sync_playwright() as playwright:
        _fill(emulator)
        _send_requests(emulator)
        browser = playwright.chromium.launch(executable_path=browsers.ensure())
        for size in _SIZES:
            for scheme in _SCHEMES:
                _picture(browser, emulator.url, size, scheme)
        browser.close()


if __name__ == "__main__":
    main()
