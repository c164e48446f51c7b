"""The way from the tests to the service: records requests, and lets nobody's session be touched but the tests' own.

Tests send to this loopback address with a token that opens nothing. What they create gets the ledger's marker before
its user and group, and answers lose it again. Only sessions that were created here can be changed or deleted, and only
those of one user or group listed. When the process ends, however it ends, nothing reaches the service any more. A block
that ends waits for the answers that are under way, and then sends nothing more but deletions.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import requests
from requests.auth import AuthBase

from tests.live.sweep import clear

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

    from tests.live.account import Account
    from tests.live.ledger import Ledger

NAMES: Final = ("userId", "sessionGroup")
_SECONDS: Final = 60
_AT_ONCE: Final = 32
_REFUSED: Final = (400, 401, 403, 404, 422, 429)
"""With these a creation has surely made nothing."""
_PATH: Final = "/api/v3/organizations/"


class RefusedHereError(Exception):
    """A request that no live test may send."""


class _Bearer(AuthBase):
    """Sets the token, also where a .netrc has something for the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Edge:
    """The service as tests see it: ``with Edge(account, ledger) as service``. On exit it deletes what they created."""

    token = "live-test-token"

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self._account, self._ledger = account, ledger
        self._log: list[dict[str, Any]] = []
        self._sessions: dict[str, dict[str, Any]] = {}
        self._senders = ThreadPoolExecutor(_AT_ONCE)
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Serve in a background thread."""
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop serving, and delete what is left of the sessions."""
        self._server.shutdown()
        self._server.server_close()
        self._senders.shutdown()  # connections that are still open get no answer from now on
        clear(self._ledger, self._account)

    def variables(self, organization: str) -> dict[str, str]:
        """Return the environment variables that point the provider here."""
        return {
            "QUANTCDN_API_TOKEN": self.token,
            "QUANTCDN_ORGANIZATION": organization,
            "QUANTCDN_BASE_URL": self.url,
        }

    def api(self, method: str, organisation: str, path: str = "", **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        """Send an API request; ``path`` follows ``…/ai/sessions``."""
        address = f"{self.url}{_PATH}{quote(organisation, safe='')}/ai/sessions{path}"
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, address, timeout=_SECONDS, **options)

    def append(self, organisation: str, session_id: str, messages: Sequence[object]) -> None:
        """Append messages of user and assistant, as an application does."""
        done = self.api("PUT", organisation, f"/{quote(session_id, safe='')}", json={"newMessages": list(messages)})
        done.raise_for_status()

    def requests(self, *, clear: bool = False) -> list[dict[str, Any]]:
        """Return the API requests so far, oldest first: method, path, query, body, status."""
        log = list(self._log)
        if clear:
            self.clear()
        return log

    def clear(self) -> None:
        """Clear the log of API requests."""
        self._log.clear()

    def sessions(self, organisation: str | None = None) -> list[dict[str, Any]]:
        """Return the sessions created here that the service still has: user and group as sent, the rest as answered."""
        organisation = organisation or self._account.organization
        found = []
        for session_id, known in list(self._sessions.items()):
            entry_count = len(self._log)
            answer = self.api("GET", organisation, f"/{quote(session_id, safe='')}")
            del self._log[entry_count:]
            if answer.ok:
                found.append({**known, "id": session_id, "messages": answer.json().get("messages")})
        return found

    def group(self, organisation: str, group: str) -> list[dict[str, Any]]:
        """Return the sessions of one group."""
        return [session for session in self.sessions(organisation) if session.get("sessionGroup") == group]

    def forward(self, method: str, target: str, content: bytes) -> tuple[int, bytes]:
        """Send a request on to the service; return status and body of the answer.

        Raises:
            RefusedHereError: no live test may send it.

        """
        split = urlsplit(target)
        query, body = dict(parse_qsl(split.query, keep_blank_values=True)), json.loads(content) if content else None
        asked: dict[str, Any] = {"method": method, "path": unquote(split.path), "query": query, "body": body}
        self._log.append(entry := {**asked, "status": None})
        segments = [unquote(each) for each in split.path.removeprefix(_PATH).split("/")][1:]
        self._refuse(method, segments, query, body)
        address = self._address(segments, query)
        send = partial(self._create, address) if method == "POST" else partial(self._send, method, address)
        entry["status"], answer = self._senders.submit(send, body).result()
        if method == "PUT":
            self._sessions[segments[2]].update(_expiry(_fields(answer)))
        return entry["status"], answer

    def _address(self, segments: list[str], query: dict[str, str]) -> str:
        """Return where a request goes; whatever organization it names, it is the account's."""
        path = "/".join(quote(each, safe="") for each in (self._account.organization, *segments))
        return f"{self._account.base_url}{_PATH}{path}" + (f"?{urlencode(self._marked(query))}" if query else "")

    def _refuse(self, method: str, segments: list[str], query: dict[str, str], body: object) -> None:
        """Refuse what could touch or show sessions that no test has created, or create one that is not found again."""
        session_id = segments[2] if len(segments) > 2 else None
        if method in ("PUT", "DELETE") and session_id not in self._sessions:
            raise RefusedHereError("live tests change and delete nothing that they did not create")
        if method == "GET" and session_id is None and not any(name in query for name in NAMES):
            raise RefusedHereError("live tests list sessions of a user or of a group only")
        if method == "POST" and not (isinstance(body, dict) and isinstance(body.get("userId"), str)):
            raise RefusedHereError("live tests create sessions of users only, whose names are texts")

    def _marked(self, names: dict[str, Any]) -> dict[str, Any]:
        return {
            key: f"{self._ledger.marker}{value}" if key in NAMES and isinstance(value, str) else value
            for key, value in names.items()
        }

    def _send(self, method: str, address: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        marked, bearer = self._marked(body) if body else None, _Bearer(self._account.token)
        answer = requests.request(method, address, json=marked, auth=bearer, timeout=_SECONDS, allow_redirects=False)
        return answer.status_code, answer.content.replace(self._ledger.marker.encode(), b"")

    def _create(self, address: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """Send a creation. The ledger has it before, and what became of it afterwards, where the answer says so."""
        creation = self._ledger.begin(self._marked(body)["userId"])
        status, answer = self._send("POST", address, body)
        said = _fields(answer) if 200 <= status < 300 else {}
        session_id = said.get("sessionId")
        if isinstance(session_id, str):
            self._ledger.end(creation, session_id)
            self._sessions[session_id] = {name: body[name] for name in NAMES if name in body} | _expiry(said)
        elif status in _REFUSED:
            self._ledger.end(creation, None)
        return status, answer


def _fields(answer: bytes) -> dict[str, Any]:
    """Return the fields of an answer, none for one that is no JSON object."""
    try:
        said = json.loads(answer)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _expiry(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("expiresAt",) if name in said}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, edge: Edge) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.edge = edge


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _forward(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, body = self.server.edge.forward(self.command, self.path, content)
        except RefusedHereError as error:
            status, body = 403, json.dumps({"message": str(error)}).encode()
        except (requests.RequestException, RuntimeError):  # no answer, or the block has ended
            self.close_connection = True  # as if the service had not answered
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Print nothing: paths contain ids."""
