"""Where the token goes, and that no error and no repr shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ConfigurationError,
    QuantSessionsError,
    UnreachableError,
)
from tests.client.conftest import TOKEN, Answer, Host, Script, client_of, nowhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quant_sessions_provider.client.sessions import Client
    from tests.client.operations import Operation


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "operation", [lambda c: c.create("acme", user_id="ada"), lambda c: c.get("acme", "3f2a")], ids=["POST", "GET"]
)
def test_a_redirect_is_an_error_and_not_followed(host: Host, client: Client, operation: Operation, status: int) -> None:
    host.play(Answer(status, headers={"Location": f"{host.url.replace('127.0.0.1', 'localhost')}/elsewhere"}))
    with pytest.raises(ApiError, match=rf": the API returned {status}; redirects are not followed, "):
        operation(client)
    assert len(host.asked) == 1


def test_a_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc, sent = tmp_path / "netrc", []
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    def send(_adapter: object, request: requests.PreparedRequest, **_options: object) -> None:
        sent.append(request.headers["Authorization"])
        raise requests.ConnectionError

    # Only over https does the environment count at all, and a test server has no certificate.
    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    with pytest.raises(AnswerLostError):
        client_of("https://127.0.0.1").create("acme", user_id="ada")
    assert sent == [f"Bearer {TOKEN}"]


def test_a_host_without_tls_gets_no_token_and_is_asked_once() -> None:
    plain = Script(b"HTTP/1.1 200 OK\r\n\r\n")
    with plain, pytest.raises(UnreachableError, match=r" \(TLS handshake failed\); nothing was sent$"):
        client_of(f"https://{plain.address}").create("acme", user_id="ada")
    assert len(plain.heard) == 1
    assert TOKEN.encode() not in plain.heard[0]


@pytest.mark.parametrize(
    "elsewhere",
    ["http://api.example", "http://127.0.0.1.example", "http://[2001:db8::1]", "HTTP://192.0.2.1", "http://0.0.0.0"],
)
def test_http_to_a_foreign_host_is_refused_before_a_byte_is_sent(
    elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket", None)
    monkeypatch.setattr("socket.getaddrinfo", None)
    with pytest.raises(ConfigurationError, match=r"^quant-sessions:baseUrl: must be https: "):
        client_of(elsewhere).get("acme", "3f2a")


@pytest.mark.parametrize("tail", ["\r\nX-Admin: 1", "\n", "\r", "\x00", " x", "\u010a", "\x85"])
def test_a_token_that_would_be_more_than_one_header_is_refused_before_a_byte_is_sent(host: Host, tail: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^quant-sessions:bearer: must be ") as caught:
        client_of(host.url, bearer=TOKEN + tail).get("acme", "3f2a")
    assert TOKEN not in str(caught.value)
    assert host.asked == []


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "http://[", "\\\\x", "/\x80", "http://a:b:c", "", "data:,x"]
)
def test_the_target_of_a_redirect_is_not_parsed(host: Host, client: Client, place: str) -> None:
    host.play(Answer(307, headers={"Location": place}))
    with pytest.raises(ApiError, match=r": the API returned 307; redirects are not followed, "):
        client.create("acme", user_id="ada")
    assert len(host.asked) == 1


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1", "http://[", "http://", "http://a..b:1"])
def test_an_invalid_proxy_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(
        (ConfigurationError, UnreachableError),
        match=r"HTTPS_PROXY/ALL_PROXY, is not a valid URL$|HTTPS_PROXY/ALL_PROXY: the host name is not valid",
    ):
        client_of("https://api.example", maxRetries="0").create("acme", user_id="ada")


@pytest.mark.parametrize("url", ["https://*.example", "https://.example", "https://a..b", "https://x" + "y" * 64])
def test_an_invalid_host_is_named(url: str) -> None:
    with pytest.raises(
        (ConfigurationError, UnreachableError), match=r"nothing was sent$|not sent: baseUrl, .* is not a valid URL$"
    ):
        client_of(url, maxRetries="0").create("acme", user_id="ada")


def test_an_unreachable_proxy_received_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", nowhere())
    with pytest.raises(
        UnreachableError, match=r"\(the proxy in HTTPS_PROXY/ALL_PROXY: connection refused\); nothing was sent$"
    ):
        client_of("https://api.example").create("acme", user_id="ada")


def test_a_proxy_that_refuses_received_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with Script(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        with pytest.raises(UnreachableError, match=r"; nothing was sent$"):
            client_of("https://api.example", maxRetries="0").create("acme", user_id="ada")
    assert [line.split(b" HTTP/")[0] for line in proxy.heard] == [b"CONNECT api.example:443"]
    assert TOKEN.encode() not in b"".join(proxy.heard)


def test_a_proxy_never_sees_the_token_for_a_loopback_host(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", host.url)
    with pytest.raises(QuantSessionsError):
        client_of(nowhere()).get("acme", "3f2a")
    assert host.asked == []


def texts(error: BaseException | None) -> Iterator[str]:
    """Yield all that a log might show of an error and its causes."""
    while error is not None:
        yield str(error)
        yield repr(error)
        error = error.__cause__ or error.__context__


USER = "declared-user"
ECHO = f"bad token {TOKEN} of {USER}"


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(status) for status in (200, 302, 401, 403, 404, 429, 500)),
        Answer(200, "not JSON"),
        Answer(200, {"id": 7}),
        Answer(drop="before"),
        Answer(drop="for good"),
        Answer(401, {"message": ECHO}),
    ],
)
def test_token_and_user_are_in_no_error_and_no_repr(host: Host, answer: Answer) -> None:
    client = client_of(host.url, maxRetries="1")
    host.play(answer, answer)
    with pytest.raises(QuantSessionsError) as caught:
        list(client.list("acme", user_id=USER))
    shown = [
        *texts(caught.value),
        repr(client),
        repr(vars(client)),
        *(repr(vars(part)) for part in vars(client).values() if hasattr(part, "__dict__")),
    ]
    assert not [text for text in shown if TOKEN in text or USER in text]
