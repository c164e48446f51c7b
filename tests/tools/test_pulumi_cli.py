import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from quant_sessions_provider import pulumi_cli as versions
from tools import pulumi_build, pulumi_cli, pulumi_download, pulumi_hosts
from tools.pulumi_build import CannotBuildError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT_SOURCES = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")

FAKE_GO = """\
import json, pathlib, sys, time
here = pathlib.Path(__file__).parent
settings = json.loads((here / "go.json").read_text())
match sys.argv[1]:
    case "version":
        print(settings["version"])
    case "list":
        print(here / "sdk")
    case "build":
        with (here / "builds").open("a") as log:
            log.write(sys.argv[-1] + chr(10))
        time.sleep(settings["seconds"])
        if settings["fails_on"] in sys.argv[-1]:
            sys.exit(chr(10).join(f"complaint {n}" for n in range(40)))
        target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
        target.write_text("#!/bin/sh")
        target.chmod(0o755)
"""


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@dataclass
class Machine:
    """A machine on which a test installs programs. Its proxy refuses connections, so a download fails at once."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "PATH": str(self.bin),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "https_proxy": "http://127.0.0.1:9",
            "no_proxy": "",
        }
        self.bin.mkdir()

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    @property
    def cache(self) -> Path:
        return self.home / "cache" / "quant-sessions-provider"

    @property
    def cached(self) -> Path:
        return self.cache / f"pulumi-v{pulumi_cli.VERSION}" / "bin"

    def has_pulumi(self, version: str, folder: Path | None = None) -> Path:
        folder = folder or self.bin
        for name in pulumi_cli.FILES:
            script(folder / name, f"echo {version}")
        return folder

    def has_go(
        self, version: str = "go version go1.99.0 linux/amd64", seconds: float = 0, fails_on: str = "nothing"
    ) -> None:
        script(self.bin / "go", f'exec "{sys.executable}" "{self.home}/go.py" "$@"')
        (self.home / "go.py").write_text(FAKE_GO)
        settings = {"version": version, "seconds": seconds, "fails_on": fails_on}
        (self.home / "go.json").write_text(json.dumps(settings))
        for source in SCRIPT_SOURCES:
            script(self.home / "sdk" / source, "")

    @property
    def builds(self) -> int:
        log = self.home / "builds"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tools.pulumi_cli"]
        pipe = subprocess.PIPE
        return subprocess.Popen(  # noqa: S603 - our own tool
            command, cwd=ROOT, env=self.env, stdout=pipe, stderr=pipe, text=True
        )

    def find(self) -> tuple[int, str, str]:
        """Run the tool. Return its exit code, standard output and standard error."""
        child = self.start()
        printed, said = child.communicate(timeout=60)
        return child.returncode, printed.strip(), said


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_recent_cli_on_path_is_used(machine: Machine) -> None:
    machine.has_pulumi("v3.259.0")

    assert machine.find() == (0, str(machine.bin), "")


@pytest.mark.parametrize("version", ["v3.258.9", "v4.0.0", "unknown"])
def test_an_incompatible_cli_is_named_and_skipped(machine: Machine, version: str) -> None:
    machine.has_pulumi(version)
    machine.has_pulumi("v3.274.1", machine.cached)

    code, printed, said = machine.find()

    assert (code, printed) == (0, str(machine.cached))
    assert "3.259.0 or newer is needed" in said


def test_a_cli_without_its_python_plugin_is_skipped(machine: Machine) -> None:
    script(machine.bin / "pulumi", "echo v3.274.1")
    machine.has_pulumi("v3.274.1", machine.cached)

    code, printed, said = machine.find()

    assert (code, printed) == (0, str(machine.cached))
    assert "has no pulumi-language-python beside it" in said


def test_a_folder_not_named_bin_is_linked_to_one(machine: Machine) -> None:
    machine.env["PATH"] = str(machine.has_pulumi("v3.274.1", machine.home / "shims"))

    _, printed, _ = machine.find()

    assert Path(printed).name == "bin"
    assert pulumi_cli.version_of(Path(printed, "pulumi")) == (3, 274, 1)
    assert {path.name for path in Path(printed).iterdir()} == set(pulumi_cli.FILES)


def test_a_missing_cli_is_built_once_and_cached(machine: Machine) -> None:
    machine.has_go()

    code, printed, said = machine.find()

    assert (code, printed) == (0, str(machine.cached))
    assert "its download is blocked; building it" in said
    assert {path.name for path in machine.cached.iterdir()} == set(pulumi_cli.FILES)
    assert machine.find() == (0, str(machine.cached), "")
    assert machine.builds == 2


def test_leftovers_of_a_killed_run_are_removed(machine: Machine) -> None:
    machine.has_go()
    script(machine.cached / "pulumi", "echo half")
    script(machine.cache / ".get-killed" / "pulumi", "echo half")

    code, printed, _ = machine.find()

    assert (code, printed) == (0, str(machine.cached))
    assert "half" not in (machine.cached / "pulumi").read_text()
    assert not list(machine.cache.glob(".get-*"))


def test_two_concurrent_runs_build_once(machine: Machine) -> None:
    machine.has_go(seconds=0.5)
    both = [machine.start(), machine.start()]

    answers = [child.communicate(timeout=60) for child in both]

    assert [child.returncode for child in both] == [0, 0]
    assert [printed.strip() for printed, _ in answers] == [str(machine.cached)] * 2
    assert sum("waiting for another set-up" in said for _, said in answers) == 1
    assert machine.builds == 2


def test_a_missing_go_is_reported_in_one_line(machine: Machine) -> None:
    code, printed, said = machine.find()

    assert (code, printed) == (1, "")
    assert said.splitlines()[-1] == (
        "No recent Pulumi CLI is on PATH, its download is blocked, and Go to build it is missing."
        " Install the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go 1.26.6 or newer, then run this again."
    )


@pytest.mark.parametrize(
    "answer",
    [
        "go version go1.20.3 linux/amd64",
        "go: go.mod requires go >= 1.26.6 (running go 1.20.3; GOTOOLCHAIN=local)",
    ],
)
def test_an_old_go_is_reported_in_one_line(machine: Machine, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.has_go(version=answer)
    monkeypatch.setenv("PATH", str(machine.bin))

    with pytest.raises(CannotBuildError, match=r"^Go 1\.20\.3 is too old to build the Pulumi CLI\. .*$"):
        pulumi_build.build(machine.home / "build")
    assert machine.builds == 0


def test_a_failed_build_prints_its_last_lines_and_leaves_nothing(machine: Machine) -> None:
    machine.has_go(fails_on="language-python")

    code, _, said = machine.find()

    assert code == 1
    assert said.splitlines()[-16:-1] == [f"complaint {number}" for number in range(25, 40)]
    assert "the lines above say why" in said.splitlines()[-1]
    assert not machine.cached.exists()
    assert not list(machine.cache.glob(".get-*"))


def test_a_blocked_download_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        started = time.monotonic()

        root = pulumi_download.download(tmp_path / "download", pulumi_cli.VERSION, blocked_after=3)

    assert root is None
    assert 3 <= time.monotonic() - started < 5
    assert pulumi_download.BLOCKED_AFTER + 1 < 10


def test_a_slow_download_is_not_given_up() -> None:
    arrivals = pulumi_download.Arrivals(now=0)

    assert not arrivals.stalled(size=10_000, now=7)
    assert not arrivals.stalled(size=300_000, now=14)
    assert not arrivals.stalled(size=300_001, now=73)
    assert arrivals.stalled(size=300_001, now=134)


def test_a_download_of_only_the_install_script_is_blocked() -> None:
    arrivals = pulumi_download.Arrivals(now=0)

    assert not arrivals.stalled(size=10_000, now=1)
    assert arrivals.stalled(size=10_000, now=10)


def test_the_oldest_cli_is_the_same_in_tools_and_provider() -> None:
    assert ".".join(map(str, pulumi_cli.FLOOR)) == versions.OLDEST_CLI


def test_the_host_of_yaml_programs_is_taken_from_beside_the_cli(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", machine.env["XDG_CACHE_HOME"])
    cli = machine.has_pulumi("v3.274.1")
    script(cli / pulumi_hosts.file_of("yaml"), "")
    assert pulumi_hosts.ensure("yaml", cli) == cli
    assert machine.builds == 0


@pytest.mark.parametrize(("language", "version", "ours"), [("yaml", "1.25.0", True), ("nodejs", "3.187.0", False)])
def test_the_host_of_a_language_is_built_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, language: str, version: str, *, ours: bool
) -> None:
    machine.has_go()
    monkeypatch.setenv("XDG_CACHE_HOME", machine.env["XDG_CACHE_HOME"])
    monkeypatch.setenv("PATH", str(machine.bin))
    cli = machine.has_pulumi("v3.274.1", machine.cached if ours else machine.home / "theirs")
    folders = {pulumi_hosts.ensure(language, cli) for _ in range(2)}
    assert folders == {machine.cached if ours else machine.cache / f"pulumi-language-{language}-v{version}"}
    assert os.access(folders.pop() / pulumi_hosts.file_of(language), os.X_OK)
    assert machine.builds == 1
    assert not list(machine.cache.glob(".get-*"))
