"""A project whose program is YAML, for runs of the real CLI with the plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.support.project import Project
from tests.support.project_plugin import PLUGIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.service import Service

SESSION: Final = "quant-sessions:Session"


def secretly(value: object) -> dict[str, object]:
    """Return a value as a secret of a YAML program."""
    return {"fn::secret": value}


def session(user_id: object, options: dict[str, Any] | None = None, **properties: object) -> dict[str, Any]:
    """Return a resource of a YAML program."""
    made = {"type": SESSION, "properties": {"userId": user_id, **properties}}
    return made | ({"options": options} if options else {})


class YamlProject(Project):
    """A folder with a YAML program and an empty stack; it finds the plugin beside Python."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        super().__init__(folder, variables, "")
        (folder / "__main__.py").unlink()
        self.program({})
        self.init()

    def program(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None, **more: Any) -> None:  # noqa: ANN401 - YAML
        """Replace the program."""
        whole = {"name": "acceptance", "runtime": "yaml", **PLUGIN, **more}
        whole |= {"resources": resources, "outputs": outputs or {}}
        (self.folder / "Pulumi.yaml").write_text(json.dumps(whole, ensure_ascii=False))  # JSON is YAML

    def up(self) -> str:
        """Apply the program."""
        return self.ok("up", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs in state. Secrets stay encrypted."""
        (root,) = [r for r in self.export()["resources"] if r["type"] == "pulumi:pulumi:Stack"]
        return dict(root.get("outputs", {}))

    def stored(self) -> str:
        """Return all that the engine has written to disk."""
        files = [file for file in (self.folder / "backend").rglob("*") if file.is_file()]
        return "\n".join(file.read_text(errors="replace") for file in files)


def requests_of(service: Service) -> list[tuple[str, int]]:
    """Return method and status of each request so far, and forget them."""
    return [(request["method"], request["status"]) for request in service.requests(clear=True)]
