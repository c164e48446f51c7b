"""The log: a line a request, a retry and a wait, and nothing that people declare; the headers of each request."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from pulumi.dynamic import Config, ConfigureRequest

import quant_sessions_provider
from quant_sessions_provider.core.errors import QuantSessionsError
from quant_sessions_provider.provider import SessionProvider
from tests.client.conftest import TOKEN, Answer, Clock, Host, client_of, nowhere

if TYPE_CHECKING:
    from quant_sessions_provider.client.sessions import Client

NAME = "quant_sessions_provider"
SESSIONS = "/api/v3/organizations/acme/ai/sessions"
USER, GROUP, TEXT = "jane@example.org", "clinic-7", "I have a fever"


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, NAME)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return our lines, without the number of milliseconds."""
    ours = [record for record in caplog.records if record.name == NAME]
    return [f"{record.levelname} {re.sub('[0-9]+ ms', 'N ms', record.getMessage())}" for record in ours]


def test_a_request_is_one_line(host: Host, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    host.play(Answer(201, {"sessionId": "3f2a"}), Answer(200, []))
    client.create("acme", user_id=USER)
    list(client.list("acme", user_id=USER, session_group=GROUP))
    assert lines(caplog) == [f"DEBUG POST {SESSIONS}: 201, N ms", f"DEBUG GET {SESSIONS}: 200, N ms"]


def test_a_retry_and_its_cause_are_one_line(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.play(Answer(429, headers={"Retry-After": "7"}), Answer(503), Answer(drop="after"))
    client_of(host.url, Clock(), baseDelayMs="500", timeoutSeconds="60").get("acme", "3f2a")
    path = f"GET {SESSIONS}/3f2a"
    assert [line for line in lines(caplog) if line.startswith("INFO")] == [
        f"INFO {path}: 429; retry in 7 s",
        f"INFO {path}: 503; retry in 1 s",
        f"INFO {path}: did not respond; retry in 2 s",
    ]


def test_a_wait_for_the_rate_limit_is_one_line(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(host.url, Clock(), requestsPerSecond="4")
    client.get("acme", "1")
    client.get("acme", "2")
    assert "INFO waiting 0.25 s: rate limited (requestsPerSecond)" in lines(caplog)


def test_a_request_that_is_not_sent_says_why(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(QuantSessionsError):
        client_of(nowhere(), maxRetries="0").get("acme", "3f2a")
    assert lines(caplog) == [f"DEBUG GET {SESSIONS}/3f2a: connection refused, N ms"]


@pytest.mark.parametrize("status", [200, 400, 500])
def test_neither_token_nor_declared_text_nor_control_character_is_logged(
    host: Host, client: Client, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    echo = {"sessionId": "3f2a", "message": f"{TOKEN} {USER} {GROUP} {TEXT}", "title": TEXT}
    host.play(*[Answer(status, echo, headers={"X-Echo": USER})] * 9)
    for attempt in (
        lambda: client.create("acme\r\n\x1b[2J", user_id=USER, session_group=GROUP, metadata={"note": TEXT}),
        lambda: client.update("acme", "3f2a", new_messages=[{"role": "user", "content": TEXT}]),
        lambda: list(client.list("acme", user_id=USER, session_group=GROUP)),
    ):
        with suppress(QuantSessionsError):
            attempt()
    logged = "\n".join(lines(caplog))
    assert logged.count("DEBUG") >= 3
    assert not [text for text in (TOKEN, USER, GROUP, TEXT, "jane", "clinic") if text in logged]
    assert all(line.isprintable() for line in lines(caplog))


def configured(monkeypatch: pytest.MonkeyPatch, debug: str) -> None:
    monkeypatch.setenv("QUANTCDN_DEBUG", debug)
    for _ in range(2):
        SessionProvider().configure(ConfigureRequest(Config({}, "project")))


def test_a_variable_shows_the_log_in_the_host_once(
    host: Host, client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(monkeypatch, "1")
    client.get("acme", "3f2a")
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"{NAME}: GET {SESSIONS}/3f2a: 200, \d+ ms", line)
    assert len(host.asked) == 1


def test_without_the_variable_the_host_shows_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(monkeypatch, "")
    client.get("acme", "3f2a")
    assert capsys.readouterr().err == ""


# --- headers -------------------------------------------------------------------------------------------------


def test_a_request_names_the_program_and_accepts_json(host: Host, client: Client) -> None:
    client.get("acme", "3f2a")
    headers = host.asked[0].headers
    assert headers["User-Agent"] == f"quant-sessions-provider/{version('quant-sessions-provider')}"
    assert headers["Accept"] == "application/json"


def test_no_cookie_is_kept(host: Host, client: Client) -> None:
    host.play(*[Answer(headers={"Set-Cookie": "load-balancer=one; Path=/"})] * 2)
    client.get("acme", "3f2a")
    client.get("acme", "3f2a")
    assert [request.headers.get("Cookie") for request in host.asked] == [None, None]


def test_the_version_is_read_when_it_is_asked_for() -> None:
    assert quant_sessions_provider.__version__ == version("quant-sessions-provider")
    assert "__version__" in dir(quant_sessions_provider)
    assert "__version__" not in vars(quant_sessions_provider)
