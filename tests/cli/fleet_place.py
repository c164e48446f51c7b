"""A fleet whose Pulumi is a shell script: it records its command lines, and does what files beside it say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import yaml

from quant_sessions_provider.core.urns import SESSION_TYPE
from tests.cli.conftest import pulumi

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT: Final = """\
verb="$1"; all="$*"
while [ $# -gt 0 ]; do
  case "$1" in --event-log) log="$2";; --stack) stack="$2";; --config-file) config="$2";; esac; shift
done
[ "$verb" = version ] && { echo v3.300.0; exit; }
case "$all" in "stack init "*)
  stack="${all#stack init }"; stack="${stack%% *}"
  [ -e "$HERE/$stack.there" ] && { echo "error: stack '$stack' already exists" >&2; exit 255; }
  [ -e "$HERE/$stack.locked" ] && { cat "$HERE/$stack.locked" >&2; exit 255; }
  [ -e "$HERE/$stack.slow" ] && {
    trap 'touch "$HERE/interrupted"; exit 1' INT
    touch "$HERE/begun"; until [ -e "$HERE/go" ]; do sleep 0.05; done
  }
  touch "$HERE/$stack.there"; exit;;
esac
echo "$all" | sed "s/--config-file [^ ]* //; s/--event-log [^ ]* //; s/ --non-interactive//" >> "$HERE/log"
[ -n "$config" ] && cp "$config" "$HERE/$stack.yaml" && env > "$HERE/$stack.env"
case "$all" in
  "stack tag get "*)
    [ -e "$HERE/$stack.there" ] || { echo "error: no stack named '$stack' found" >&2; exit 255; }
    [ -e "$HERE/shards" ] || {
      mv "$HERE/shards-soon" "$HERE/shards" 2>/dev/null
      echo "error: stack tag 'fleet:shards' not found for stack '$stack'" >&2; exit 255
    }
    cat "$HERE/shards";;
  "stack tag ls "*) [ -e "$HERE/$stack.there" ] || { echo "error: no stack named '$stack' found" >&2; exit 255; };;
  "stack tag set fleet:shards "*) echo "${all#stack tag set fleet:shards }" | sed "s/ .*//" > "$HERE/shards";;
  "stack export "*)
    if [ -e "$HERE/$stack.first-export" ]; then cat "$HERE/$stack.first-export"; rm "$HERE/$stack.first-export"
    else cat "$HERE/export.json"; fi;;
  "stack history "*) cat "$HERE/history.json";;
  cancel*)
    [ -e "$HERE/$stack.there" ] || { echo "error: no stack named '$stack' found" >&2; exit 255; }
    [ -e "$HERE/$stack.stuck" ] || rm "$HERE/$stack.locked";;
  up*|preview*|destroy*|refresh*)
    [ -e "$HERE/$stack.there" ] || { echo "error: no stack named '$stack' found" >&2; exit 255; }
    [ -e "$HERE/$stack.locked" ] && { cat "$HERE/$stack.locked" >&2; exit 255; }
    [ -e "$HERE/$stack.slow" ] && { touch "$HERE/begun"; trap "exit 1" INT; while :; do sleep 0.05; done; }
    cat "$HERE/$stack.events" > "$log" 2>/dev/null
    if [ -e "$HERE/$stack.prints" ]; then cat "$HERE/$stack.prints"
    elif [ "$verb" = preview ]; then echo '{"steps": []}'; fi
    [ -e "$HERE/$stack.fails" ] && { echo "error: update failed" >&2; exit 1; }
    exit 0;;
esac
"""


class Place:
    """A fleet of four shards, and what Pulumi does with its stacks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "fleet"
        (self.folder / "program").mkdir(parents=True)
        (self.folder / "program" / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
        self.file = self.folder / "fleet.yaml"
        self.write(f"backend: file://{self.folder}/state")
        (self.folder / "shards").write_text("4\n")
        (self.folder / "support.there").touch()
        pulumi(folder / "bin", f'HERE="{self.folder}"\n{SCRIPT}')
        for number in range(4):
            self.set(number, "there")
            self.events(number, *[("same", f"user-{number}-{one}") for one in range(number)])

    def forget(self) -> None:
        """Have no stack: the fleet never ran."""
        for file in [*self.folder.glob("*.there"), self.folder / "shards"]:
            file.unlink()

    def write(self, *lines: str) -> None:
        self.file.write_text("\n".join(["name: support", "program: program", "shards: 4", *lines]))

    def set(self, number: int, what: str, text: str = "") -> Path:
        """Leave a file for the script."""
        file = self.folder / f"support-{number:04}.{what}"
        file.write_text(text)
        return file

    def events(self, number: int, *steps: tuple[str, str], error: str = "") -> None:
        """Write what the engine logs."""
        urns = [(op, f"urn:pulumi:support-{number:04}::desk::{SESSION_TYPE}::{name}") for op, name in steps]
        kinds = ("resourcePreEvent",) if error else ("resourcePreEvent", "resOutputsEvent")
        found: list[Any] = [{kind: {"metadata": {"op": op, "urn": urn}}} for op, urn in urns for kind in kinds]
        if error:
            found.append({"diagnosticEvent": {"severity": "error", "message": error, "urn": urns[0][1]}})
        self.set(number, "events", "\n".join(map(json.dumps, found)))

    def export(self, *, pending: list[Any] | None = None, at: str = "2026-11-26T20:00:00Z") -> None:
        """Write the state of all stacks."""
        deployment = {"manifest": {"time": at}, "resources": [], "pending_operations": pending or []}
        (self.folder / "export.json").write_text(json.dumps({"version": 3, "deployment": deployment}))

    def calls(self) -> list[str]:
        """Return the command lines of Pulumi so far, but for its tags."""
        lines = (self.folder / "log").read_text().splitlines()
        return [line for line in lines if not line.startswith("stack tag")]

    def configuration(self, number: int) -> dict[str, Any]:
        """Return the configuration that a stack was run with."""
        found: dict[str, Any] = yaml.safe_load((self.folder / f"support-{number:04}.yaml").read_text())["config"]
        return found
