"""The pack of ``examples/policies`` on the real engine, and its output in ``docs/policies.md``."""

from __future__ import annotations

import json
import re
import runpy
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.cli.policies import init
from quant_sessions_provider.policy.rules import RULES
from tools.docs.policies import CANARY, PACK, PAGE, ROOT, TOKEN, Seen, filled, packed, see, verdict, violations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator

BROKEN = {
    ("longest-lifetime", "long", "expirationMinutes: must be at most 480"),
    ("session-group", "ungrouped", "sessionGroup: is required"),
    ("session-group", "misnamed", "sessionGroup: must match the pattern [a-z0-9]+(-[a-z0-9]+)*"),
    ("user-id-no-email", "person", "userId: must not contain an e-mail address"),
    ("no-secrets", "leaky", "messages[0]: seems to contain a secret (GitHub Token)"),
    ("no-secrets", "leaky", "metadata: seems to contain a secret (GitHub Token)"),
    ("required-metadata", "ownerless", "metadata: key owner is required"),
    (
        "production-expiry",
        "live",
        "sessionGroup: is a production group, and the session is recreated after its expiry",
    ),
    ("sessions-per-stack", "acceptance-test", "14 sessions in this stack, at most 10 are allowed"),
}


@pytest.fixture(scope="module")
def seen(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return see(emulator, tmp_path_factory.mktemp("policies") / "stack")


def test_advice_reports_each_violation_and_lets_the_run_pass(seen: Seen) -> None:
    assert {policy for policy, _, _ in BROKEN} == {rule.name for rule in RULES}
    assert not seen.advised.failed
    assert violations(seen.advised) == {("advisory", *one) for one in BROKEN}


def test_mandatory_rules_block_the_preview(seen: Seen) -> None:
    assert seen.blocked.failed
    assert violations(seen.blocked) == {("mandatory", *one) for one in BROKEN}


def test_each_violation_says_how_to_fix_it(seen: Seen) -> None:
    for rule in RULES:
        assert f"          {rule.description}\n" in verdict(seen.advised)
        assert f"          {rule.remedy}" in verdict(seen.advised)


def test_a_value_that_only_the_update_knows_is_checked_before_its_session_is_created(seen: Seen) -> None:
    assert seen.stopped.failed
    assert violations(seen.stopped) == {
        ("mandatory", "user-id-no-email", "late", "userId: must not contain an e-mail address")
    }
    assert seen.created == ["u-17"]


def test_no_declared_value_is_shown(seen: Seen) -> None:
    for run in (seen.advised, seen.blocked, seen.stopped):
        for text in (CANARY, TOKEN, "@example.com"):
            assert text not in run.text + repr(run.messages)


def test_the_page_shows_the_output_of_a_run(seen: Seen) -> None:
    page = PAGE.read_text()

    assert page == filled(page, seen)
    assert (PACK / "mandatory.json").read_text() in page


def test_the_readmes_program_passes_the_pack_that_init_writes(new_stack: NewStack, tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "program.py").write_text(program)
    init(tmp_path / "pack")

    run = new_stack(lambda: (runpy.run_path(str(tmp_path / "program.py")), None)[1]).up(
        policy_packs=[str(tmp_path / "pack")]
    )

    assert not run.failed
    (line,) = verdict(run).splitlines()[1:]
    assert line.startswith("    ✅ quant-sessions@v0.0.1 (local: ")


def test_the_quickstart_passes_every_mandatory_rule(new_stack: NewStack) -> None:
    def quickstart() -> None:
        runpy.run_path(str(ROOT / "examples" / "quickstart" / "__main__.py"))

    stack = new_stack(quickstart)
    stack.config("group", "support-demo")
    run = packed(stack, stack.up, **{"all": "mandatory", "required-metadata": {"keys": []}})

    assert not run.failed
    assert verdict(run) == "Policies:\n    ✅ quant-sessions@v0.0.1 (local: examples/policies)"
    assert list(stack.resources()) == ["desk"]


def test_the_example_configuration_names_existing_rules_and_settings() -> None:
    configured = json.loads((PACK / "mandatory.json").read_text())

    assert configured.pop("all") == "mandatory"
    for rule in RULES:
        assert set(configured.pop(rule.name, {})) <= {"enforcementLevel", *rule.schema}
    assert configured == {}
