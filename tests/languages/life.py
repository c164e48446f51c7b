"""The life of an example in any language: its previews say the same, and its runs send the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.support.yaml_project import requests_of

if TYPE_CHECKING:
    from tests.languages.project import ExampleProject
    from tests.support.emulator_server import Emulator

ORGANIZATION: Final = "acme"
_UP: Final = ("up", "--yes", "--skip-preview")
_QUESTION: Final = "Where is my parcel?"
_LAST: Final = "hand refunds to a person."
_APPENDED: Final = {
    "yaml": f"{_LAST}\n        - role: user\n          content: {_QUESTION}",
    "typescript": f'{_LAST}" }}, {{ role: "user", content: "{_QUESTION}',
    "go": (
        f'{_LAST}")}}, quantsessions.MessageArgs{{Role: quantsessions.RoleUser, Content: pulumi.String("{_QUESTION}'
    ),
}
"""How each program goes on after its first message, so that a second one follows."""
_GROUP: Final = {"yaml": "sessionGroup: shop\n", "typescript": '"shop"', "go": '"shop"'}


@dataclass(frozen=True)
class Life:
    """An example from an empty stack to an empty stack."""

    project: ExampleProject
    emulator: Emulator

    def create(self) -> None:
        """Plan and create the sessions. A second preview has nothing to do."""
        self.project.run("stack", "init", "main")
        self.emulator.clear()
        planned = self.project.run("preview")
        assert "desk: lives 60 minutes, until about" in planned, planned
        assert "team-ada: lives 480 minutes, until about" in planned, planned
        self._sent()
        self.project.run(*_UP)
        self._sent(*[("POST", 201)] * 3)
        assert {one["userId"] for one in self._group("agents")} == {"ada-lovelace", "alan-turing"}
        self.project.run("preview", "--expect-no-changes")
        self._sent()

    def change(self) -> None:
        """Append a message; then plan what would lose the conversation."""
        self.project.edit(_LAST, _APPENDED[self.project.language])
        planned = self.project.run("preview")
        assert "desk: appends 1 message" in planned, planned
        self._sent()
        self.project.run(*_UP)
        self._sent(("GET", 200), ("PUT", 200))
        (desk,) = self._group("shop")
        self.emulator.append(ORGANIZATION, desk["id"], [{"role": "assistant", "content": "In Berlin."}])
        self.project.edit(_GROUP[self.project.language], _GROUP[self.project.language].replace("shop", "store"))
        warned = self.project.run("preview")
        assert "warning: desk: sessionGroup changed: replacing it loses 1 message" in warned, warned
        self.emulator.clear()

    def leave(self) -> None:
        """Refresh and destroy."""
        self.project.run("refresh", "--yes", "--skip-preview")
        self._sent(*[("GET", 200)] * 3)
        self.project.run("destroy", "--yes", "--skip-preview")
        self._sent(*[("DELETE", 200)] * 3)
        assert not self._group("shop")
        assert not self._group("agents")

    def _sent(self, *expected: tuple[str, int]) -> None:
        sent = requests_of(self.emulator)
        assert sent == list(expected), sent

    def _group(self, group: str) -> list[dict[str, Any]]:
        return self.emulator.group(ORGANIZATION, group)
