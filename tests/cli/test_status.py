"""``quant-sessions status``: what state plans and the API has, in a terminal, a pipe and JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.core.urns import PLUGIN_TYPE
from tests.cli.conftest import CANARY, ORGANIZATION, pulumi
from tests.cli.stacks import WrittenStack, secret
from tools.docs.status_page import DRAWING, PAGE, build, drawing
from tools.docs.terminal import terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

COMMAND = Path(sys.executable).with_name("quant-sessions")

CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Runs a command as its terminal's, so that the terminal's Ctrl-C interrupts it."""


@pytest.fixture
def stack(account: Emulator, tmp_path: Path) -> WrittenStack:
    return WrittenStack(tmp_path, account)


def sessions(run: Command, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    result = run("status", *arguments, "--json")
    assert (result.code, result.error) == (code, "")
    return {entry["name"]: entry for entry in json.loads(result.out)["sessions"]}


def test_each_session_is_asked_for_once(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.declare("talks", 42.5, live=14, messages=[{"role": "user", "content": "Hello 0"}], renewBeforeMinutes=15)
    stack.declare("passed", -5.5, live=None)
    stack.declare("gone", 42.5, live=None)
    stack.declare("done", 42.5, status="completed")
    account.clear()
    found = sessions(run, "--stack", "dev")
    lives = {name: (entry["status"], entry["minutesLeft"]) for name, entry in found.items()}
    assert lives == {
        "talks": ("alive", 42),
        "passed": ("expired", 0),
        "gone": ("gone", None),
        "done": ("completed", 42),
    }
    assert found["talks"]["messages"] == {"declared": 1, "live": 14}
    assert [found[name]["next"] and found[name]["next"]["kind"] for name in ("talks", "passed", "done")] == [
        "renewed",
        "recreated",
        None,
    ]
    methods = [request["method"] for request in account.requests()]
    assert methods == ["GET"] * 4


def test_a_session_that_lingers_past_its_expiry_is_looked_up_in_the_list(
    stack: WrittenStack, account: Emulator, run: Command
) -> None:
    account.behave(expired="lingering")
    for name in ("one", "two"):
        account.seed(ORGANIZATION, stack.declare(name, -5.5, live=3), expiresAt="2020-01-01T00:00:00Z")
    stack.declare("extended", -5.5)
    account.clear()
    result = run("status")
    assert [line.split()[2] for line in result.out.splitlines()[2:5]] == ["expired", "expired", "alive"]
    assert result.out.endswith("one, two: replacing it loses 3 messages\n")
    lists = [request for request in account.requests() if request["path"].endswith("/sessions")]
    assert {request["query"]["userId"] for request in lists} == {"ada"}
    assert len(lists) <= 2  # the last page shows the end


def test_a_failure_is_unknown_with_its_reason_and_ends_nothing(
    stack: WrittenStack, account: Emulator, run: Command
) -> None:
    for name in ("a", "b", "c", "d", "e", "fine"):
        stack.declare(name)
    account.fault(method="GET", path="/[a-e]-id", status=403, count=None)
    result = run("status")
    assert result.code == 1
    assert [line.split()[2] for line in result.out.splitlines()[2:8]] == ["unknown"] * 5 + ["alive"]
    assert "a, b, c and 2 more: reading it: the API returned 403" in result.out
    assert sessions(run, code=1)["a"]["why"].startswith("reading session a-id: the API returned 403")


def test_nothing_is_sent_without_the_api(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.declare("desk", 42.5)
    stack.declare("passed", -5.5)
    stack.declare("refreshed", 42.5, expired=True)
    stack.declare("hidden", grantedExpiresAt=secret("2031-05-05T05:05:05Z"))
    account.clear()
    found = sessions(run, "--no-api")
    assert [entry["status"] for entry in found.values()] == ["alive", "expired", "expired", "unknown"]
    assert account.requests() == []
    assert stack.calls() == ["stack export --non-interactive"]
    assert "as its state has it; the API was not asked" in run("status", "--no-api").out


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["people", "programs"])
def test_secrets_are_never_shown(stack: WrittenStack, run: Command, arguments: tuple[str, ...]) -> None:
    private = "s3cr3t"
    own: dict[str, Any] = {"userId": secret(private), "sessionGroup": secret(private)}
    stack.declare("desk", 42.5, **own, messages=secret([{"role": "user", "content": private}]), live=2)
    stack.declare("launch", 42.5, **own, expiresAt=secret("2031-05-05T05:05:05Z"))
    result = run("status", *arguments)
    assert result.code == 0
    assert not [word for word in (private, "2031-") if word in result.out]
    assert result.out.count("[secret]") >= 4
    assert not any("--show-secrets" in call for call in stack.calls() if "export" in call)


def test_an_echo_of_a_declared_text_is_not_repeated(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.declare("desk", userId="support-desk-of-acme")
    account.fault(method="GET", status=400, body={"message": "no support-desk-of-acme here"})
    result = run("status")
    assert result.out.splitlines()[-1].startswith("desk: reading it: the API returned 400: no *** here")


@pytest.mark.parametrize(
    "own",
    [
        {"userId": secret("s3cr3t-user-of-acme")},
        {"metadata": {"deep": [{"owner": secret("s3cr3t-user-of-acme")}]}},
        {"messages": [{"role": "user", "content": secret("s3cr3t-user-of-acme")}]},
        {"expiresAt": secret("s3cr3t-user-of-acme")},
    ],
    ids=lambda own: next(iter(own)),
)
def test_words_are_left_out_if_they_may_echo_a_text_that_is_encrypted(
    stack: WrittenStack, account: Emulator, run: Command, own: dict[str, Any]
) -> None:
    session_id = stack.declare("desk", **own)
    account.fault(status=400, body={"message": "no s3cr3t-user-of-acme here"}, count=None)
    assert "desk: reading it: the API returned 400\n" in run("status").out
    refused = run("extend", session_id, "--minutes", "5", "--stack", "dev")
    assert (refused.out, refused.error) == ("", "extending session desk-id: the API returned 400\n")


def test_a_session_that_is_replaced_and_one_that_is_only_read(stack: WrittenStack, run: Command) -> None:
    stack.declare("desk", 42.5)
    stack.declare("desk", 42.5, delete=True, live=1)
    stack.declare("theirs", external=True, live=1)
    lines = run("status").out.splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("desk (desk-id)")
    assert lines[3].startswith("desk (desk-old)")
    assert "deletes now" in lines[3]


def test_a_404_of_another_account_proves_nothing(stack: WrittenStack, run: Command) -> None:
    provider = f"urn:pulumi:dev::shop::pulumi:providers:quant-sessions::{{}}::{CANARY[:4]}"
    for name in ("default_0_1_0", "agency"):
        stack.declare(name, live=None, type=PLUGIN_TYPE, provider=provider.format(name))
    found = sessions(run, code=1)
    assert [entry["status"] for entry in found.values()] == ["gone", "unknown"]
    assert found["agency"]["why"].endswith("Session not found; its provider agency may have another token")


def test_a_session_at_another_host_is_not_asked_for(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.declare("desk", baseUrl="https://elsewhere.example")
    account.clear()
    # The written outputs have the emulator's base URL; the option names another host.
    result = run("status", "--base-url", "http://127.0.0.1:1")
    assert result.code == 1
    assert "desk: it was created at http://127.0.0.1:" in result.out
    assert account.requests() == []


def test_a_pipe_gets_whole_rows_without_colours(
    stack: WrittenStack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, run: Command
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    long = "n" * 70
    stack.declare(long)
    lines = run("status").out.splitlines()
    assert lines[2].startswith(f"{long}  ada  ")
    assert lines[2].rstrip().endswith(f"{long}-id")
    assert "\x1b" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_are_for_terminals_that_want_them(
    stack: WrittenStack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, no_color: str
) -> None:
    stack.declare("desk", 42.5)
    for name, value in {"TTY_COMPATIBLE": "1", "TERM": "xterm-256color", "NO_COLOR": no_color}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        app(["status"])
    green = "\x1b[32malive"
    assert (green in capsys.readouterr().out) is not bool(no_color)


def test_an_empty_stack_says_so(stack: WrittenStack, run: Command) -> None:
    stack.write()
    assert run("status", "--no-api").out.startswith("0 sessions of an empty stack, ")


def test_a_state_that_cannot_be_read_is_one_line(run: Command, account: Emulator, tmp_path: Path) -> None:
    pulumi(tmp_path / "bin", 'case "$*" in *export*) echo "[]";; *) echo "{}";; esac')
    result = run("status")
    line = "the state of the selected stack cannot be read: not what `pulumi stack export` prints\n"
    assert (result.code, result.out, result.error) == (1, "", line)
    assert account.requests() == []


@pytest.mark.usefixtures("account")
def test_watching_needs_a_terminal(run: Command) -> None:
    for flags in (["--watch"], ["--watch", "--json"]):
        result = run("status", *flags)
        assert (result.code, result.out) == (2, "")
        assert "requires a terminal" in result.error


def test_a_watch_refreshes_in_place_until_it_is_interrupted(stack: WrittenStack, tmp_path: Path) -> None:
    stack.declare("desk", 42.5)
    environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    watch = [sys.executable, "-c", CONTROLLED, str(COMMAND), "status", "--watch", "--every", "1"]
    with terminal(watch, tmp_path, environment, 80) as screen:
        screen.wait_for("1 alive")
        stack.declare("orders", 42.5)
        assert "2 alive" in screen.wait_for("orders")
        pulumi(tmp_path / "bin", "echo 'error: no way' >&2; exit 1")
        assert "orders" in screen.wait_for("not refreshed: the ")
        screen.press("\x03")
        end = screen.wait()
    assert end.count("desk-id") == 1
    assert "Traceback" not in end


def test_the_page_shows_the_terminals_output() -> None:
    page = PAGE.read_text()
    assert build(page) == page
    assert drawing() == DRAWING.read_text()


def test_the_drawing_is_an_accessible_svg() -> None:
    root = ET.fromstring(drawing())  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert (root.findtext("{http://www.w3.org/2000/svg}title") or "").startswith("12 sessions of stack main")
    assert "prefers-color-scheme: dark" in drawing()
