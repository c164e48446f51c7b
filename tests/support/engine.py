"""Run small Pulumi programs on the real engine, and record its steps and output."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi import automation
from pulumi.automation import EngineEvent, LocalWorkspace, ProjectRuntimeInfo, ProjectSettings
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import CommandError

from quant_sessions_provider.core.urns import GROUP_TYPE, SESSION_TYPES, type_of
from tests.support.project_plugin import install
from tests.support.vault import KEY, vault

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUP_TYPES = ("quant:SessionGroup", GROUP_TYPE)
_PROJECT = "acceptance"
ROOT_VARIABLE = "QUANT_SESSIONS_TEST_PULUMI_ROOT"


@cache
def pulumi_command() -> automation.PulumiCommand:
    """Return the real CLI. Fail if there is none: these tests are never skipped."""
    root = os.environ.get(ROOT_VARIABLE)
    assert root, f"{ROOT_VARIABLE} is not set: run the tests with `make test`, which installs the Pulumi CLI"
    return automation.PulumiCommand(root=root)


@dataclass(frozen=True)
class Step:
    """A step of the engine for one resource, planned or done."""

    name: str
    op: str
    changes: dict[str, str]
    keys: list[str]
    old: dict[str, Any]
    new: dict[str, Any]
    urn: str = ""


@dataclass
class Run:
    """One run of the engine: its steps, messages and output."""

    steps: list[Step] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    """Those of the messages that are errors."""
    text: str = ""
    failed: bool = False
    began: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    ended: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def ops(self, name: str) -> list[str]:
        return [step.op for step in self.steps if step.name == name]

    def step(self, name: str) -> Step:
        """Return the only step of a resource."""
        (found,) = [step for step in self.steps if step.name == name]
        return found

    def said(self, name: str = "") -> list[str]:
        """Return the messages of a resource, or those of the stack."""
        return [text for resource, text in self.messages if resource == name]

    def refusal(self, name: str) -> str:
        """Return the only error of a resource. The order of the other messages is undefined."""
        (text,) = {text for resource, text in self.errors if resource == name}
        return text

    def record(self, event: EngineEvent) -> None:
        if event.resource_pre_event:
            self._record_step(event.resource_pre_event.metadata)
        if event.diagnostic_event:
            urn = event.diagnostic_event.urn or ""
            name = urn.rsplit("::", 1)[-1] if _is_ours(urn) else ""
            if event.diagnostic_event.severity != "debug":
                self.messages.append((name, _plain(event.diagnostic_event.message)))
            if event.diagnostic_event.severity == "error":
                self.errors.append(self.messages[-1])

    def _record_step(self, metadata: Any) -> None:  # noqa: ANN401 - the SDK types it so
        if not _is_ours(metadata.urn):
            return
        changes = {path: str(diff.diff_kind.value) for path, diff in (metadata.detailed_diff or {}).items()}
        self.steps.append(
            Step(
                metadata.urn.rsplit("::", 1)[-1],
                str(metadata.op.value),
                changes,
                metadata.keys or [],
                metadata.old.inputs if metadata.old else {},
                metadata.new.inputs if metadata.new else {},
                metadata.urn,
            )
        )


def _is_ours(urn: str) -> bool:
    """Return whether a resource is a session, or a group of them."""
    return bool(urn) and type_of(urn) in (*SESSION_TYPES, *_GROUP_TYPES)


def _plain(text: str) -> str:
    for tag in ("reset", "bold", "fg 1", "fg 3", "fg 8", "fg 13", "underline"):
        text = text.replace(f"<{{%{tag}%}}>", "")
    return text.strip()


def read_state(file: Path) -> dict[str, Any]:
    """Return a stack's deployment from its file in the backend. Secrets stay encrypted."""
    return dict(json.loads(file.read_text())["checkpoint"].get("latest") or {"resources": []})


def write_state(file: Path, deployment: dict[str, Any]) -> None:
    """Replace the deployment in a file of the backend."""
    whole = json.loads(file.read_text())
    whole["checkpoint"]["latest"] = deployment
    file.write_text(json.dumps(whole))


class _LeanStack(automation.Stack):
    """Skips the CLI calls for outputs and history after each run. Tests read state from its file."""

    @classmethod
    def create(cls, stack_name: str, workspace: automation.Workspace) -> _LeanStack:
        return cls(stack_name, workspace, StackInitMode.CREATE)

    def outputs(self) -> dict[str, automation.OutputValue]:
        return {}

    def info(self, show_secrets: bool | None = None) -> automation.UpdateSummary:  # noqa: ARG002, FBT001 - the SDK's
        return automation.UpdateSummary("update", datetime.now(timezone.utc), "", {}, {}, "succeeded")


_EMPTY_STACK: dict[str, str] = {}
"""The files of an empty stack of the shared project, as the CLI wrote them."""


