"""The pytest plugin: its fixtures, and what it costs who does not use them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from quant_sessions_provider import emulator as _imported_before_pytester  # noqa: F401 - which unloads what tests import
from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core import settings
from quant_sessions_provider.core.errors import ApiError, NotFoundError
from quant_sessions_provider.testing import QuantSessions

if TYPE_CHECKING:
    from quant_sessions_provider.client.sessions import Client

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2].joinpath("docs", "testing.md").read_text(encoding="utf-8")
HELLO = {"role": "user", "content": "Hello"}
OPTIONS = ("-p", "quant-sessions", "-p", "no:cacheprovider", "-W", "error")
HIDE_FASTAPI = """
    import sys

    class Hide:
        def find_spec(self, name, *_):
            if name == "fastapi":
                raise ModuleNotFoundError("No module named 'fastapi'", name=name)

    sys.meta_path.insert(0, Hide())
"""


@pytest.fixture
def client(quant_sessions: QuantSessions) -> Client:  # noqa: ARG001 - it sets the variables
    return client_of(settings.load(lambda _: None, os.environ))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load no plugin but those named, as their imports would count, and none of the project's own options."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_PLUGINS", raising=False)


def test_settings_and_environment_say_the_same(quant_sessions: QuantSessions) -> None:
    by_variable = settings.load(lambda _: None, quant_sessions.environment)
    by_key = settings.load(quant_sessions.settings.get, {})
    for read in (by_variable, by_key, settings.load(lambda _: None, os.environ)):
        found = (read.base_url, read.bearer, read.organization, read.base_delay_ms)
        assert found == (quant_sessions.url, quant_sessions.token, quant_sessions.organization, 1)


def test_a_session_gets_older_and_expires(quant_sessions: QuantSessions, client: Client) -> None:
    session_id = str(client.create("acme", user_id="ada", expiration_minutes=60).session_id)
    quant_sessions.advance(59)
    assert client.get("acme", session_id).id == session_id
    quant_sessions.advance(1.5)
    with pytest.raises(NotFoundError):
        client.get("acme", session_id)


def test_a_conversation_goes_on(quant_sessions: QuantSessions, client: Client) -> None:
    quant_sessions.seed("3f2a", userId="ada", messages=[HELLO])
    quant_sessions.append("3f2a", "assistant", "Good morning.")
    assert client.get("acme", "3f2a").messages == [HELLO, {"role": "assistant", "content": "Good morning."}]
    assert [session["userId"] for session in quant_sessions.sessions()] == ["ada"]


def test_the_next_requests_fail(quant_sessions: QuantSessions, client: Client) -> None:
    quant_sessions.seed("3f2a")
    quant_sessions.fail_next(503)
    client.get("acme", "3f2a")
    quant_sessions.fail_next(503, method="DELETE")
    client.get("acme", "3f2a")
    with pytest.raises(ApiError):
        client.delete("acme", "3f2a")
    quant_sessions.fail_next(503, times=4)
    with pytest.raises(ApiError):
        client.get("acme", "3f2a")
    seen = [(request["method"], request["status"]) for request in quant_sessions.requests()]
    assert seen == [("GET", 503), ("GET", 200), ("GET", 200), ("DELETE", 503), *[("GET", 503)] * 4]


def test_what_a_control_refuses_is_said(quant_sessions: QuantSessions) -> None:
    with pytest.raises(ValueError, match=r"^Session not found$"):
        quant_sessions.append("gone", "user", "Hello")
    with pytest.raises(ValueError, match=r"^status: "):
        quant_sessions.fail_next(99)


def test_each_test_starts_with_nothing_and_leaves_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        from pathlib import Path
        import pytest
        import requests

        @pytest.fixture(autouse=True)
        def _mine(monkeypatch):
            monkeypatch.setenv("QUANTCDN_TRANSCRIPT_DIR", "/of/the/caller")

        def get(api, path=""):
            address = f"{api.url}/api/v3/organizations/{api.organization}/ai/sessions{path}"
            return requests.get(address, headers={"Authorization": f"Bearer {api.token}"}).status_code

        @pytest.mark.parametrize("run", [1, 2])
        def test_used(quant_sessions, run):
            assert (quant_sessions.sessions(), quant_sessions.requests()) == ([], [])
            assert "QUANTCDN_TRANSCRIPT_DIR" not in os.environ
            assert os.environ["QUANTCDN_BASE_URL"] == quant_sessions.url
            assert get(quant_sessions) == 200
            quant_sessions.seed("3f2a")
            assert get(quant_sessions, "/3f2a") == 200
            quant_sessions.fail_next(500)

        def test_unused():
            assert "QUANTCDN_BASE_URL" not in os.environ
            assert os.environ["QUANTCDN_TRANSCRIPT_DIR"] == "/of/the/caller"

        def test_served_all_along(quant_sessions_server):
            assert "QUANTCDN_BASE_URL" not in os.environ
            assert [session["id"] for session in quant_sessions_server.sessions()] == ["3f2a"]
            quant_sessions_server.reset()
            assert get(quant_sessions_server) == 200
            Path("url").write_text(quant_sessions_server.url)
        """
    )
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=4)
    with pytest.raises(requests.ConnectionError):
        requests.get((pytester.path / "url").read_text(), timeout=10)


