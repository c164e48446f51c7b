"""What starting the command line costs, and that exporting by name later than by import changes nothing."""

import subprocess
import sys

import pytest

import quant_sessions_provider

LOADED = """
import sys
import quant_sessions_provider.cli
print(sorted({name.partition(".")[0] for name in sys.modules} & {"pulumi", "fastapi", "requests", "grpc"}))
"""


def test_the_command_line_starts_without_what_is_slow_to_import() -> None:
    said = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own code
    assert said.stdout == "[]\n"


def test_the_package_lists_what_it_exports_and_knows_no_other_name() -> None:
    assert set(quant_sessions_provider.__all__) <= set(dir(quant_sessions_provider))
    with pytest.raises(AttributeError, match="module 'quant_sessions_provider' has no attribute 'Sesion'"):
        getattr(quant_sessions_provider, "Sesion")  # noqa: B009 - a type checker would refuse it
