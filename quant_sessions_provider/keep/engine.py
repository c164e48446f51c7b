"""Pulumi through its Automation API, for one stack of a project in a folder."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from pulumi import automation
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.keep.command import Command
from quant_sessions_provider.keep.model import InterruptedRunError, LockedError, RunError
from quant_sessions_provider.pulumi_command import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

    from quant_sessions_provider.keep.signals import Interrupts

MESSAGE: Final = "quant-sessions keep"
"""What histories say of its runs."""
_OPTIONS: Final = ("external", "pendingReplacement", "replaceWith", "deletedWith", "replacementTrigger")
"""What a state has of a resource and the engine's events leave out."""


class _Workspace(automation.LocalWorkspace):
    """Leaves the stack selected that a person selected: each command names its stack."""

    def select_stack(self, stack_name: str) -> None:
        pass


class _Stack(automation.Stack):
    """Asks for neither outputs nor history after a run: its events tell all, and nothing is to be decrypted."""

    def outputs(self) -> automation.OutputMap:
        return {}

    def info(self, show_secrets: bool | None = None) -> automation.UpdateSummary:  # noqa: ARG002, FBT001 - the SDK's
        return automation.UpdateSummary("update", datetime.now(timezone.utc), "", {}, {}, "succeeded")


class AutomationEngine:
    """Pulumi, for one stack; the selected one if none is named. ``command``: another way to run the CLI.

    Raises:
        ConfigurationError: there is no such CLI, no project, or no stack is selected.

    """

    def __init__(
        self,
        folder: Path,
        stack: str | None,
        interrupts: Interrupts,
        *,
        root: str | None = None,
        command: automation.PulumiCommand | None = None,
    ) -> None:
        self._interrupts = interrupts
        try:
            command = command or Command(interrupts, root)
            self._workspace = _Workspace(work_dir=str(folder), pulumi_command=command)
            self._name = stack or self._selected()
        except OSError:
            raise ConfigurationError("the Pulumi CLI is not on PATH") from None
        except automation.InvalidVersionError as error:
            raise ConfigurationError(one_line(str(error))) from None
        # Stack.select returns the base class.
        self._stack = _Stack(self._name, self._workspace, StackInitMode.SELECT)
        self._resources: dict[str, dict[str, Any]] = {}

    def _selected(self) -> str:
        try:
            found = self._workspace.stack()
        except CommandError as error:
            raise ConfigurationError(f"the stacks cannot be listed: {reason_of(error)}") from None
        if found is None:
            raise ConfigurationError("no stack is selected: name one with --stack")
        return found.name

    def export(self) -> object:
        """Return the stack's state; its secrets stay encrypted."""
        command = ["stack", "export", "--stack", self._name]
        printed = self._run(lambda: self._workspace.pulumi_command.run(command, self._folder, {})).stdout
        try:
            document = json.loads(printed)
        except ValueError:
            raise RunError("the exported state is not JSON") from None
        resources = (document.get("deployment") or {}).get("resources") or []
        self._resources = {each["urn"]: each for each in resources if not each.get("delete")}
        return document

    @property
    def _folder(self) -> str:
        return self._workspace.work_dir

    def preview(self, targets: Sequence[str]) -> object:
        """Return what ``pulumi preview --json`` prints, also of one that fails."""
        lines: list[str] = []
        failure: RunError | None = None
        try:
            self._run(lambda: self._stack.preview(target=[*targets], json=True, color="never", on_output=lines.append))
        except (LockedError, InterruptedRunError):
            raise
        except RunError as error:
            failure = error
        try:
            document = json.loads("\n".join(lines))
        except ValueError:
            raise failure or RunError("the preview printed no JSON") from None
        document["diagnostics"] = _with_failure(document.get("diagnostics") or [], failure)
        return document

    def up(self, targets: Sequence[str]) -> object:
        """Update these resources and nothing else; return what was carried out in the form of a preview.

        One that fails does not keep the others from it.
        """
        events: list[automation.EngineEvent] = []
        failure: RunError | None = None
        try:
            self._run(
                lambda: self._stack.up(
                    target=[*targets],
                    continue_on_error=True,
                    message=MESSAGE,
                    color="never",
                    on_event=events.append,
                )
            )
        except LockedError:
            raise
        except RunError as error:
            failure = error
        return self._document(events, failure)

    def _run(self, command: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the command returns
        try:
            return command()
        except ConcurrentUpdateError as error:
            raise LockedError(reason_of(error)) from None
        except CommandError as error:
            failure = InterruptedRunError if self._interrupts.asked else RunError
            raise failure(reason_of(error)) from None

    def _document(self, events: list[automation.EngineEvent], failure: RunError | None) -> dict[str, Any]:
        steps = [self._step(event.res_outputs_event.metadata) for event in events if event.res_outputs_event]
        said = [event.diagnostic_event for event in events if event.diagnostic_event]
        diagnostics = [
            {"urn": each.urn or "", "severity": each.severity, "message": each.message}
            for each in said
            if each.severity != "debug"
        ]
        return {"steps": steps, "diagnostics": _with_failure(diagnostics, failure)}

    def _step(self, metadata: StepEventMetadata) -> dict[str, Any]:
        exported = self._resources.get(metadata.urn, {})
        known = {key: exported[key] for key in _OPTIONS if key in exported}
        return {
            "op": metadata.op.value,
            "urn": metadata.urn,
            "oldState": known | _state(metadata.old),
            # The program may have changed them, and then the step is not as it was previewed.
            "newState": {key: known[key] for key in known if key != "external"} | _state(metadata.new),
            "diffReasons": metadata.diffs,
            "replaceReasons": metadata.keys,
        }


def _with_failure(diagnostics: list[dict[str, Any]], failure: RunError | None) -> list[dict[str, Any]]:
    """Return diagnostics with an error, where a run failed without one: as for a policy."""
    if failure is None or any(each["severity"] == "error" for each in diagnostics):
        return diagnostics
    return [*diagnostics, {"urn": "", "severity": "error", "message": str(failure)}]


def _state(state: StepEventStateMetadata | None) -> dict[str, Any]:
    if state is None:
        return {}
    return {
        "id": state.id,
        "inputs": state.inputs or {},
        "outputs": state.outputs or {},
        "retainOnDelete": state.retain_on_delete,
    }
