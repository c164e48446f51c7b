"""``quant-sessions doctor``: what is wrong with a set-up, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from quant_sessions_provider.cli.exits import fail
from quant_sessions_provider.cli.output import AsJson, console, print_json, safe, table
from quant_sessions_provider.cli.settings import BaseUrl, Organization, Sources, Stack, sources
from quant_sessions_provider.core.errors import ConfigurationError, QuantSessionsError
from quant_sessions_provider.core.settings import VARIABLES
from quant_sessions_provider.doctor.settings import setting_checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.doctor.check import Check
    from quant_sessions_provider.doctor.findings import Finding

_STYLES: Final = {"ok": "green", "warning": "yellow", "problem": "bold red", "skipped": "dim"}


def doctor(  # noqa: PLR0913 - one parameter per option
    *,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also find out how the API behaves, with a session that is deleted again.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --probe: also let a session expire, which takes 5 minutes.")
    ] = False,
    as_json: AsJson = False,
    organization: Organization = None,
    base_url: BaseUrl = None,
    stack: Stack = None,
) -> None:
    """Check the Pulumi CLI, the settings, the API's hosts, the token and the clock."""
    if wait and not probe:
        raise typer.BadParameter("requires --probe", param_hint="--wait")
    found = sources(organization, base_url, stack)
    settings = _load(found)
    checks = _checks(found, settings)
    if not as_json:
        _print_checks(checks)
    findings: list[Finding] = []
    trouble = _probe(settings, checks, wait=wait, findings=findings) if probe else ""
    if as_json:
        print_json(_json(checks, findings, probed=probe))
    elif findings:
        _print_findings(findings)
    if trouble:
        fail(trouble)
    raise typer.Exit(any(check.verdict == "problem" for check in checks))


def _load(found: Sources) -> Settings | None:
    try:
        return found.load()
    except ConfigurationError:
        return None  # the checks of the settings say what is wrong


def _checks(found: Sources, settings: Settings | None) -> list[Check]:
    from quant_sessions_provider.doctor import machine, network, token  # noqa: PLC0415 - HTTP is slow to import

    results = network.reach_all(settings)
    return [
        *machine.machine_checks(),
        *setting_checks(map(found.find, VARIABLES), with_stack=bool(found.stack)),
        *(network.address_check(each, configured=bool(settings) and each is results[0]) for each in results),
        token.token_check(settings, results[0]),
        network.clock_check(results),
    ]


def _probe(settings: Settings | None, checks: Sequence[Check], *, wait: bool, findings: list[Finding]) -> str:
    """Probe the API; return why that failed, empty if it did not."""
    from quant_sessions_provider.doctor import probe  # noqa: PLC0415 - HTTP is slow to import

    if settings is None or not any(check.name == "token" and check.verdict == "ok" for check in checks):
        return "The API is not probed: solve the problems above first."
    many = "two sessions" if wait else "one session"
    place = f"{settings.base_url}, organization {settings.organization}"
    typer.echo(
        f"Creates {many} of 5 minutes at {place}, tries updates and extensions, and deletes what it created.", err=True
    )
    try:
        probe.run(settings, wait=wait, record=findings.append, say=lambda line: typer.echo(line, err=True))
    except QuantSessionsError as error:
        return str(error)
    return ""


def _json(checks: Sequence[Check], findings: Sequence[Finding], *, probed: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"checks": [asdict(check) for check in checks]}
    if probed:
        written["findings"] = [
            {"question": found.question, "seen": found.observation.seen, "provider": found.observation.meaning}
            for found in findings
        ]
        written["behaviours"] = {key: value for found in findings for key, value in found.observation.behaviour.items()}
    return written


def _print_checks(checks: Sequence[Check]) -> None:
    rows = [[Text(check.verdict, style=_STYLES[check.verdict]), safe(check.name), _seen(check)] for check in checks]
    console().print(table(["", "check", "seen"], rows))


def _seen(check: Check) -> Text:
    return safe(f"{check.seen}\n-> {check.advice}" if check.advice else check.seen)


def _print_findings(findings: Sequence[Finding]) -> None:
    rows = [[safe(found.question), safe(found.observation.seen), safe(found.observation.meaning)] for found in findings]
    console().print()
    console().print(table(["question", "seen", "what the provider does"], rows))
