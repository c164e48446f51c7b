"""Both hosts say the same about the same plan, on the resource's line."""

from __future__ import annotations

from typing import Any

import pytest

from quant_sessions_provider import provider
from tests.support.dynamic_host import running_host
from tests.support.fakes import ID, A, B, applied, at, desk, inputs_of
from tests.support.plugin_host import plain, running_plugin

RENEWED = {"expiresAt": at(60)}


def _by_the_dynamic_host(
    monkeypatch: pytest.MonkeyPatch, state: str, outputs: dict[str, Any], new: dict[str, Any]
) -> list[tuple[str, str]]:
    monkeypatch.setattr(provider, "Operations", lambda *_args: desk(state).operations)
    with running_host() as host:
        host.check(new, inputs_of(outputs) if outputs else None)
        if outputs:
            host.diff(outputs, new, id=ID)
        return [(severity, text) for severity, text, _ in host.engine.lines]


def _by_the_plugin(
    _monkeypatch: pytest.MonkeyPatch, state: str, outputs: dict[str, Any], new: dict[str, Any]
) -> list[tuple[str, str]]:
    with running_plugin(state) as host:
        checked, _ = host.check(new, inputs_of(outputs) if outputs else None)
        if not outputs or host.diff(outputs, new).replaces:
            host.create(plain(checked), preview=True)
        else:
            host.update(outputs, new, preview=True)
        return [(severity, text) for severity, text, _ in host.engine.lines]


@pytest.mark.parametrize(
    ("state", "outputs", "moved"),
    [
        ("alive", {}, {}),
        ("alive", {}, {"expirationMinutes": 5}),
        ("alive", applied(9), RENEWED),
        ("alive", applied(9), {"messages": [A, B], "metadata": {"k": 1}, "status": "completed"}),
        ("alive", applied(9), {"expirationMinutes": 30}),
        ("alive", applied(9), {"userId": "bob"}),
        ("alive", applied(9, messages=[]), {"userId": "bob"}),
        ("gone", applied(9), {"userId": "bob"}),
        ("alive", applied(-9), RENEWED),
        ("lingering", applied(-9, messages=[]), RENEWED),
        ("gone", applied(-9), RENEWED),
    ],
)
def test_both_hosts_say_the_same(
    monkeypatch: pytest.MonkeyPatch, state: str, outputs: dict[str, Any], moved: dict[str, Any]
) -> None:
    new = (inputs_of(outputs) if outputs else {"userId": "ada"}) | moved
    said = _by_the_plugin(monkeypatch, state, outputs, new)
    assert said == _by_the_dynamic_host(monkeypatch, state, outputs, new)
    assert len(said) == 1