@pytest.mark.usefixtures("alone")
def test_a_worker_of_xdist_has_an_emulator_of_its_own(
    pytester: pytest.Pytester, quant_sessions: QuantSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    quant_sessions.seed("of-this-worker")
    monkeypatch.setenv("ANOTHER_URL", quant_sessions.url)
    pytester.makepyfile(
        """
        import os

        def test_used(quant_sessions, worker_id):
            assert worker_id == "gw0"
            assert quant_sessions.url != os.environ["ANOTHER_URL"]
            assert quant_sessions.sessions() == []
        """
    )
    pytester.runpytest_subprocess(*OPTIONS, "-p", "xdist", "-n", "1").assert_outcomes(passed=1)
    assert [session["id"] for session in quant_sessions.sessions()] == ["of-this-worker"]


@pytest.mark.usefixtures("alone")
def test_who_does_not_use_it_imports_nothing_else_and_is_not_warned(pytester: pytest.Pytester) -> None:
    """pytest marks the packages of plugins as this test does, and warns of those that are imported already."""
    pytester.makepyfile(
        """
        import sys
        from pathlib import Path
        import pytest

        def test_imported():
            Path("imported").write_text(" ".join(sys.modules))

        def test_marked():
            pytest.register_assert_rewrite("quant_sessions_provider")
        """
    )
    imported = []
    for options in (OPTIONS[2:], OPTIONS):
        pytester.runpytest_subprocess(*options).assert_outcomes(passed=2)
        imported.append(set((pytester.path / "imported").read_text().split()))
    without, with_plugin = imported
    assert with_plugin - without == {"quant_sessions_provider", "quant_sessions_provider.testing"}


@pytest.mark.usefixtures("alone")
def test_without_the_extra_only_its_users_are_told(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(HIDE_FASTAPI)
    pytester.makepyfile("def test_unused(): pass\ndef test_used(quant_sessions): pass")
    run = pytester.runpytest_subprocess(*OPTIONS)
    run.assert_outcomes(passed=1, errors=1)
    line = "the fixtures of quant-sessions need the extra 'testing': pip install 'quant-sessions-provider[testing]'"
    assert [shown for shown in run.outlines if line in shown and "ERROR" not in shown] == [line]
    assert "Traceback" not in run.stdout.str()
    assert "testing.py" not in run.stdout.str()


def test_the_page_tells_every_name(quant_sessions: QuantSessions) -> None:
    names = {name for name in {*vars(quant_sessions), *vars(QuantSessions)} if not name.startswith("_")}
    assert {name for name in names if not re.search(rf"`{name}[`(]", PAGE)} == set()


def test_the_test_on_the_page_passes(quant_sessions: QuantSessions) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102 - our own page
    names["test_the_conversation_goes_on"](quant_sessions)
