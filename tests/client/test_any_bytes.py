"""Any bytes that a server sends become a typed result or an error of this package, in one short line."""

from __future__ import annotations

import gzip
import json
from dataclasses import is_dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quant_sessions_provider.core.errors import QuantSessionsError
from tests.client.conftest import TOKEN, Clock, Script, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.client.operations import Operation

SECRET = "jane@example.org"
DECLARING: list[Operation] = [
    lambda c: c.create("acme", user_id=SECRET, metadata={"a": "b"}),
    lambda c: c.update("acme", "3f2a", new_messages=[{"role": "user", "content": SECRET}]),
    lambda c: list(c.list("acme", user_id=SECRET, limit=5)),
]
OPERATIONS: list[Operation] = [
    *DECLARING,
    lambda c: c.get("acme", "3f2a"),
    lambda c: c.update("acme", "3f2a", status="completed"),
    lambda c: c.extend("acme", "3f2a", additional_minutes=5),
    lambda c: c.delete("acme", "3f2a"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([TOKEN, SECRET]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["id", "sessionId", "message", "messages", "error", "title"]), inner)
    ),
    max_leaves=8,
)
ECHOES = st.lists(st.text(max_size=5) | st.sampled_from([TOKEN, SECRET]), min_size=1, max_size=4).map("".join)
BODIES = (
    ECHOES.map(str.encode)
    | st.binary(max_size=200)
    | JSON.map(json.dumps).map(str.encode)
    | JSON.map(lambda j: gzip.compress(b"%r" % j))
)
LENGTHS = ["0", "-1", "1, 2", "99", "x", "٣".encode().decode("latin-1"), "9" * 5000]
HEADERS = st.sampled_from(
    [
        *(("Content-Length", value) for value in LENGTHS),
        *(("Transfer-Encoding", value) for value in ("chunked", "gzip, chunked", "x")),
        *(("Content-Encoding", value) for value in ("gzip", "deflate", "br", "gzip, gzip, deflate", ",")),
        *(
            ("Retry-After", value)
            for value in ("0", "-1", "9" * 5000, "Mon, 99 Foo 99999 99:99:99 GMT", ",", "1.5", "")
        ),
        *(("Location", value) for value in ("http://[", "//evil.example", "\x80", "")),
        *(("Content-Type", f"text/html; charset={value}") for value in ("idna", "base64", "utf-16", "x\x00", '"')),
        *(("Set-Cookie", value) for value in ("a=b; expires=x; max-age=x", "=;=;", "a=\x80; domain=..", "")),
        *(("Connection", value) for value in ("close", "keep-alive", "upgrade")),
        ("X" * 70_000, ""),
        ("X", "y" * 70_000),
        ("X: y\r\n Folded", "\x00"),
    ]
)
RANDOM_HEADERS = st.tuples(st.text(st.characters(max_codepoint=255), max_size=9), st.text(max_size=9))
# Those that are treated in a way of their own, and any other.
CODES = st.sampled_from([100, 101, 200, 201, 204, 302, 304, 307, 400, 401, 403, 404, 408, 410, 429, 500, 503])
STATUSES = (CODES | st.integers(100, 999)).map(lambda code: b"HTTP/1.1 %d X\r\n" % code)
LINES = STATUSES | st.sampled_from(
    [b"", b"HTTP/0.9 200\r\n", b"HTTP/1.1\r\n", b"HTTP/1.1 2e2 OK\r\n", b"HTTP/9.9 999 \xff\r\n", b"ICY 200 OK\r\n"]
)


def shaped(line: bytes, headers: list[tuple[str, str]], body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return line + head.encode("latin-1", "replace") + b"\r\n" + body


WHOLE = st.builds(
    lambda line, headers, body: shaped(line, [*headers, ("Content-Length", str(len(body)))], body),
    STATUSES,
    st.lists(HEADERS, max_size=2),
    BODIES,
)
ODD = st.builds(shaped, LINES, st.lists(HEADERS | RANDOM_HEADERS, max_size=4), BODIES)


@pytest.fixture(scope="module")
def host() -> Iterator[Script]:
    with Script(b"") as script:
        yield script


@settings(max_examples=400, deadline=None)
@given(said=st.one_of(WHOLE, ODD, st.binary(max_size=300)), operation=st.sampled_from(OPERATIONS))
@example(said=b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=idna\r\n\r\n\xff", operation=OPERATIONS[3])
@example(said=b"HTTP/1.1 500 No\r\nContent-Type: text/plain; charset=idna\r\n\r\n\xff", operation=OPERATIONS[3])
@example(said=b"HTTP/1.1 429 No\r\nRetry-After: " + b"9" * 5000 + b"\r\n\r\n", operation=OPERATIONS[0])
@example(said=b"HTTP/1.1 302 No\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n", operation=OPERATIONS[3])
@example(said=b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", operation=OPERATIONS[0])
@example(said=b"HTTP/1.1 400 No\r\n\r\n" + b'{"message": "a\\ud83d"}', operation=OPERATIONS[3])
@example(said=b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000, operation=OPERATIONS[3])
def test_any_bytes_are_a_result_or_an_error_of_ours(host: Script, said: bytes, operation: Operation) -> None:
    host.said = said
    # By this clock what a Retry-After asks for takes no time.
    client = client_of(f"http://{host.address}", Clock(), maxRetries="1", timeoutSeconds="2")
    try:
        result = operation(client)
    except QuantSessionsError as error:
        text = str(error)
        assert len(text.splitlines()) == 1
        assert len(text) < 800
        text.encode()
        assert TOKEN not in text
        assert SECRET not in text or operation not in DECLARING
    else:
        assert all(is_dataclass(part) for part in (result if isinstance(result, list) else [result]))
