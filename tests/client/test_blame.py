"""An error blames the right one: a web page is not the API, and an obstacle on the way is named."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ConfigurationError,
    ForbiddenError,
    NotFoundError,
    UnreachableError,
)
from tests.client.conftest import Answer, Clock, Host, Script, client_of
from tests.client.operations import OPERATIONS, Operation
from tests.client.raw_host import RawHost

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.client.sessions import Client

PROXY = "the proxy in HTTPS_PROXY/ALL_PROXY"


def refusal(attempt: Operation, client: Client) -> str:
    with pytest.raises((ApiError, ConfigurationError, UnreachableError)) as caught:
        attempt(client)
    return str(caught.value)


# --- web pages -----------------------------------------------------------------------------------------------

PAGES = ["<html>login</html>", "\ufeff\r\n <!doctype html>", "<!DOCTYPE html><title>Sign in</title>"]
ADVICE = ": check baseUrl, and whether a proxy or a login page is in front of it"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 409, 410, 451])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_web_page_is_not_the_apis_answer(host: Host, client: Client, operation: str, status: int, page: str) -> None:
    host.play(Answer(status, page))
    doubt = status // 100 == 2 and not operation.startswith(("reading", "listing"))
    with pytest.raises(ApiError) as caught:
        OPERATIONS[operation](client)
    assert not isinstance(caught.value, NotFoundError)
    assert str(caught.value) == (
        f"{operation}: {host.url} returned {status} with a web page, not an answer of the API{ADVICE}"
        + ("; the request may have been applied" if doubt else "")
    )
    assert len(host.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 520])
def test_the_page_of_an_outage_blames_no_setting(host: Host, status: int) -> None:
    host.play(Answer(status, "<html>", headers={"Retry-After": "99"}))
    text = refusal(OPERATIONS["creating the session"], client_of(host.url, maxRetries="0"))
    assert text == (
        f"creating the session: {host.url} returned {status} with a web page, not an answer of the API"
        "; retry after 99 s, longer than timeoutSeconds allows"
    )


def test_a_redirect_with_a_page_names_the_redirect(host: Host, client: Client) -> None:
    host.play(Answer(302, "<html>moved</html>"))
    text = refusal(OPERATIONS["reading session 3f2a"], client)
    assert " returned 302 with a web page, not an answer of the API; redirects are not followed, because " in text


def test_the_apis_own_401_blames_the_token(host: Host, client: Client) -> None:
    host.play(Answer(401, {"message": "Unauthorized"}))
    with pytest.raises(ForbiddenError, match=r" returned 401: Unauthorized; the token from .* was not accepted\. "):
        client.get("acme", "3f2a")


# --- 404 where no session is named ---------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
def test_404_without_a_session_blames_base_url_and_organization(host: Host, client: Client, operation: str) -> None:
    host.play(Answer(404, {"message": "Not found"}))
    whole = operation in ("creating the session", "listing sessions")
    assert refusal(OPERATIONS[operation], client) == (
        f"{operation}: the API returned 404: Not found"
        + ("; baseUrl or the organization is probably wrong" if whole else "")
    )


@pytest.mark.parametrize("tail", ["/api/v3", "/api/v3/"])
@pytest.mark.parametrize("body", ["<html>", {"message": "Not found"}])
def test_a_base_url_with_the_path_of_the_api_is_named(host: Host, tail: str, body: object) -> None:
    host.play(Answer(404, body))
    text = refusal(OPERATIONS["creating the session"], client_of(host.url + tail))
    assert text.endswith("; baseUrl must not end in /api/v3")
    assert host.lines == ["POST /api/v3/api/v3/organizations/acme/ai/sessions"]


# --- obstacles -----------------------------------------------------------------------------------------------


def unreachable(url: str) -> str:
    """Return why a creation could not be sent."""
    text = refusal(OPERATIONS["creating the session"], client_of(url, maxRetries="0"))
    start, end = f"creating the session: {url} cannot be reached (", "); nothing was sent"
    assert text.startswith(start)
    assert text.endswith(end)
    return text[len(start) : -len(end)]


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", "returned 407: it requires a user name and a password"),
        (b"HTTP/1.1 403 No\r\n\r\n<html>", "returned 403: it does not allow this host"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "returned 502"),
        (b"HTTP/1.1 503\r\n\r\n", "returned 503"),
        (b"220 mail.example ESMTP\r\n", "sent no valid response to CONNECT"),
        (b"", "sent no valid response to CONNECT"),
    ],
)
def test_the_answer_of_a_proxy_is_named(monkeypatch: pytest.MonkeyPatch, response: bytes, said: str) -> None:
    with Script(response) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        assert unreachable("https://api.example") == f"{PROXY} {said}"
    assert [line.split(b" HTTP/")[0] for line in proxy.heard] == [b"CONNECT api.example:443"]


def test_a_proxy_that_speaks_no_tls_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Script(b"HTTP/1.1 400 Bad Request\r\n\r\n") as proxy:
        monkeypatch.setenv("ALL_PROXY", f"https://{proxy.address}")
        said = unreachable("https://api.example")
    assert said == f"{PROXY}: TLS handshake failed: if it speaks plain HTTP, write its URL with http://"


def test_the_certificate_of_a_proxy_is_told_from_that_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    with RawHost(context=context) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        said = unreachable("https://api.example")
    assert said == f"{PROXY}: certificate verification failed (CA bundle: REQUESTS_CA_BUNDLE)"


FAILURES: dict[str, tuple[OSError, str]] = {
    "refused": (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "connection refused"),
    "network": (OSError(errno.ENETUNREACH, "no"), "network unreachable"),
    "host": (OSError(errno.EHOSTUNREACH, "no"), "host unreachable"),
    "time": (TimeoutError("no"), "connecting timed out"),
    "other": (OSError(errno.EADDRNOTAVAIL, "no"), "no connection"),
}


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize(("failure", "said"), FAILURES.values(), ids=FAILURES)
def test_the_system_s_reason_is_named(
    monkeypatch: pytest.MonkeyPatch,
    failure: OSError,
    said: str,
    proxy: bool,  # noqa: FBT001 - a case
) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise failure

    monkeypatch.setattr("quant_sessions_provider.client.connection.create_connection", fail)
    if proxy:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert unreachable("https://127.0.0.2") == (f"{PROXY}: {said}" if proxy else said)


@pytest.mark.parametrize("proxy", [False, True])
def test_a_name_that_does_not_resolve_is_named(monkeypatch: pytest.MonkeyPatch, proxy: bool) -> None:  # noqa: FBT001 - a case
    def fail(*_args: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, os.strerror(0))

    monkeypatch.setattr("socket.getaddrinfo", fail)
    if proxy:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    said = "the host name does not resolve"
    assert unreachable("https://api.example") == (f"{PROXY}: {said}" if proxy else said)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4"])
def test_a_socks_proxy_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:9")
    assert refusal(OPERATIONS["creating the session"], client_of("https://api.example")) == (
        f"creating the session: not sent: {PROXY} is a SOCKS proxy, which needs the package PySocks"
    )


# --- a kept connection that went silent ----------------------------------------------------------------------


@pytest.mark.parametrize("retries", ["0", "3"])
def test_a_read_on_a_silent_kept_connection_is_sent_on_a_new_one(host: Host, retries: str) -> None:
    host.play(Answer(), Answer(drop="hold"), Answer(200, {"id": "3f2a"}))
    client = client_of(host.url, timeoutSeconds="2", maxRetries=retries, baseDelayMs="60000")
    client.get("acme", "3f2a")
    assert client.get("acme", "3f2a").id == "3f2a"
    first, silent, fresh = host.asked
    assert first.connection == silent.connection != fresh.connection


def test_a_new_connection_that_is_silent_too_ends_with_the_deadline(host: Host) -> None:
    host.play(Answer(), *[Answer(drop="hold")] * 5)
    client = client_of(host.url, timeoutSeconds="0.4")
    client.get("acme", "3f2a")
    with pytest.raises(AnswerLostError) as caught:
        client.get("acme", "3f2a")
    assert str(caught.value) == f"reading session 3f2a: {host.url} did not respond within timeoutSeconds (0.4 s)"
    assert len(host.asked) == 3


@pytest.mark.parametrize("kept", [False, True])
def test_what_changes_something_waits_for_a_silent_connection(host: Host, kept: bool) -> None:  # noqa: FBT001 - a case
    host.play(*([Answer()] if kept else []), Answer(drop="hold"))
    client = client_of(host.url, timeoutSeconds="0.4")
    if kept:
        client.get("acme", "3f2a")
    with pytest.raises(AnswerLostError, match=r" did not respond within timeoutSeconds \(0\.4 s\); the request may "):
        client.extend("acme", "3f2a")
    assert len(host.asked) == 1 + kept


# --- 520 to 529 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", range(520, 530))
def test_the_statuses_of_content_delivery_networks_are_retried_for_reading(host: Host, status: int) -> None:
    host.play(Answer(status), Answer(status), Answer(200, {"id": "3f2a"}), Answer(status))
    client = client_of(host.url, Clock())
    assert client.get("acme", "3f2a").id == "3f2a"
    with pytest.raises(ApiError, match=f" returned {status}$") as caught:
        client.extend("acme", "3f2a")
    assert caught.value.maybe_applied
    assert len(host.asked) == 4
