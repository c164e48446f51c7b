from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

import pytest

from quant_sessions_provider import native
from tests.acceptance import refused
from tests.support.emulator_server import Emulator
from tests.support.engine import Stack
from tests.support.examples import Example

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from tests.support.service import Service

ORGANIZATION = "acme"
WHOLE = "TEST_BOTH_HOSTS" in os.environ
"""Whether all modules that declare sessions run on both hosts (``make test-plugin``)."""
Host = Literal["dynamic", "plugin"]


class NewStack(Protocol):
    """Creates a stack that uses the test's emulator. Keyword arguments are environment variables."""

    def __call__(self, program: Callable[[], None], **environment: str) -> Stack: ...


class NewExample(Protocol):
    """Copies an example and creates an empty stack."""

    def __call__(self, name: str, stack: str = "test") -> Example: ...


@pytest.fixture(scope="session", autouse=True)
def _without_settings_of_the_caller() -> None:
    for name in [name for name in os.environ if name.startswith(("QUANTCDN_", "PULUMI_"))]:
        del os.environ[name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a module on both hosts, if it says so, or if all do that do not say why they cannot."""
    module = metafunc.module
    if getattr(module, "ON_BOTH_HOSTS", WHOLE and not hasattr(module, "ON_ONE_HOST") and _declares(module)):
        metafunc.parametrize("host", ["dynamic", "plugin"], indirect=True, scope="module")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a live test that uses what only the emulator has."""
    for item in items:
        if item.get_closest_marker("live") and "emulator" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid} is marked live, and uses the emulator instead of the service")


def _declares(module: ModuleType) -> bool:
    return any(hasattr(module, name) for name in native.__all__)


@pytest.fixture(scope="module", autouse=True)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """Have the programs of the module declare sessions of the plugin, where it runs on both hosts."""
    named: Host = getattr(request, "param", "dynamic")
    with pytest.MonkeyPatch.context() as patch:
        for module in (request.module, refused) if named == "plugin" else ():
            for name in filter(partial(hasattr, module), native.__all__):
                patch.setattr(module, name, getattr(native, name))
        yield named


@pytest.fixture(scope="module")
def emulator(host: Host) -> Iterator[Emulator]:  # noqa: ARG001 - so that what a module shares is made once a host
    with Emulator() as server:
        yield server


@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest, host: Host) -> Iterator[Service]:  # noqa: ARG001 - as above
    """Return the emulator; in ``make test-live``, which alone loads the plugin, QuantCDN itself."""
    live = request.config.pluginmanager.get_plugin("tests.live.plugin")
    if live is None:
        yield request.getfixturevalue("emulator")
    else:
        with live.live_service() as service:
            yield service


@pytest.fixture(scope="module")
def new_stack(service: Service, tmp_path_factory: pytest.TempPathFactory) -> NewStack:
    def make(program: Callable[[], None], **environment: str) -> Stack:
        home: Path = tmp_path_factory.mktemp("stack") / "stack"
        return Stack(home, service.variables(ORGANIZATION) | environment, program)

    return make


@pytest.fixture
def example(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewExample:
    """Set the variables in this process too, since lookups of inline programs run in it."""
    variables = emulator.variables(ORGANIZATION)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return lambda name, stack="test": Example(name, tmp_path / name, variables, stack)