class _LeanWorkspace(LocalWorkspace):
    """Creates one empty stack per process with the CLI, and copies its files for all others."""

    def create_stack(self, stack_name: str) -> None:
        home, state = Path(self.work_dir), f".pulumi/stacks/{_PROJECT}/{stack_name}.json"
        files = (state, f"Pulumi.{stack_name}.yaml", ".pulumi/meta.yaml")
        if state not in _EMPTY_STACK:
            super().create_stack(stack_name)
            _EMPTY_STACK.update({file: (home / file).read_text() for file in files})
            return
        (home / state).parent.mkdir(parents=True)
        for file in files:
            (home / file).write_text(_EMPTY_STACK[file])


class Stack:
    """A stack with an inline program. ``program`` can be replaced between runs.

    A folder with a ``Pulumi.yaml`` is its own project. All other stacks share one.
    """

    def __init__(
        self, home: Path, environment: dict[str, str], program: Callable[[], None], name: str = "test"
    ) -> None:
        self.program, self.home, self._name = program, home, name
        home.mkdir(parents=True, exist_ok=True)
        install(home.parent / "pulumi-home")
        backend = f"file://{home}"
        own = (home / "Pulumi.yaml").exists()
        workspace = (LocalWorkspace if own else _LeanWorkspace)(
            program=lambda: self.program(),  # noqa: PLW0108 - the attribute may change
            work_dir=str(home),
            pulumi_command=pulumi_command(),
            project_settings=None if own else _project(backend),
            secrets_provider=KEY,
            env_vars={
                "PULUMI_BACKEND_URL": backend,
                "PULUMI_CONFIG_PASSPHRASE": "acceptance",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                # An inline program has no project options that set the virtual environment of the host.
                "PULUMI_RUNTIME_VIRTUALENV": sys.prefix,
                "PULUMI_HOME": str(home.parent / "pulumi-home"),
                **vault(),
                **environment,
            },
        )
        self._stack = _LeanStack.create(name, workspace)
        self._project = workspace.project_settings().name

    @property
    def workspace(self) -> automation.Workspace:
        return self._stack.workspace

    def environment(self, **variables: str) -> None:
        """Change environment variables for all later runs."""
        self._stack.workspace.env_vars = {**self._stack.workspace.env_vars, **variables}

    def config(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set a value. Only a secret needs the CLI, which encrypts it."""
        if secret:
            self._stack.set_config(key, automation.ConfigValue(value, secret))
            return
        settings = self.workspace.stack_settings(self._name)
        settings.config = {**(settings.config or {}), key: value}
        self.workspace.save_stack_settings(self._name, settings)

    def preview(self, **options: Any) -> Run:  # noqa: ANN401 - the CLI's own options
        return self._run(self._stack.preview, options)

    def up(self, **options: Any) -> Run:  # noqa: ANN401 - the CLI's own options
        return self._run(self._stack.up, options)

    def refresh(self, **options: Any) -> Run:  # noqa: ANN401 - the CLI's own options
        return self._run(self._stack.refresh, options)

    def destroy(self, **options: Any) -> Run:  # noqa: ANN401 - the CLI's own options
        return self._run(self._stack.destroy, options)

    def _run(self, verb: Callable[..., Any], options: dict[str, Any]) -> Run:
        run = Run()
        lines: list[str] = []
        try:
            verb(on_event=run.record, on_output=lines.append, on_error=lines.append, color="never", **options)
        except CommandError as error:
            run.failed = True
            lines.append(str(error))
        run.text, run.ended = "\n".join(lines), datetime.now(timezone.utc)
        return run

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs in state. Secrets stay encrypted."""
        (root,) = [r for r in self.export()["resources"] if r["type"] == "pulumi:pulumi:Stack"]
        return dict(root.get("outputs", {}))

    @property
    def _file(self) -> Path:
        return self.home / ".pulumi" / "stacks" / self._project / f"{self._name}.json"

    def export(self) -> dict[str, Any]:
        """Return the state on disk, without starting the CLI. Secrets stay encrypted."""
        return read_state(self._file)

    def rewrite(self, deployment: dict[str, Any]) -> None:
        """Replace the state on disk."""
        write_state(self._file, deployment)

    def import_(self, deployment: dict[str, Any]) -> None:
        self._stack.import_stack(automation.Deployment(version=3, deployment=deployment))

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the sessions in state, by name."""
        found = self.export().get("resources", [])
        return {r["urn"].rsplit("::", 1)[-1]: r for r in found if _is_ours(r["urn"])}


def _project(backend: str) -> ProjectSettings:
    runtime = ProjectRuntimeInfo("python")
    return ProjectSettings(_PROJECT, runtime, backend=automation.ProjectBackend(url=backend))
