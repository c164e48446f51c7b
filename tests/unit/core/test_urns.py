from __future__ import annotations

import pytest

from quant_sessions_provider.core.urns import declared_provider, stack_of

PROVIDER = "urn:pulumi:dev::shop::pulumi:providers:quant-sessions::"


@pytest.mark.parametrize(
    ("urn", "name"),
    [("", ""), (f"{PROVIDER}agency", "agency"), (f"{PROVIDER}default", ""), (f"{PROVIDER}default_0_1_0", "")],
)
def test_a_provider_has_a_name_if_a_program_declares_it(urn: str, name: str) -> None:
    assert declared_provider(urn) == name


def test_a_urn_names_its_stack() -> None:
    assert stack_of(f"{PROVIDER}a:b") == "dev"
