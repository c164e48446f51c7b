from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.client import connection
from tests.cli.checks import address, checks, sees
from tests.cli.conftest import CANARY, ORGANIZATION, pulumi
from tests.client.conftest import Answer, Script, nowhere

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Vendor
    from tests.client.conftest import Host
    from tests.support.emulator_server import Emulator


@pytest.mark.usefixtures("vendor")
def test_a_sound_setup_has_no_problem(account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCDN_TIMEOUT_SECONDS", "7.5")
    result = run("doctor", "--json", "--organization", ORGANIZATION)
    found = checks(result)
    assert (result.code, result.error) == (0, "")
    assert {check["verdict"] for check in found.values()} == {"ok"}
    assert sees(found["Pulumi CLI"], "ok", "v3.300.0 (")
    assert sees(found["packages"], "ok", "quant-sessions-provider ")
    assert sees(found["bearer"], "ok", "set (from the variable QUANTCDN_API_TOKEN)")
    assert sees(found["organization"], "ok", "acme (from the command line)")
    assert sees(found["baseUrl"], "ok", f"{account.url} (from the variable QUANTCDN_BASE_URL)")
    assert sees(found["timeoutSeconds"], "ok", "7.5 (from the variable QUANTCDN_TIMEOUT_SECONDS)")
    assert sees(found["enableJitter"], "ok", "true (default)")
    assert sees(found["token"], "ok", "accepted (from the variable QUANTCDN_API_TOKEN)")
    assert sees(found["clock"], "ok", f"within a minute of {account.url}")
    assert [(request["method"], request["status"]) for request in account.requests()] == [("GET", 401), ("GET", 200)]


@pytest.mark.usefixtures("account", "vendor")
def test_people_get_a_table_that_says_what_to_do(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUANTCDN_ORGANIZATION")
    result = run("doctor")
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert lines[0].split() == ["check", "seen"]
    at = lines.index("problem   organization        not set")
    assert lines[at + 1].split()[:3] == ["->", "no", "organization"]
    assert max(map(len, lines)) <= 100
    assert result.code == 1


@pytest.mark.usefixtures("vendor")
def test_without_a_response_the_token_is_not_to_blame(
    account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANTCDN_MAX_RETRIES", "0")
    account.fault("drop", method="GET", count=None)
    result = run("doctor", "--json", "--organization", ORGANIZATION)
    assert result.code == 1
    assert sees(checks(result)["token"], "problem", f"listing sessions: {account.url} ", "see the addresses above")


def test_the_token_is_sent_only_to_the_configured_host(
    account: Emulator, vendor: Vendor, run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("QUANTCDN_ORGANIZATION", "private-name")
    run("doctor", "--json")
    for host, spelling in ((vendor.described, "organizations"), (vendor.documented, "organisations")):
        (request,) = host.asked
        assert request.line == f"GET /api/v3/{spelling}/example/ai/sessions?limit=1"
        assert "Authorization" not in request.headers
        assert not {CANARY, "private-name"} & set(f"{request.headers} {request.target}".replace("/", " ").split())
    assert "private-name" in account.requests()[-1]["path"]


def test_a_configured_vendor_host_gets_two_requests_and_the_token_once(
    vendor: Vendor, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANTCDN_API_TOKEN", CANARY)
    monkeypatch.setenv("QUANTCDN_ORGANIZATION", ORGANIZATION)
    monkeypatch.setenv("QUANTCDN_BASE_URL", vendor.described.url)
    found = checks(run("doctor", "--json"))
    assert [request.headers.get("Authorization") for request in vendor.described.asked] == [None, f"Bearer {CANARY}"]
    assert [request.headers.get("Authorization") for request in vendor.documented.asked] == [None]
    assert sees(found["token"], "problem", "the API returned 401", "create a new token")
    assert len([check for check in found.values() if check["name"] == "address"]) == 2


@pytest.mark.usefixtures("vendor")
@pytest.mark.parametrize(
    ("behaviour", "seen", "advice"),
    [({"token": "other"}, "returned 401", "Profile > API Tokens"), ({"forbidden": True}, "returned 403", "allowed")],
    ids=["401", "403"],
)
def test_a_rejected_token_is_a_problem(
    account: Emulator, run: Command, behaviour: dict[str, Any], seen: str, advice: str
) -> None:
    account.behave(**behaviour)
    result = run("doctor", "--probe", "--json")
    assert result.code == 1
    assert sees(checks(result)["token"], "problem", seen, advice)
    assert result.error == "The API is not probed: solve the problems above first.\n"
    assert account.sessions() == []


@pytest.mark.usefixtures("vendor")
def test_each_malformed_setting_is_named_without_its_value(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCDN_API_TOKEN", f"{CANARY} ")
    monkeypatch.setenv("QUANTCDN_BASE_URL", f"https://{CANARY}@dashboard.quantcdn.io")
    monkeypatch.setenv("QUANTCDN_MAX_RETRIES", "many")
    result = run("doctor", "--json")
    found = checks(result)
    assert result.code == 1
    assert sees(found["bearer"], "problem", "malformed", "QUANTCDN_API_TOKEN: must be a token of printable")
    assert sees(found["baseUrl"], "problem", "malformed", "QUANTCDN_BASE_URL: must be a URL")
    assert sees(found["maxRetries"], "problem", "malformed, from the variable QUANTCDN_MAX_RETRIES", "must be a whole")
    assert sees(found["organization"], "problem", "not set", "or run `pulumi config set quant-sessions:organization`")
    assert sees(found["token"], "skipped", "a setting is malformed")


def test_offline_it_ends_and_says_so(run: Command, monkeypatch: pytest.MonkeyPatch, vendor: Vendor) -> None:
    for host in (vendor.described, vendor.documented):
        host.answers.clear()
        host.play(Answer(drop="before"))
    monkeypatch.setenv("QUANTCDN_API_TOKEN", CANARY)
    monkeypatch.setenv("QUANTCDN_ORGANIZATION", ORGANIZATION)
    here = nowhere()
    monkeypatch.setenv("QUANTCDN_BASE_URL", here)
    result = run("doctor", "--json")
    found = checks(result)
    assert result.code == 1
    assert sees(address(found, here), "problem", "cannot be reached (connection refused)", "online")
    assert sees(address(found, vendor.described.url), "skipped", "cannot be reached", "the API's description")
    assert sees(address(found, vendor.documented.url), "skipped", "cannot be reached", "the documentation site")
    assert sees(found["token"], "skipped", "the host cannot be reached")
    assert sees(found["clock"], "skipped", "no response had a date")


@pytest.mark.usefixtures("vendor")
def test_it_does_not_wait_for_a_host_that_never_responds(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCDN_TIMEOUT_SECONDS", "0.2")
    silent = Script(b"", drip=b" ")
    with silent:
        found = checks(run("doctor", "--json", "--base-url", f"http://{silent.address}"))
    assert sees(address(found, silent.address), "problem", "cannot be reached")


@pytest.mark.usefixtures("vendor")
@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_an_address_that_requires_no_token_may_be_wrong(run: Command, status: int, listener: Host) -> None:
    listener.play(Answer(status, headers={"Location": "https://192.0.2.1"}))
    found = checks(run("doctor", "--json", "--base-url", listener.url))
    assert sees(address(found, listener.url), "warning", f"returns {status} without a token", "check baseUrl")


@pytest.mark.parametrize("status", [200, 401, 403, 503])
def test_a_web_page_is_not_the_api(
    run: Command, vendor: Vendor, listener: Host, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("QUANTCDN_API_TOKEN", CANARY)
    monkeypatch.setenv("QUANTCDN_ORGANIZATION", ORGANIZATION)
    vendor.documented.answers.clear()
    vendor.documented.play(Answer(403, body="<html>Blocked</html>"))
    listener.play(*[Answer(status, body="\ufeff <!doctype html><title>Log in</title>")] * 9)
    found = checks(run("doctor", "--json", "--base-url", listener.url))
    page = f"returns a web page with {status} without a token, where the API would return JSON"
    assert sees(address(found, listener.url), "warning", page, "login or firewall")
    assert sees(address(found, vendor.documented.url), "skipped", "returns a web page with 403 without a token")
    assert sees(address(found, vendor.described.url), "ok", "returns 401 without a token")
    assert sees(
        found["token"],
        "problem",
        "",
        "the host returned a web page, so the token could not be checked: see the address above",
    )
    assert "create a new token" not in found["token"]["advice"]


@pytest.mark.usefixtures("vendor")
@pytest.mark.parametrize(
    ("proxy", "response", "seen"),
    [
        (
            "http",
            b"HTTP/1.1 407 Log in first\r\n\r\n",
            "the proxy in HTTPS_PROXY/ALL_PROXY returned 407: it requires a user name and a password",
        ),
        ("http", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy in HTTPS_PROXY/ALL_PROXY returned 502"),
        (
            "https",
            b"HTTP/1.1 400 No TLS here\r\n\r\n",
            "the proxy in HTTPS_PROXY/ALL_PROXY: TLS handshake failed: if it speaks plain HTTP, write its URL with http://",
        ),
        ("socks5", b"", "the proxy in HTTPS_PROXY/ALL_PROXY is a SOCKS proxy, which needs the package PySocks"),
    ],
)
def test_a_failing_proxy_is_named(
    run: Command, monkeypatch: pytest.MonkeyPatch, proxy: str, response: bytes, seen: str
) -> None:
    with Script(response) as host:
        monkeypatch.setenv("HTTPS_PROXY", f"{proxy}://{host.address}")
        found = checks(run("doctor", "--json", "--base-url", "https://api.example"))
    assert sees(address(found, "https://api.example"), "problem", f"cannot be reached ({seen})", "proxy")


def unresolved(*_: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "not known")


def unreachable(*_: object, **__: object) -> None:
    raise OSError(errno.ENETUNREACH, "not reachable")


@pytest.mark.usefixtures("vendor")
def test_a_network_failure_is_named(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(url: str) -> str:
        return address(checks(run("doctor", "--json", "--base-url", url)), url)["seen"]

    monkeypatch.setattr(connection, "create_connection", unreachable)
    assert "cannot be reached (network unreachable)" in seen("http://127.0.0.1:9")
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    assert "cannot be reached (the host name does not resolve)" in seen("https://api.example")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert "cannot be reached (the proxy in HTTPS_PROXY/ALL_PROXY: the host name does not resolve)" in seen(
        "https://api.example"
    )
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:port")
    assert "cannot be reached (baseUrl, or the proxy in HTTPS_PROXY/ALL_PROXY, is not a valid URL)" in seen(
        "https://api.example"
    )


@pytest.mark.usefixtures("account", "vendor")
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo v3.259.0", ("ok", "v3.259.0 (")),
        ("echo v3.258.9", ("warning", "v3.258.9 (", "tested with 3.259.0 and newer")),
        ("echo v4.0.0", ("warning", "v4.0.0 (", "same major version")),
        ("echo nonsense", ("problem", "does not print a version", "install it")),
        ("exit 3", ("problem", "does not print a version", "install it")),
        ("", ("problem", "not found on PATH", "install it")),
    ],
)
def test_the_version_of_the_pulumi_cli_is_checked(
    run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, expected: tuple[str, ...]
) -> None:
    folder = tmp_path / "other"
    monkeypatch.setenv("PATH", str(folder))
    if script:
        pulumi(folder, script)
    result = run("doctor", "--json")
    assert sees(checks(result)["Pulumi CLI"], *expected)
    assert result.code == (expected[0] == "problem")
