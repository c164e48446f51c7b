"""What each extra is for: the modules it serves, and a use of them in an environment that has nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.release.distribution import ROOT, ReleaseError
from tools.sample_project import STACK, SampleProject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tools.release.environments import Environment

DISTRIBUTION: Final = "quant-sessions-provider"
CORE: Final = "core"
"""What is installed without an extra."""
_IMPORTED: Final = str(ROOT / "tools" / "release" / "imported.py")


@dataclass(frozen=True)
class Trial:
    """Where a use takes place: an environment, an empty folder, and an emulator."""

    environment: Environment
    folder: Path
    cli: Path
    variables: Mapping[str, str]

    def project(self) -> SampleProject:
        """Return a project whose programs have the packages of the environment."""
        return SampleProject(self.folder, self.variables, self.cli, self.environment.folder)

    def run(self, *command: str) -> str:
        """Run a command of the environment."""
        return self.environment.run(*command, cwd=self.folder, **self.variables)


@dataclass(frozen=True)
class Extra:
    """One extra: the modules of the package that it serves, below the package, and a use of them."""

    modules: tuple[str, ...]
    use: Callable[[Trial], None]


def life(trial: Trial) -> None:
    """Declare a session on the real engine, preview that nothing is left to do, and destroy it."""
    project = trial.project()
    project.declare("ada")
    project.output("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK)
    project.output("pulumi", "preview", "--expect-no-changes", "--stack", STACK)
    project.output("pulumi", "destroy", "--yes", "--skip-preview", "--stack", STACK)


def _lists(trial: Trial) -> None:
    if json.loads(trial.run("quant-sessions", "list", "--json")) != []:
        raise ReleaseError("`quant-sessions list` lists sessions that are gone")


def _emulates(trial: Trial) -> None:
    trial.run("python", "-c", _ONE_SESSION)


def _tests(trial: Trial) -> None:
    (trial.folder / "test_session.py").write_text(_TEST)
    trial.run("python", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "test_session.py")


def _advises(trial: Trial) -> None:
    pack = trial.folder / "pack"
    pack.mkdir()
    for name in ("PulumiPolicy.yaml", "__main__.py"):
        text = (ROOT / "examples" / "policies" / name).read_text()
        (pack / name).write_text(text.replace("virtualenv: .venv", f"virtualenv: {trial.environment.folder}"))
    project = trial.project()
    project.declare("ada")
    said = project.output("pulumi", "preview", "--policy-pack", str(pack), "--stack", STACK)
    if "[advisory]" not in said:
        raise ReleaseError(f"the policy pack advises nothing:\n{said}")


def _runs_shards(trial: Trial) -> None:
    project = trial.project()
    project.declare("ada")
    (trial.folder / "fleet.yaml").write_text("name: small\nshards: 1\n")
    (trial.folder / "run.py").write_text(_ON_DASK)
    project.output(str(trial.environment.python), "run.py")


_ON_DASK: Final = """\
from distributed import Client, LocalCluster
from quant_sessions_provider.fleet import Fleet
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        executor = Client(cluster).get_executor(pure=False)
        for verb in ("up", "destroy"):
            (result,) = Fleet.load("fleet.yaml").run(verb, executor, slots=1)
            assert result.outcome == "done", result
"""
_ONE_SESSION: Final = """\
from quant_sessions_provider.emulator import BackgroundEmulator
with BackgroundEmulator() as emulator:
    address = emulator.url + "/api/v3/organizations/acme/ai/sessions"
    emulator.http.post(address, json={"userId": "ada"}, timeout=10).raise_for_status()
    assert len(emulator.sessions("acme")) == 1
"""
_TEST: Final = """\
def test_a_session(quant_sessions):
    assert quant_sessions.requests() == []
"""
_PROGRAM_MODULES: Final = ("client", "core", "dynamic", "engine", "native", "operations", "plugin", "provider", "sdk")
EXTRAS: Final[dict[str, Extra]] = {
    CORE: Extra((*_PROGRAM_MODULES, "pulumi_cli", "report"), life),
    "cli": Extra(("cli", "doctor", "keep", "pulumi_command", "status", "timeline"), _lists),
    "emulator": Extra(("cli", "emulator"), _emulates),
    "testing": Extra(("testing", "cli", "emulator"), _tests),
    "policy": Extra(("policy",), _advises),
    "fleet": Extra(("cli", "fleet", "timeline"), _runs_shards),
}


def check_packages(name: str, trial: Trial) -> None:
    """Check that an extra installs what its modules import, and nothing that another extra is for.

    Raises:
        ReleaseError: a requirement is imported by none of its modules, or belongs to another extra.

    """
    modules = {*EXTRAS[CORE].modules, *EXTRAS[name].modules}
    seen: dict[str, Any] = json.loads(trial.run("python", "-I", _IMPORTED, *sorted(modules)))
    needed = {extra: _required(seen["requires"], extra) for extra in EXTRAS}
    if idle := needed[name] - set(seen["loaded"]):
        raise ReleaseError(f"{name} requires what its modules do not import: {', '.join(sorted(idle))}")
    others = set().union(*needed.values()) - needed[name]
    if strangers := others & set(seen["installed"]):
        raise ReleaseError(f"{name} installs what is for another extra: {', '.join(sorted(strangers))}")


def _required(lines: list[str], extra: str) -> set[str]:
    """Return the names of what is required with an extra, and without one."""
    parsed = [Requirement(line) for line in lines]
    chosen = [each for each in parsed if each.marker is None or each.marker.evaluate({"extra": extra})]
    return {canonicalize_name(each.name) for each in chosen}
