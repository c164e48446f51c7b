"""The six operations: the request that each sends, and the result of each response."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.core.errors import ApiError, ConfigurationError, NotFoundError, RefusedError
from quant_sessions_provider.operations.api import SessionSummary
from tests.client.conftest import TOKEN, Answer, Host, client_of

if TYPE_CHECKING:
    from quant_sessions_provider.client.sessions import Client
    from tests.client.operations import Operation

SESSIONS = "/api/v3/organizations/acme/ai/sessions"
MESSAGE = {"role": "user", "content": "Grüße \U0001f44b"}
OPERATIONS: list[tuple[Operation, str, Any, dict[str, Any]]] = [
    (
        lambda c: c.create(
            "acme",
            user_id="ada",
            session_group="desk",
            metadata={"user_id": [1.5, None]},
            expiration_minutes=90,
            initial_messages=[MESSAGE],
        ),
        f"POST {SESSIONS}",
        {
            "userId": "ada",
            "sessionGroup": "desk",
            "metadata": {"user_id": [1.5, None]},
            "expirationMinutes": 90,
            "initialMessages": [MESSAGE],
        },
        {"sessionId": "3f2a", "status": "active", "expiresAt": "e", "createdAt": "c"},
    ),
    (lambda c: c.create("acme", user_id="ada"), f"POST {SESSIONS}", {"userId": "ada"}, {"sessionId": "3f2a"}),
    (
        lambda c: c.get("acme", "3f2a"),
        f"GET {SESSIONS}/3f2a",
        None,
        {"id": "3f2a", "title": "t", "model": "m", "messages": [MESSAGE], "created_at": "c"},
    ),
    (
        lambda c: c.update(
            "acme", "3f2a", new_messages=[MESSAGE], tokens_used=7, status="completed", metadata={"max_tokens": 1}
        ),
        f"PUT {SESSIONS}/3f2a",
        {"newMessages": [MESSAGE], "tokensUsed": 7, "status": "completed", "metadata": {"max_tokens": 1}},
        {"sessionId": "3f2a", "status": "completed", "totalMessages": 2, "totalTokens": 7, "updatedAt": "u"},
    ),
    (lambda c: c.update("acme", "3f2a", metadata={}), f"PUT {SESSIONS}/3f2a", {"metadata": {}}, {}),
    (
        lambda c: c.extend("acme", "3f2a", additional_minutes=30),
        f"PUT {SESSIONS}/3f2a/extend",
        {"additionalMinutes": 30},
        {"sessionId": "3f2a", "expiresAt": "e", "message": "done"},
    ),
    (lambda c: c.extend("acme", "3f2a"), f"PUT {SESSIONS}/3f2a/extend", {}, {}),
    (lambda c: c.delete("acme", "3f2a"), f"DELETE {SESSIONS}/3f2a", None, {"message": "deleted"}),
]


def snake(word: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in word)


@pytest.mark.parametrize(("operation", "line", "body", "answer"), OPERATIONS)
def test_an_operation_is_one_request_and_its_answer_is_read_in_both_spellings(
    host: Host, operation: Operation, line: str, body: object, answer: dict[str, Any]
) -> None:
    client = client_of(host.url)
    other = {snake(key): value for key, value in answer.items()}
    host.play(Answer(201, answer), Answer(200, other | {"unheard_of": [1]}))
    first, second = operation(client), operation(client)
    assert first == second
    read = asdict(first)  # type: ignore[call-overload] # a dataclass
    assert read == {key: other.get(key) for key in read}
    assert host.lines == [line, line]
    asked = host.asked[0]
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["Host"] == host.url.removeprefix("http://")
    if body is None:
        assert asked.body == b""
    else:
        assert (asked.json, asked.headers["Content-Type"]) == (body, "application/json")


# --- list ----------------------------------------------------------------------------------------------------


def page(start: int, stop: int) -> Answer:
    return Answer(200, [{"id": str(number)} for number in range(start, stop)])


def queries(host: Host) -> list[str]:
    return [target.target.partition("?")[2] for target in host.asked]


def ids(found: object) -> list[str | None]:
    return [summary.id for summary in found]  # type: ignore[attr-defined] # an iterator of summaries


@pytest.mark.parametrize(
    ("pages", "arguments", "found", "asked"),
    [
        ([page(0, 0)], {}, range(0), [(100, 0)]),
        # A page that is shorter than asked does not end a list: a server may cap pages.
        ([page(0, 99), page(98, 99)], {}, range(99), [(100, 0), (100, 98)]),
        ([page(0, 2), page(1, 3), page(2, 4), page(3, 4)], {}, range(4), [(100, 0), (100, 1), (100, 2), (100, 3)]),
        ([page(0, 1), page(1, 2), page(2, 2)], {}, range(2), [(100, 0), (100, 1), (100, 2)]),
        ([page(0, 100), page(99, 199), page(198, 199)], {}, range(199), [(100, 0), (100, 99), (100, 198)]),
        ([page(0, 100), page(99, 150)], {"limit": 150}, range(150), [(100, 0), (51, 99)]),
        ([page(0, 100)], {"limit": 100, "offset": 7}, range(100), [(100, 7)]),
        ([page(0, 3)], {"limit": 3}, range(3), [(3, 0)]),
        ([], {"limit": 0}, range(0), []),
        # A session ended between two pages, so that one moved to the page before: the list is read again.
        (
            [page(0, 100), page(100, 120), page(1, 101), page(100, 120), page(119, 120)],
            {},
            range(120),
            [(100, 0), (100, 99), (100, 0), (100, 99), (100, 118)],
        ),
        # A host that ignores the offset, and one that ignores the limit.
        ([page(0, 100)] * 6, {}, range(100), [(100, 0), (100, 99)] * 3),
        ([page(0, 5)], {"limit": 3}, range(3), [(3, 0)]),
        ([page(0, 150), page(149, 150)], {}, range(150), [(100, 0), (100, 149)]),
        ([page(0, 150)], {"limit": 120}, range(120), [(100, 0)]),
    ],
)
def test_a_list_pages_by_itself(
    host: Host, pages: list[Answer], arguments: dict[str, int], found: range, asked: list[tuple[int, int]]
) -> None:
    host.play(*pages)
    assert ids(client_of(host.url).list("acme", **arguments)) == [str(number) for number in found]  # type: ignore[arg-type] # all ints
    assert queries(host) == [f"limit={limit}&offset={offset}" for limit, offset in asked]


def test_a_list_has_the_apis_filters_and_asks_only_for_what_is_taken(host: Host, client: Client) -> None:
    told = {"id": "1", "title": "t", "model": "m", "createdAt": "c", "updated_at": "u"}
    host.play(Answer(200, [told] + [{"id": str(n)} for n in range(2, 101)]))
    sessions = client.list("acme", user_id="a&b", session_group="g h", model="m/1", offset=5)
    assert list(islice(sessions, 1)) == [SessionSummary("1", "t", "m", "c", "u")]
    assert host.lines == [f"GET {SESSIONS}?userId=a%26b&sessionGroup=g+h&model=m%2F1&limit=100&offset=5"]


# --- paths ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("../admin", "..%2Fadmin"),
        ("a/../../b", "a%2F..%2F..%2Fb"),
        ("%2e%2e%2f", "%252e%252e%252f"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
        ("a?b=c#d;e&f", "a%3Fb%3Dc%23d%3Be%26f"),
        ("ünï-\u202e", "%C3%BCn%C3%AF-%E2%80%AE"),
        ("//evil.example", "%2F%2Fevil.example"),
        ("@evil:80\\x", "%40evil%3A80%5Cx"),
        ("a.b-c_d~e", "a.b-c_d~e"),
        (" ", "%20"),
    ],
)
def test_ids_and_organizations_stay_one_segment_of_the_path(
    host: Host, client: Client, text: str, escaped: str
) -> None:
    client.get(text, text)
    client.extend(text, text)
    path = f"/api/v3/organizations/{escaped}/ai/sessions/{escaped}"
    assert host.lines == [f"GET {path}", f"PUT {path}/extend"]


@pytest.mark.parametrize("text", ["", ".", "..", "..."])
def test_an_id_that_cannot_be_a_path_segment_is_refused_before_a_byte_is_sent(
    host: Host, client: Client, text: str
) -> None:
    attempts: list[Operation] = [
        lambda c: c.get("acme", text),
        lambda c: c.delete("acme", text),
        lambda c: c.extend(text, "3f2a"),
        lambda c: c.create(text, user_id="ada"),
        lambda c: list(c.list(text)),
    ]
    for attempt in attempts:
        with pytest.raises(RefusedError, match=r"^an organization or session id is empty or consists only of dots$"):
            attempt(client)
    assert host.asked == []


# --- error responses and invalid bodies -------------------------------------------------------------------

READING = "reading session 3f2a: the API"
MOVED = "redirects are not followed, because the token is for one host: set baseUrl to the API's address"
SOURCE = "the stack configuration quant-sessions:bearer"
ROTATED = ". After replacing it run `pulumi up`, or add --run-program to refresh and destroy"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            Answer(401, {"error": True, "message": "Unauthorized"}),
            f"{READING} returned 401: Unauthorized; the token from {SOURCE} was not accepted{ROTATED}",
        ),
        (Answer(403, "No"), f"{READING} returned 403: No; the token from {SOURCE} is not allowed to do this{ROTATED}"),
        (
            Answer(404, {"message": {"msg": "no such session"}}),
            f"{READING} returned 404: no such session",
        ),
        (Answer(418, {"message": "a\r\n\x1b[2Jb"}), f"{READING} returned 418: a [2Jb"),
        (Answer(422, "x" * 2_000_000), f"{READING} returned 422: {'x' * 500}"),
        (Answer(200, '{"id": "3f2a", "mess'), f"{READING} returned 200 with a body that is not JSON"),
        (Answer(200, "[" * 100_000), f"{READING} returned 200 with a body that is not JSON"),
        (Answer(200, f'{{"id": {"9" * 5000}}}'), f"{READING} returned 200 with a body that is not JSON"),
        (Answer(500, {"message": "Session not found"}), f"{READING} returned 500: Session not found"),
        (Answer(500, {"message": "short", "more": "x" * 2_000_000}), f"{READING} returned 500: short"),
        (Answer(422, b"caf\xe9"), f"{READING} returned 422: caf\ufffd"),
        (Answer(302, {"message": "moved"}), f"{READING} returned 302: moved; {MOVED}"),
        (Answer(200, ""), f"{READING} returned 200 with an empty body"),
        (Answer(200, b"\xff\xfe{"), f"{READING} returned 200 with a body that is not JSON"),
        (Answer(204, ""), f"{READING} returned 204 with an empty body"),
        (Answer(200, []), f"{READING} returned 200 with an unexpected body: not an object"),
        (
            Answer(200, {"messages": {"0": "a"}}),
            f"{READING} returned 200 with an unexpected body: field messages is not a list",
        ),
    ],
)
def test_a_response_that_is_not_a_session_is_one_line(host: Host, answer: Answer, text: str) -> None:
    host.play(answer)
    with pytest.raises(ApiError) as caught:
        client_of(host.url, maxRetries="0").get("acme", "3f2a")
    assert str(caught.value) == text
    assert caught.value.status == answer.status
    assert isinstance(caught.value, NotFoundError) == (answer.status == 404)
    assert len(host.asked) == 1


@pytest.mark.parametrize("body", [{}, {"sessions": []}, "none", None, ["3f2a"], [{"id": 1}]])
def test_a_body_that_is_not_a_list_is_an_error(host: Host, client: Client, body: object) -> None:
    host.play(Answer(200, body if body != "none" else '"none"'))
    with pytest.raises(ApiError, match=r"^listing sessions: the API returned 200 with an unexpected body: "):
        list(client.list("acme"))


def test_without_a_token_nothing_is_sent(host: Host) -> None:
    with pytest.raises(ConfigurationError, match=r"^quant-sessions:bearer: "):
        client_of(host.url, bearer="")
    assert host.asked == []
