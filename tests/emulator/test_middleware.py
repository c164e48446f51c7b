import re
import socket

import pytest
import requests

from tests.emulator.calls import ORGANISATION, create_id, refused
from tests.support.emulator_server import Emulator

SESSIONS = f"/api/v3/organizations/{ORGANISATION}/ai/sessions"
CONTROL = [f"/_emulator/{name}" for name in ("clock", "requests", "sessions", "events")]
CLOSED = [SESSIONS, f"{SESSIONS}/x", *CONTROL, "/nowhere"]
FIELDS = {"method", "path", "query", "body", "connection", "status", "fault", "effect", "milliseconds", "at"}
OPEN = ["/", "/page/page.js", "/docs", "/openapi.json"]


def fetch(emulator: Emulator, path: str, **headers: str) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        return http.get(emulator.url + path, headers=headers, timeout=10)


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token", "Bearertoken"])
def test_needs_a_token(emulator: Emulator, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = fetch(emulator, path, **headers)
    refused(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer x", "bearer x", "BEARER  x.y-z"])
def test_takes_any_token(emulator: Emulator, header: str) -> None:
    assert fetch(emulator, SESSIONS, Authorization=header).status_code == 200


def test_a_bad_body_without_a_token_is_unauthorised(emulator: Emulator) -> None:
    refused(requests.post(emulator.url + SESSIONS, data=b"{", timeout=10), 401)


@pytest.mark.parametrize("path", [*CLOSED, *OPEN])
@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "127.0.0.1@example.com", "10.0.0.1", ""])
def test_refuses_a_foreign_host(emulator: Emulator, path: str, host: str) -> None:
    refused(fetch(emulator, path, Host=host, Authorization="Bearer x"), 403)


@pytest.mark.parametrize("path", CONTROL)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_origin_is_refused_control(emulator: Emulator, path: str, site: str) -> None:
    refused(fetch(emulator, path, Authorization="Bearer x", **{"Sec-Fetch-Site": site}), 403)
    assert fetch(emulator, SESSIONS, Authorization="Bearer x", **{"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:99", "[::1]", "[::1]:8787"])
def test_takes_a_loopback_host(emulator: Emulator, host: str) -> None:
    assert fetch(emulator, SESSIONS, Host=host, Authorization="Bearer x").status_code == 200


def test_listens_on_loopback_only(emulator: Emulator) -> None:
    port = int(emulator.url.rpartition(":")[2])
    # All of 127/8 is this machine: an address of it that is not ours shows that not every one is bound.
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):  # noqa: PT011 - kinds differ by system
        pass


def test_every_error_is_json(emulator: Emulator) -> None:
    create_id(emulator)
    refused(emulator.http.get(f"{emulator.url}/nowhere", timeout=10), 404)
    refused(emulator.http.get(f"{emulator.url}{SESSIONS}/", timeout=10), 404)
    refused(emulator.http.patch(f"{emulator.url}{SESSIONS}", timeout=10), 405)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (SESSIONS, "GET, POST"),
        (f"{SESSIONS}/x", "DELETE, GET, PUT"),
        (f"{SESSIONS}/x/extend", "PUT"),
        ("/_emulator/faults", "DELETE, GET, POST, PUT"),
        ("/docs", "GET"),
    ],
)
def test_an_unsupported_method_returns_the_supported_ones(emulator: Emulator, path: str, methods: str) -> None:
    for method in ("PATCH", "OPTIONS"):
        answer = emulator.http.request(method, emulator.url + path, timeout=10)
        refused(answer, 405)
        assert answer.headers["allow"] == methods


def test_the_documentation_needs_no_network(emulator: Emulator) -> None:
    page = fetch(emulator, "/docs").text
    assets = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page)
    assert "/openapi.json" in assets
    assert len(assets) >= 4
    for asset in assets:
        assert asset.startswith("/")
        assert fetch(emulator, asset).status_code == 200
    assert "https://" not in page


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/page/none", "/_emulator/sessions", "/nowhere"])
def test_nothing_beside_the_api_can_be_framed(emulator: Emulator, path: str) -> None:
    headers = fetch(emulator, path).headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/page/page.css", "/page/page.js", "/page/icon.svg"])
def test_the_page_needs_no_network_and_forbids_what_it_does_not_need(emulator: Emulator, path: str) -> None:
    answer = fetch(emulator, path)
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", answer.text) == []
    assert re.findall(r" on\w+=| style=|<script>|<style>|innerHTML", answer.text) == []


@pytest.mark.parametrize("name", ["page.html", "other.js", "..%2Fpage.py", "../page.py", ""])
def test_the_page_has_no_other_files(emulator: Emulator, name: str) -> None:
    assert fetch(emulator, f"/page/{name}").status_code in {401, 404}


def test_root_and_description_need_no_token(emulator: Emulator) -> None:
    assert 'href="/docs"' in fetch(emulator, "/").text
    assert fetch(emulator, "/openapi.json").json()["openapi"].startswith("3.")


def test_the_log_has_everything_but_the_token(emulator: Emulator) -> None:
    emulator.clear()
    create_id(emulator, metadata={"a": 1})
    emulator.api("GET", "a b", params={"limit": 1, "userId": ""})
    emulator.api("POST", ORGANISATION, data=b"{", headers={"Content-Type": "application/json"})
    emulator.api("DELETE", ORGANISATION, "/gone")
    fetch(emulator, f"{SESSIONS}/secret")
    fetch(emulator, "/docs")
    log = emulator.requests()
    assert [(r["method"], r["path"], r["query"], r["body"], r["status"]) for r in log] == [
        ("POST", SESSIONS, {}, {"userId": "ada", "metadata": {"a": 1}}, 201),
        ("GET", "/api/v3/organizations/a%20b/ai/sessions", {"limit": "1", "userId": ""}, None, 200),
        ("POST", SESSIONS, {}, None, 400),
        ("DELETE", f"{SESSIONS}/gone", {}, None, 500),
        ("GET", f"{SESSIONS}/secret", {}, None, 401),
    ]
    assert all(r.keys() == FIELDS for r in log)
    assert all(r["milliseconds"] >= 0 for r in log)
    kept = {r["connection"] for r in log if r["path"] != f"{SESSIONS}/secret"}
    assert len(kept) == 1
    assert len({r["connection"] for r in log}) == 2
    assert [(r["fault"], r["effect"]) for r in log] == [(None, r["status"] < 400) for r in log]
    assert emulator.token not in str(log)
    assert emulator.requests(clear=True) == log
    assert emulator.requests() == []
