"""``quant-sessions emulator advance`` with a Pulumi CLI that keeps a stack's state in a file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests

from quant_sessions_provider.cli import emulator_control
from quant_sessions_provider.core.urns import PLUGIN_TYPE, SESSION_TYPE
from tests.cli.conftest import ORGANIZATION, pulumi
from tests.client.conftest import Answer

if TYPE_CHECKING:
    from tests.cli.conftest import Command
    from tests.client.conftest import Host
    from tests.support.emulator_server import Emulator

SECRET: Final = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
AT: Final = "2026-03-02T12:00:00Z"
EARLIER: Final = "2026-03-02T11:10:00Z"
ADVANCE: Final = ("emulator", "advance", "50m", "--stack", "dev")
WORDS: Final = "the passphrase of the vault"


class StackFile:
    """A stack whose state is a file."""

    def __init__(self, folder: Path) -> None:
        self._file, self._bin = folder / "state.json", folder / "bin"

    def hold(
        self, *resources: dict[str, Any], importing: str = 'cat > "$STATE"', exported: str = ":"
    ) -> dict[str, Any]:
        """Write the state; ``importing`` is what the CLI does with a new one, ``exported`` what happens meanwhile."""
        document = {"version": 3, "deployment": {"resources": list(resources)}}
        self._file.write_text(json.dumps(document))
        pulumi(
            self._bin,
            f'STATE="{self._file}"; echo "$@" >> "$STATE.calls"\n'
            f'case "$2" in export) cat "$STATE"; {exported};; import) {importing};; esac',
        )
        return document

    def read(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self._file.read_text())

    def calls(self) -> list[str]:
        return Path(f"{self._file}.calls").read_text().splitlines()


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackFile:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return StackFile(tmp_path)


def session(name: str, session_id: str, url: object, kind: str = SESSION_TYPE, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    inputs = {"userId": "ada", "expirationMinutes": 60, "expiresAt": AT, "messages": [{"content": WORDS}]}
    outputs = inputs | {"grantedExpiresAt": AT, "createdAt": AT, "baseUrl": url}
    urn = f"urn:pulumi:dev::shop::{kind}::{name}"
    return {"type": kind, "urn": urn, "id": session_id, "inputs": inputs, "outputs": outputs} | more


def expiries(emulator: Emulator) -> dict[str, str]:
    return {each["id"]: each["expiresAt"] for each in emulator.sessions()}


def seed(emulator: Emulator, *ids: str) -> None:
    for session_id in ids:
        emulator.seed(ORGANIZATION, session_id, expiresAt=AT)


def test_time_passes_in_state_and_in_the_emulator_for_the_sessions_of_a_stack(
    account: Emulator, run: Command, stack: StackFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # a proxy is not asked for this machine
    seed(account, "one", "two", "other")
    other = {"type": "random:index:Id", "urn": "urn:pulumi:dev::shop::random:index:Id::x", "outputs": {"createdAt": AT}}
    own = session("desk", "one", account.url)
    plugin = session("shop", "two", account.url.replace("127.0.0.1", "localhost"), PLUGIN_TYPE)
    read = session("looked-up", "one", account.url, external=True)
    before = stack.hold(other, own, plugin, read)
    before = copy.deepcopy(before)

    result = run(*ADVANCE)

    saved = result.out.splitlines()[0].removeprefix("The state as it was: ")
    assert result.out.splitlines()[1:] == ["Advanced 3 sessions of stack dev by 50 minutes."]
    assert (result.code, result.error) == (0, "")
    assert json.loads(Path(saved).read_text()) == before
    assert Path(saved).stat().st_mode & 0o077 == 0
    for resource in before["deployment"]["resources"][1:]:
        resource["inputs"]["expiresAt"] = EARLIER
        resource["outputs"].update(expiresAt=EARLIER, grantedExpiresAt=EARLIER, createdAt=EARLIER)
    assert stack.read() == before
    assert expiries(account) == {
        "one": "2026-03-02T11:10:00.000Z",
        "two": "2026-03-02T11:10:00.000Z",
        "other": "2026-03-02T12:00:00.000Z",
    }
    assert stack.calls() == [f"stack {verb} --non-interactive --stack dev" for verb in ("export", "export", "import")]


def test_a_state_that_another_run_changes_meanwhile_is_not_overwritten(
    account: Emulator, run: Command, stack: StackFile
) -> None:
    seed(account, "one")
    stack.hold(session("desk", "one", account.url), exported="sed -i.before s/desk/fresh/ $STATE")
    done = run(*ADVANCE)
    assert done.code == 1
    assert "another run changed stack dev meanwhile" in done.error
    assert [call.split()[1] for call in stack.calls()] == ["export", "export"]


def test_what_does_not_move_is_said(account: Emulator, run: Command, stack: StackFile) -> None:
    seed(account, "one", "two")
    hidden = session("hidden", "one", account.url)
    hidden["inputs"]["expiresAt"] = hidden["outputs"]["expiresAt"] = SECRET
    declared = session("launch", "two", account.url)
    del declared["inputs"]["expirationMinutes"]
    stack.hold(hidden, declared, session("lost", "nobody", account.url))

    result = run(*ADVANCE)

    assert result.error.splitlines() == [
        "hidden: left as it is, since its expiresAt is secret",
        "launch: its expiresAt is declared: the next run extends it by 50 minutes, unless the program changes too",
        "lost: the emulator has no such session",
    ]
    assert result.out.endswith("Advanced 2 sessions of stack dev by 50 minutes.\n")
    assert stack.read()["deployment"]["resources"][0] == hidden
    assert expiries(account) == {"one": "2026-03-02T12:00:00.000Z", "two": "2026-03-02T11:10:00.000Z"}


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://dashboard.quantcdn.io", "https://dashboard.quantcdn.io"),
        ("http://127.0.0.1.example.com", "http://127.0.0.1.example.com"),
        ("https://127.0.0.1:1", "https://127.0.0.1:1"),
        ("http://[::1", "http://[::1"),
        (SECRET, "a host that state does not tell"),
        (None, "a host that state does not tell"),
    ],
)
def test_a_stack_with_any_other_host_is_refused(
    account: Emulator, run: Command, stack: StackFile, url: object, where: str
) -> None:
    seed(account, "one")
    before = stack.hold(session("desk", "one", account.url), session("live", "two", url))

    result = run(*ADVANCE)

    refusal = f"live of stack dev is at {where}, where no emulator answers: nothing was changed\n"
    assert (result.code, result.out, result.error) == (1, "", refusal)
    assert stack.read() == before
    assert expiries(account) == {"one": "2026-03-02T12:00:00.000Z"}


def test_another_service_on_this_machine_is_refused_and_gets_no_token(
    account: Emulator, run: Command, stack: StackFile, listener: Host
) -> None:
    seed(account, "one")
    listener.play(Answer(302, headers={"Location": f"{account.url}/_emulator/clock"}))
    before = stack.hold(session("desk", "one", account.url), session("live", "two", listener.url))

    result = run(*ADVANCE)

    assert (result.code, result.error.count("\n")) == (1, 1)
    assert f"live of stack dev is at {listener.url}, where no emulator answers" in result.error
    assert stack.read() == before
    assert listener.lines == ["GET /_emulator/clock"]
    assert account.token not in str(listener.asked[0].headers)


def test_what_looks_like_an_emulator_elsewhere_is_sent_nothing(run: Command, stack: StackFile, listener: Host) -> None:
    listener.play(Answer(body={"now": AT, "offsetSeconds": 0}))
    elsewhere = listener.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - reaches this machine, and is no loopback
    before = stack.hold(session("live", "one", elsewhere))

    result = run(*ADVANCE)

    assert (result.code, listener.lines) == (1, [])
    assert stack.read() == before


@pytest.mark.parametrize(
    ("importing", "reason"),
    [("echo error: locked >&2; exit 1", "locked"), ("exit 1", "pulumi printed no reason")],
)
def test_a_state_that_cannot_be_imported_changes_nothing(
    account: Emulator, run: Command, stack: StackFile, importing: str, reason: str
) -> None:
    seed(account, "one")
    before = stack.hold(session("desk", "one", account.url), importing=importing)

    result = run(*ADVANCE)

    assert (result.code, result.error) == (1, f"the state of stack dev cannot be imported: {reason}\n")
    assert stack.read() == before
    assert expiries(account) == {"one": "2026-03-02T12:00:00.000Z"}


def test_an_emulator_that_stops_in_between_is_one_line_with_the_way_back(
    account: Emulator, run: Command, stack: StackFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> bool:
        raise requests.ConnectionError

    stack.hold(session("desk", "one", account.url))
    monkeypatch.setattr(emulator_control, "age", stopped)

    result = run(*ADVANCE)

    assert result.code == 1
    assert result.error.startswith("the emulator moved 0 of 1 sessions and stopped answering: `pulumi stack import")
    assert result.error.endswith(".json` takes the state back\n")


def test_a_stack_without_sessions_that_move_is_one_line(account: Emulator, run: Command, stack: StackFile) -> None:
    stack.hold()
    result = run(*ADVANCE)
    assert result.error == "stack dev has no session whose times can be moved: nothing was changed\n"
    assert (result.code, result.out) == (1, "")
    hidden = session("hidden", "one", account.url)
    hidden["outputs"].update(grantedExpiresAt=SECRET, expiresAt=SECRET)
    before = stack.hold(hidden)
    result = run(*ADVANCE)
    assert (result.code, result.error.splitlines()[0]) == (
        1,
        "hidden: left as it is, since its expiresAt, grantedExpiresAt are secret",
    )
    assert stack.read() == before


@pytest.mark.parametrize(
    "printed",
    ["{}", "[]", '{"deployment": {"resources": [{"type": "quant-sessions:index:Session", "id": "one", "urn": "x"}]}}'],
)
def test_what_is_no_export_is_one_line(run: Command, tmp_path: Path, printed: str) -> None:
    pulumi(tmp_path / "bin", f"echo '{printed}'")
    result = run(*ADVANCE)
    assert result.error == "the state of stack dev cannot be read: not what `pulumi stack export` prints\n"
    assert result.code == 1


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("advance", "soon", "--stack", "dev"), "must be whole minutes, hours or days"),
        (("advance", "367d", "--stack", "dev"), "must be at most 366d"),
        (("advance", "50m"), "Missing option '--stack'"),
        (("advance", "50m", "--stack", ""), "must not be empty"),
        (("--port", "1", "advance", "50m", "--stack", "dev"), "--port: not an option of advance"),
    ],
)
def test_wrong_usage_is_refused(run: Command, arguments: tuple[str, ...], rule: str) -> None:
    result = run("emulator", *arguments)
    assert (result.code, result.out) == (2, "")
    assert rule in " ".join(result.error.replace("│", " ").split())
