import os
import socket
from pathlib import Path

import pytest

from tools import browser
from tools.browser import NoBrowserError


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a browser, whose user is not root and from which no download arrives; returns PATH's folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(browser, "_APPLICATIONS", ())
    return programs


def add(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_a_browser_on_the_machine_is_taken_and_a_placeholder_is_not(machine: Path) -> None:
    add(machine, "chromium-browser", "echo 'install it with: snap install chromium'; exit 1")
    chrome = add(machine, "google-chrome", "[ $1 = --version ] && echo 'Google Chrome 156'")

    assert browser.ensure() == chrome


def test_without_any_the_error_says_what_to_install(machine: Path) -> None:
    add(machine, "apt-get", f"touch {machine}/called")

    with pytest.raises(NoBrowserError, match=r"install Chromium or Google Chrome .*playwright install chromium"):
        browser.ensure(blocked_after=1)

    assert not (machine / "called").exists()


@pytest.mark.usefixtures("machine")
def test_a_download_from_which_nothing_arrives_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", f"http://127.0.0.1:{silent.getsockname()[1]}")

        with pytest.raises(NoBrowserError):
            browser.ensure(blocked_after=1)


def test_root_installs_debians_package(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{machine}{os.pathsep}/bin")
    monkeypatch.setattr(browser, "NAMES", ("debians-chromium",))
    package = f"printf '#!/bin/sh\\n' > {machine}/debians-chromium; chmod +x {machine}/debians-chromium"
    add(machine, "apt-get", f'echo "$*" >> {machine}/calls; case "$*" in *install*) {package}; esac')

    assert browser.ensure(blocked_after=1) == machine / "debians-chromium"

    assert [line.split()[3:] for line in (machine / "calls").read_text().splitlines()] == [
        ["update"],
        ["install", "--yes", "--no-install-recommends", "chromium"],
    ]
