import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from quant_sessions_provider.core.urns import PLUGIN_TYPE, SESSION_TYPE
from tools import demo, demo_emulator, demo_stack
from tools.demo_emulator import DemoError, Emulator, PortTakenError, choose_port, healthy
from tools.demo_stack import PROJECT, Stack

TRUE = shutil.which("true") or ""


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        monkeypatch.setattr(demo_emulator, "DEFAULT_PORT", probe.getsockname()[1])
    emulator = Emulator(tmp_path)
    yield emulator
    emulator.stop()


def recorded_pid(folder: Path) -> int:
    return int(json.loads((folder / "emulator.json").read_text())["pid"])


def write_state(stack: Stack, *types: str) -> None:
    file = stack.folder / "state" / ".pulumi" / "stacks" / PROJECT / f"{stack.name}.json"
    file.parent.mkdir(parents=True)
    resources = [{"type": kind} for kind in types]
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))


@pytest.mark.parametrize(("value", "live"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_only_1_selects_live(value: str | None, *, live: bool) -> None:
    assert demo.wants_live({} if value is None else {"LIVE": value}) is live


@pytest.mark.parametrize("value", ["yes", "false", "2"])
def test_an_ambiguous_live_is_refused(value: str) -> None:
    with pytest.raises(DemoError, match=f"LIVE={value}: must be 1"):
        demo.wants_live({"LIVE": value})


@pytest.mark.parametrize("missing", ["QUANTCDN_API_TOKEN", "QUANTCDN_ORGANIZATION"])
def test_live_requires_token_and_organization(missing: str) -> None:
    given = {"QUANTCDN_API_TOKEN": "secret", "QUANTCDN_ORGANIZATION": "acme"}

    with pytest.raises(DemoError, match=f"LIVE=1 needs {missing}"):
        demo.live_environment({**given, missing: ""})


def test_live_prints_host_and_organization_but_not_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    given = {"QUANTCDN_API_TOKEN": "secret", "QUANTCDN_ORGANIZATION": "acme"}

    demo.live_environment({**given, "QUANTCDN_BASE_URL": "https://api.example"})

    assert capsys.readouterr().err == "LIVE: https://api.example, organization acme, stack live\n"


def test_the_emulators_settings_replace_all_account_settings() -> None:
    caller = {"QUANTCDN_API_TOKEN": "secret", "QUANTCDN_TIMEOUT_SECONDS": "1", "HOME": "/home/me"}

    env = demo.emulator_environment(caller, 8787)

    assert env == {
        "HOME": "/home/me",
        "QUANTCDN_API_TOKEN": "emulator",
        "QUANTCDN_ORGANIZATION": "demo",
        "QUANTCDN_BASE_URL": "http://127.0.0.1:8787",
    }


def test_the_engine_runs_without_the_callers_settings(tmp_path: Path) -> None:
    caller = {"PULUMI_ACCESS_TOKEN": "secret", "PULUMI_BACKEND_URL": "https://elsewhere", "PATH": "/usr/bin"}

    env = Stack("demo", tmp_path).environment(caller, Path("/cli/bin"))

    assert "PULUMI_ACCESS_TOKEN" not in env
    assert env["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/state"
    assert env["PATH"] == "/cli/bin:/usr/bin"


def test_requests_to_the_emulator_bypass_a_proxy(tmp_path: Path) -> None:
    env = Stack("demo", tmp_path).environment({"no_proxy": "intranet"}, Path("/cli/bin"))

    assert env["no_proxy"] == env["NO_PROXY"] == "intranet,127.0.0.1"


def test_a_port_in_use_is_replaced_with_a_message(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    port = choose_port(taken, fixed=False)

    assert port != taken
    assert capsys.readouterr().err == f"Port {taken} is in use; the emulator takes {port}\n"


def test_a_port_in_state_is_never_replaced(taken: int) -> None:
    with pytest.raises(PortTakenError, match=f"Port {taken}, which the demo's sessions name, is taken"):
        choose_port(taken, fixed=True)


def test_a_running_emulator_is_reused(emulator: Emulator, tmp_path: Path) -> None:
    port = emulator.ensure(fixed=False)
    pid = recorded_pid(tmp_path)

    assert emulator.ensure(fixed=True) == port
    assert recorded_pid(tmp_path) == pid


def test_a_killed_emulator_is_restarted_on_its_port(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = emulator.ensure(fixed=False)
    os.kill(recorded_pid(tmp_path), signal.SIGKILL)
    os.waitpid(recorded_pid(tmp_path), 0)

    assert emulator.ensure(fixed=True) == port
    assert healthy(port)
    assert "had died; started again, with its sessions, on" in capsys.readouterr().err


def test_stop_stops_the_emulator(emulator: Emulator) -> None:
    port = emulator.ensure(fixed=False)

    emulator.stop()

    assert not healthy(port)


def test_a_process_with_a_reused_pid_is_not_stopped(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        (tmp_path / "emulator.json").write_text(json.dumps({"pid": stranger.pid, "port": 1}))

        Emulator(tmp_path).stop()

        assert stranger.poll() is None
        stranger.kill()


def test_sessions_are_read_from_the_state(tmp_path: Path) -> None:
    stack = Stack("demo", tmp_path)
    assert stack.sessions() == []

    write_state(stack, "pulumi:pulumi:Stack", SESSION_TYPE, PLUGIN_TYPE)

    assert [item["type"] for item in stack.sessions()] == [SESSION_TYPE, PLUGIN_TYPE]


@pytest.mark.parametrize("living", [True, False])
def test_only_locks_of_dead_engines_are_removed(tmp_path: Path, *, living: bool) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as engine:
        if not living:
            engine.kill()
            engine.wait()
        lock = tmp_path / "state" / ".pulumi" / "locks" / "organization" / "lock.json"
        lock.parent.mkdir(parents=True)
        lock.write_text(json.dumps({"pid": engine.pid}))
        (tmp_path / "pulumi").symlink_to(TRUE)

        Stack("demo", tmp_path).run({"PATH": str(tmp_path)}, "preview")

        assert lock.exists() is living
        engine.kill()


def test_down_stops_the_emulator_after_the_last_session_is_destroyed(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = Stack("demo", tmp_path)
    port = emulator.ensure(fixed=False)
    write_state(local, SESSION_TYPE)
    (tmp_path / "pulumi").symlink_to(TRUE)
    monkeypatch.setattr(demo, "DEMO", tmp_path.parent)
    monkeypatch.setattr(demo, "LOCAL", local)
    monkeypatch.setattr(demo, "_emulator", lambda: emulator)
    monkeypatch.setattr(demo, "_ready", lambda: (local, {"PATH": str(tmp_path)}))
    monkeypatch.delenv("LIVE", raising=False)

    assert demo.main("down") == 0

    assert not healthy(port)
    assert not tmp_path.exists()


@pytest.mark.parametrize(("command", "runs"), [("preview", ["preview"]), ("up", ["preview", "up"])])
def test_every_run_passes_the_policy_pack(
    command: str, runs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pulumi").write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\npwd >> {tmp_path}/folders\necho "{{}}"\n'
    )
    (tmp_path / "pulumi").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.defpath}", "QUANTCDN_BASE_URL": "http://127.0.0.1:1"}
    monkeypatch.setattr(demo, "DEMO", tmp_path)
    monkeypatch.setattr(demo, "_ready", lambda: (Stack("demo", tmp_path), env))

    assert demo.main(command) == 0

    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    of_engine = [call for call in calls if call[0] in ("preview", "up")]
    assert [call[0] for call in of_engine] == runs
    assert {call[call.index("--policy-pack") + 1] for call in of_engine} == {"examples/policies"}
    assert set((tmp_path / "folders").read_text().splitlines()) == {str(demo_stack.ROOT)}


LOSS = {
    "steps": [
        {
            "op": "delete",
            "urn": f"urn:pulumi:demo::{PROJECT}::{SESSION_TYPE}::chat",
            "oldState": {"id": "3f2a", "outputs": {"expired": False}},
        }
    ]
}


@pytest.fixture
def second_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack with a session, whose engine prints what a test writes to a file and notes its calls in another."""
    stack = Stack("demo", tmp_path / "demo")
    write_state(stack, SESSION_TYPE)
    (tmp_path / "pulumi").write_text(
        f'#!/bin/sh\necho "$1" >> {tmp_path}/calls\ncase "$*" in *--json*) cat {tmp_path}/printed; esac\n'
    )
    (tmp_path / "pulumi").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.defpath}", "QUANTCDN_BASE_URL": "http://127.0.0.1:1"}
    monkeypatch.setattr(demo, "DEMO", tmp_path)
    monkeypatch.setattr(demo, "LOCAL", stack)
    monkeypatch.setattr(demo, "_ready", lambda: (stack, env))
    monkeypatch.delenv("YES", raising=False)
    return tmp_path


def applied(folder: Path) -> bool:
    """Return whether the engine was told to apply the changes."""
    return "up" in (folder / "calls").read_text().split()


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("yes", True), ("", False), ("n", False)])
def test_up_asks_before_it_destroys_a_conversation(
    second_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, *, goes_on: bool
) -> None:
    (second_run / "printed").write_text(json.dumps(LOSS))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)

    assert demo.main("up") == (0 if goes_on else 1)

    assert applied(second_run) is goes_on
    assert "  chat: an unknown number of messages\n" in capsys.readouterr().err


def test_the_end_of_input_is_no_yes(
    second_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end_of_input(_: str) -> str:
        raise EOFError

    (second_run / "printed").write_text(json.dumps(LOSS))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", end_of_input)

    assert demo.main("up") == 1

    assert not applied(second_run)
    assert capsys.readouterr().err.endswith("Nothing was changed.\n")


def test_up_without_a_terminal_destroys_no_conversation(second_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (second_run / "printed").write_text(json.dumps(LOSS))

    assert demo.main("up") == 1

    assert not applied(second_run)
    assert "Nothing was changed. To go on: make up YES=1" in capsys.readouterr().err


def test_up_with_yes_asks_nothing(second_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (second_run / "printed").write_text(json.dumps(LOSS))
    monkeypatch.setenv("YES", "1")

    assert demo.main("up") == 0

    assert applied(second_run)


def test_up_that_destroys_nothing_asks_nothing_and_says_where_the_page_is(
    second_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (second_run / "printed").write_text('{"steps": []}')

    assert demo.main("up") == 0

    assert "in a browser: http://127.0.0.1:1\n" in capsys.readouterr().out


def test_up_stops_if_losses_are_not_known(second_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (second_run / "printed").write_text("[]")

    assert demo.main("up") == 1

    assert not applied(second_run)
    assert "Could not determine whether conversations would be lost" in capsys.readouterr().err


def test_clean_refuses_while_the_live_stack_has_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live = Stack("live", tmp_path / "live")
    write_state(live, SESSION_TYPE)
    monkeypatch.setattr(demo, "DEMO", tmp_path)
    monkeypatch.setattr(demo, "LIVE", live)

    assert demo.main("clean") == 1
    assert live.sessions()
    assert "run `make down LIVE=1` first" in capsys.readouterr().err
