"""Runs the pack of ``examples/policies`` on the real engine and writes the generated parts of ``docs/policies.md``."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from quant_sessions_provider import Session
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.policy.rules import RULES, Rule
from tests.support.emulator_server import Emulator
from tests.support.engine import Run, Stack
from tests.support.pages import put

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PACK = ROOT / "examples" / "policies"
PAGE = ROOT / "docs" / "policies.md"
ORGANIZATION = "acme"
TOKEN = "ghp_" + "a1B2" * 9
CANARY = "canary-71c3"
CONFIG = {"required-metadata": {"keys": ["owner"]}, "sessions-per-stack": {"maxSessions": 10}}

FINE: dict[str, Any] = {"user_id": "u-17", "session_group": "support", "metadata": {"owner": "shop"}}


def breaking() -> None:
    """Violate each rule once, with texts that no output may repeat; then declare sessions that only just pass."""
    secret: Any = pulumi.Output.secret
    fresh = Session("fresh", **FINE)
    Session("long", **FINE | {"expiration_minutes": secret(900)})
    Session("ungrouped", user_id="u-17", metadata={"owner": "shop"})
    Session("misnamed", **FINE | {"session_group": secret(f"Group {CANARY}")})
    Session("person", **FINE | {"user_id": secret(f"{CANARY}@example.com")})
    leak = {"role": "user", "content": f"{CANARY} {TOKEN}"}
    Session("leaky", **FINE | {"messages": [leak], "metadata": {"owner": "shop", f"{CANARY} {TOKEN}": 1}})
    Session("ownerless", **FINE | {"metadata": {CANARY: "shop"}})
    Session("live", **FINE | {"session_group": "shop-prod"})

    Session("renewing", **FINE | {"session_group": "shop-prod", "renew_before_minutes": 15})
    Session("ignored", **FINE | {"session_group": "shop-prod", "on_expired": "ignore"})
    kept = pulumi.ResourceOptions(ignore_changes=["expiresAt"])
    Session("kept", **FINE | {"session_group": "shop-prod"}, opts=kept)
    tonight = timestamps.render(datetime.now(timezone.utc) + timedelta(hours=6))
    Session("ending", **FINE | {"session_group": "shop-prod", "expires_at": tonight})
    hidden = [{"role": "user", "content": secret(f"{CANARY} {TOKEN}")}]
    Session("hidden", **FINE | {"messages": hidden, "metadata": {"owner": "shop", "key": secret({CANARY: TOKEN})}})
    unknown: dict[str, Any] = {
        "user_id": fresh.id.apply(lambda known: f"{known}@example.com"),
        "session_group": secret(fresh.id),
        "expiration_minutes": fresh.id.apply(lambda _: 900),
        "messages": fresh.id.apply(lambda _: [leak]),
        "metadata": fresh.id.apply(lambda _: {}),
        "on_expired": fresh.id.apply(lambda _: "ignore"),
    }
    Session("unknown", **unknown)


def late() -> None:
    """Violate a rule with a value that only the update knows."""
    fresh = Session("fresh", **FINE)
    Session("late", **FINE | {"user_id": fresh.id.apply(lambda known: f"{known}@example.com")})


@dataclass(frozen=True)
class Seen:
    """The output of three runs, and the users of the sessions that were created."""

    advised: Run
    blocked: Run
    stopped: Run
    created: list[str]


def packed(stack: Stack, verb: Callable[..., Run], **configured: object) -> Run:
    """Run the engine with the pack and a file of settings."""
    file = stack.home / "policies.json"
    file.write_text(json.dumps(CONFIG | configured))
    return verb(policy_packs=[str(PACK)], policy_pack_configs=[str(file)])


def see(emulator: Emulator, home: Path) -> Seen:
    """Run the violations: as advice, as a mandatory preview, as a mandatory update."""
    stack = Stack(home, emulator.variables(ORGANIZATION), breaking)
    advised = packed(stack, stack.preview)
    blocked = packed(stack, stack.preview, all="mandatory")
    stack.program = late
    stopped = packed(stack, stack.up, all="mandatory")
    return Seen(advised, blocked, stopped, [session["userId"] for session in emulator.sessions(ORGANIZATION)])


def verdict(run: Run) -> str:
    """Return what the terminal shows under "Policies"."""
    lines = run.text.partition("\nPolicies:\n")[2].partition("\n\n")[0]
    return f"Policies:\n{lines}".replace(f"{ROOT}/", "")


def violations(run: Run) -> set[tuple[str, str, str, str]]:
    """Return level, policy, resource and the line that says what is wrong, of each violation."""
    found = re.findall(r"- \[(\w+)\]  (\S+)  \(\S+: (\S+)\)\n +.*\n +(.*)\n +.*", verdict(run))
    return {(level, policy, resource, line) for level, policy, resource, line in found}


def row(rule: Rule[Any]) -> str:
    """Return the row of a rule in the table."""
    settings = [
        f"`{key}`: {one['description']} Default `{json.dumps(one['default'])}`" for key, one in rule.schema.items()
    ]
    cells = [f"`{rule.name}`", rule.description, "; ".join(settings), rule.remedy]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def filled(page: str, seen: Seen) -> str:
    """Return the page with each generated part replaced."""
    table = "\n".join(["| policy | requires | settings | how to fix |", "| --- | --- | --- | --- |", *map(row, RULES)])
    parts = {
        "rules": table,
        "advised": f"```text\n{verdict(seen.advised)}\n```",
        "stopped": f"```text\n{verdict(seen.stopped)}\n```",
    }
    for name, part in parts.items():
        page = put(page, name, part)
    return page


if __name__ == "__main__":
    with Emulator() as server, tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(filled(PAGE.read_text(), see(server, Path(folder, "stack"))))
