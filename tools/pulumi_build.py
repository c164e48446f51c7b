"""Build the Pulumi CLI from its Go modules, where its download is blocked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.progress import run_shown, say

_MODULES = Path(__file__).resolve().parent / "pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_YAML = "github.com/pulumi/pulumi-yaml"
_SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
_LAST_LINES = 15

_REMEDY = "Install the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go {go} or newer, then run this again."


class CannotBuildError(Exception):
    """The CLI cannot be built. The message is for the user."""


def version_of(module: str) -> str:
    """Return the version that a module in `tools/pulumi/` pins: Pulumi's, or for YAML the host's own."""
    versioned = _YAML if module == "language-yaml" else _SDK
    found = re.search(rf"{versioned} v(\S+)", _go_mod(module))
    if found is None:
        raise CannotBuildError(f"tools/pulumi/{module}/go.mod names no {versioned}")
    return found[1]


def _go_mod(module: str) -> str:
    return (_MODULES / module / "go.mod").read_text()


def _line_of(module: str, directive: str) -> str:
    """Return the value of a single-line directive of go.mod, such as `tool` or `go`."""
    found = re.search(rf"^{directive} (\S+)$", _go_mod(module), re.MULTILINE)
    return found[1] if found else ""


def environment() -> dict[str, str]:
    """Return the caller's environment without variables that would change the build."""
    kept = {key: value for key, value in os.environ.items() if key not in {"GOOS", "GOARCH", "GOBIN"}}
    return {**kept, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}


def build(root: Path) -> Path:
    """Build the CLI's four files into `root`/bin and return `root`.

    Raises:
        CannotBuildError: Go is missing or too old, or the build failed.

    """
    go = _go()
    say("Pulumi CLI: its download is blocked; building it from its Go modules (once, about 5 minutes)")
    target = root / "bin"
    target.mkdir(parents=True)
    _compile(go, "engine", target / "pulumi", root / "engine.log")
    _compile(go, "language-python", target / "pulumi-language-python", root / "language-python.log")
    for script in _SCRIPTS:
        copy = shutil.copy(_sdk_folder(go) / script, target)
        Path(copy).chmod(0o755)
    return root


def build_host(language: str, folder: Path) -> Path:
    """Build the host of `yaml`, `nodejs` or `go` programs into a folder and return its file.

    Raises:
        CannotBuildError: Go is missing or too old, or the build failed.

    """
    go = _go()
    say(f"Pulumi CLI: building the host of {language} programs from its Go module (once, about a minute)")
    module = f"language-{language}"
    binary = folder / f"pulumi-{module}"
    _compile(go, module, binary, folder / f"{module}.log")
    return binary


def _go() -> str:
    """Return the path of a Go that is new enough.

    Its version is read inside the module, where Go may switch to a newer toolchain.
    """
    needed = _line_of("engine", "go")
    go = shutil.which("go")
    if go is None:
        tried = "No recent Pulumi CLI is on PATH, its download is blocked, and Go to build it is missing."
        raise CannotBuildError(f"{tried} {_REMEDY.format(go=needed)}")
    output = _output_of(go, "version", "engine")
    running = re.search(r"(?:running go |go version go)(\d+)\.(\d+)(?:\.(\d+))?", output)
    version = tuple(int(part or 0) for part in running.groups()) if running else ()
    if version < _numbers(needed):
        have = f"Go {'.'.join(map(str, version))}" if version else f"The Go at {go}"
        raise CannotBuildError(f"{have} is too old to build the Pulumi CLI. {_REMEDY.format(go=needed)}")
    return go


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _output_of(go: str, arguments: str, module: str) -> str:
    """Return the output of a short Go command."""
    result = subprocess.run(
        [go, *arguments.split(" ")],
        cwd=_MODULES / module,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return result.stdout.strip()


def _sdk_folder(go: str) -> Path:
    return Path(_output_of(go, f"list -m -f {{{{.Dir}}}} {_SDK}", "engine"))


def _compile(go: str, module: str, binary: Path, log: Path) -> None:
    version = f"-X {_SDK}/go/common/version.Version=v{version_of(module)}"
    command = [go, "build", "-trimpath", "-ldflags", f"-s -w {version}", "-o", str(binary)]
    succeeded = run_shown(
        [*command, _line_of(module, "tool")],
        label=f"building {binary.name}",
        log=log,
        cwd=_MODULES / module,
        env=environment(),
    )
    if not succeeded:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
        raise CannotBuildError(f"{end}\n{binary.name} could not be built with {go}; the lines above say why.")
    log.unlink()
