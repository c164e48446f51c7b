"""What starting the command line, a forecast or a preview imports, and what the package exports."""

import subprocess
import sys

import pytest

import quant_sessions_provider

LOADED = """
import sys
import quant_sessions_provider.cli.app
print(sorted({name.partition(".")[0] for name in sys.modules} & {"pulumi", "fastapi", "requests", "grpc"}))
"""

FORECAST = """
import sys
import quant_sessions_provider.timeline.simulate
import quant_sessions_provider.timeline.state
top = {name.partition(".")[0] for name in sys.modules}
print(top & {"pulumi", "grpc", "requests", "urllib3", "typer", "rich", "cronsim"})
print([name for name in sys.modules if name.startswith("quant_sessions_provider.client")])
"""

PREVIEWED = """
import sys
from pulumi.dynamic import Config, ConfigureRequest
from quant_sessions_provider import Session
from quant_sessions_provider.provider import SessionProvider
provider = SessionProvider()
provider.configure(ConfigureRequest(Config({"quant-sessions:bearer": "-", "quant-sessions:organization": "-"}, "-")))
inputs = provider.check({}, {"userId": "ada"}).inputs
print(provider.diff("3f2a", inputs, inputs).changes, {"requests", "urllib3"} & set(sys.modules))
"""


def output_of(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own code
    return done.stdout


def test_the_command_line_starts_without_slow_imports() -> None:
    assert output_of(LOADED) == "[]\n"


def test_a_forecast_loads_neither_pulumi_nor_http_nor_the_command_line() -> None:
    assert output_of(FORECAST) == "set()\n[]\n"


def test_an_unchanged_preview_does_not_load_http() -> None:
    assert output_of(PREVIEWED) == "False set()\n"


def test_the_package_lists_its_exports_and_rejects_other_names() -> None:
    assert set(quant_sessions_provider.__all__) <= set(dir(quant_sessions_provider))
    with pytest.raises(AttributeError, match="module 'quant_sessions_provider' has no attribute 'Sesion'"):
        getattr(quant_sessions_provider, "Sesion")  # noqa: B009 - a type checker would refuse it
