"""An example as a user has it: a copy of its folder, with packages in ``.venv``.

Its program runs inline, which saves the language host. ``shell`` runs commands from its files and its README.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from quant_sessions_provider.policy.rules import SESSION_RULES, STACK_RULES, Declared, Rule
from tests.support.engine import ROOT_VARIABLE, Run, Stack
from tests.support.masking import SHOWN_ID, UUID, masked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)| \d\d:\d\dZ)")


class Example(Stack):
    """One example with an empty stack, and the output of all its runs."""

    def __init__(self, name: str, home: Path, variables: Mapping[str, str], stack: str = "test") -> None:
        shutil.copytree(EXAMPLES / name, home, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
        (home / ".venv").symlink_to(sys.prefix)
        self.printed: list[str] = []
        self.readme = (home / "README.md").read_text()
        super().__init__(home, dict(variables), self._main, stack)

    def _main(self) -> None:
        runpy.run_path(str(self.home / "__main__.py"), run_name="__main__")

    def _run(self, verb: Callable[..., Any], options: dict[str, Any]) -> Run:
        run = super()._run(verb, options)
        assert not run.failed, run.text
        self.printed.append(run.text)
        return run

    def violations(self) -> list[str]:
        """Return what the default policies say of the sessions in state."""
        now = datetime.now(timezone.utc)
        declared = [Declared(resource["inputs"], now) for resource in self.resources().values() if "inputs" in resource]
        found = [line for rule in SESSION_RULES for one in declared for line in rule.violations(one, _defaults(rule))]
        return found + [line for rule in STACK_RULES for line in rule.violations(declared, _defaults(rule))]

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs exactly once in a file."""
        text = (self.home / file).read_text()
        assert text.count(old) == 1, text
        (self.home / file).write_text(text.replace(old, new))

    def follow(self, command: str, **variables: str) -> str:
        """Run a command from the README. Return its standard output."""
        assert command in [line.partition("  #")[0].strip() for line in self.readme.splitlines()]
        return self.shell(command, **variables)

    def shell(self, script: str, **variables: str) -> str:
        """Run a script in the folder. Return its standard output."""
        done = subprocess.run(  # noqa: S603 - commands from the example's own files
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=self.home,
            env=self._variables | variables,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.printed.append(done.stdout)
        return done.stdout

    @property
    def _variables(self) -> dict[str, str]:
        own = {**self.workspace.env_vars, "HOME": str(self.home)}
        del own["PULUMI_RUNTIME_VIRTUALENV"]  # it is set in Pulumi.yaml
        path = f"{os.environ[ROOT_VARIABLE]}/bin{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **own, "PATH": path, "PULUMI_OPTION_COLOR": "never"}

    def job(self, file: str, name: str) -> str:
        """Return the commands of a workflow's job, without those that install packages."""
        steps = yaml.safe_load((self.home / file).read_text())["jobs"][name]["steps"]
        return "\n".join(step["run"] for step in steps if step.get("run", "pulumi install") != "pulumi install")

    def untrue(self) -> list[str]:
        """Return the text blocks of the README that no run printed completely."""
        return untrue(self.readme, self.printed)


def _defaults(rule: Rule[Any]) -> dict[str, Any]:
    return {key: setting["default"] for key, setting in rule.schema.items()}


def untrue(readme: str, printed: list[str]) -> list[str]:
    """Return the text blocks that none of the outputs has completely. Timestamps and ids are ignored."""
    lines = [set(_comparable(text).splitlines()) for text in printed]
    blocks = re.findall(r"^```text\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    assert blocks, "the README shows no preview"
    return [block for block in blocks if not any(set(_comparable(block).splitlines()) <= each for each in lines)]


def _comparable(text: str) -> str:
    text = _TIMESTAMP.sub("<time>", masked(UUID.sub(SHOWN_ID, text)))
    return "\n".join(line.rstrip() for line in text.splitlines())
