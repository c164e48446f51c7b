from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quant_sessions_provider.core.model import INPUTS, PROPERTIES, UNKNOWN
from quant_sessions_provider.core.validation import failures

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
VALID: dict[str, Any] = {
    "userId": "ada",
    "sessionGroup": "desk",
    "organization": "acme",
    "expirationMinutes": 60,
    "renewBeforeMinutes": 59,
    "onExpired": "recreate",
    "messages": [{"role": "system", "content": "Help."}, {"role": "assistant", "content": "Hello."}],
    "metadata": {"user_id": None, "deep": [1.5, {"é": True}]},
    "status": "active",
}
LIFETIME = "expirationMinutes: must be a whole number of minutes from 5 to 1440"
RENEWAL = "renewBeforeMinutes: must be a whole number of minutes from 1 to 59 (the lifetime less 1)"
ROLE = "messages[0].role: must be one of system, user, assistant"
CONTENT = "messages[0].content: must be a non-empty string"
KEYS = "messages[0]: must have no keys other than role and content"
MESSAGE = "messages[0]: must be an object with role and content"
ON_EXPIRED = "onExpired: must be one of recreate, ignore, error"
TIMESTAMP = "expiresAt: must be an RFC 3339 timestamp with an offset, such as 2026-11-24T17:00:00+01:00"
SOON = "expiresAt: must be at least 5 minutes from now; it {}: declare a later one, or expirationMinutes instead"
FAR = "expiresAt: must be at most 1440 minutes from now"
SENTINEL = "hunter2"


def at(minutes: float, *, seconds: float = 0) -> str:
    return (NOW + timedelta(minutes=minutes, seconds=seconds)).isoformat()


def until(expires_at: str) -> dict[str, Any]:
    """Return inputs with an explicit ``expiresAt``."""
    return {"userId": "ada", "onExpired": "recreate", "status": "active", "expiresAt": expires_at}


@pytest.mark.parametrize(
    ("key", "value", "texts"),
    [
        ("userId", "", ["userId: must be a non-empty string"]),
        ("userId", " \t", ["userId: must be a non-empty string"]),
        ("userId", 7, ["userId: must be a non-empty string"]),
        ("sessionGroup", "", ["sessionGroup: must be a non-empty string"]),
        ("organization", None, ["organization: must be a non-empty string"]),
        ("organization", "..", ["organization: must not consist only of dots"]),
        ("organization", "a\ud800", ["organization: must be valid Unicode"]),
        ("expirationMinutes", "60", [LIFETIME]),
        ("expirationMinutes", 10**16, [LIFETIME]),
        ("expirationMinutes", float("inf"), [LIFETIME]),
        ("expirationMinutes", 10**15, [f"{LIFETIME}, not 1000000000000000"]),
        ("expirationMinutes", 1441, [f"{LIFETIME}, not 1441"]),
        ("renewBeforeMinutes", 0, [f"{RENEWAL}, not 0"]),
        ("renewBeforeMinutes", 60, [f"{RENEWAL}, not 60"]),
        ("renewBeforeMinutes", 1.5, [f"{RENEWAL}, not 1.5"]),
        ("renewBeforeMinutes", True, [RENEWAL]),
        ("renewBeforeMinutes", "10", [RENEWAL]),
        ("onExpired", "renew", [ON_EXPIRED]),
        ("onExpired", ["error"], [ON_EXPIRED]),
        ("status", "closed", ["status: must be one of active, completed"]),
        ("messages", {}, ["messages: must be a list of messages"]),
        ("messages", "hello", ["messages: must be a list of messages"]),
        ("messages", ["hello"], [MESSAGE]),
        ("messages", [{}], [ROLE, CONTENT]),
        ("messages", [{"role": "tool", "content": "x"}], [ROLE]),
        ("messages", [{"role": "user"}], [CONTENT]),
        ("messages", [{"role": "user", "content": ""}], [CONTENT]),
        ("messages", [{"role": "user", "content": 5}], [CONTENT]),
        ("messages", [{"role": "user", "content": "x", "name": "y"}], [KEYS]),
        ("messages", [{"role": "Tool", "content": None, "id": 1}], [ROLE, CONTENT, KEYS]),
        ("metadata", [], ["metadata: must be an object"]),
        ("metadata", "{}", ["metadata: must be an object"]),
        ("metadata", {"a": [{"b": float("nan")}]}, ["metadata: contains a value that JSON cannot represent"]),
        ("user_id", "ada", ["user_id: is not a property of a session"]),
    ],
)
def test_the_line_of_each_failure(key: str, value: object, texts: list[str]) -> None:
    assert failures({}, VALID | {key: value}, NOW) == texts


@pytest.mark.parametrize("key", INPUTS)
def test_limits_words_and_required_properties_match_the_table(key: str) -> None:
    row, others = (
        PROPERTIES[key],
        {name: value for name, value in VALID.items() if name not in (key, "renewBeforeMinutes")},
    )
    if row.kind == "minutes":
        tried = {row.minimum - 1: False, row.minimum: True, row.maximum: True, row.maximum + 1: False}
        others.pop("expirationMinutes", None)
        assert {value: not failures({}, others | {key: value}, NOW) for value in tried} == tried
    for word in row.words:
        assert failures({}, others | {key: word}, NOW) == []
    if row.words:
        assert failures({}, others | {key: "other"}, NOW) == [f"{key}: must be one of {', '.join(row.words)}"]
    assert failures({}, others, NOW) == ([f"{key}: is required"] if row.required else [])


@pytest.mark.parametrize("value", [4, 1441, 60.5, -1, True, "60", None])
def test_invalid_lifetimes_are_refused(value: object) -> None:
    (text,) = failures({}, {"userId": "ada", "expirationMinutes": value}, NOW)
    shown = isinstance(value, (int, float)) and not isinstance(value, bool)
    assert text == (f"{LIFETIME}, not {value}" if shown else LIFETIME)


@given(st.integers(5, 1440), st.data())
def test_every_valid_lifetime_and_renewal_is_accepted(lifetime: int, data: st.DataObject) -> None:
    ahead = data.draw(st.integers(1, lifetime - 1))
    assert failures({}, VALID | {"expirationMinutes": lifetime, "renewBeforeMinutes": ahead}, NOW) == []


def test_all_failures_are_returned_at_once() -> None:
    assert failures({}, {"expirationMinutes": 0, "messages": [1, {"role": "user"}], "status": "x", "a": 1}, NOW) == [
        f"{LIFETIME}, not 0",
        "messages[0]: must be an object with role and content",
        "messages[1].content: must be a non-empty string",
        "status: must be one of active, completed",
        "userId: is required",
        "a: is not a property of a session",
    ]


@pytest.mark.parametrize("key", INPUTS)
def test_unknown_values_pass(key: str) -> None:
    lifetime = ("expirationMinutes", "renewBeforeMinutes") if key == "expiresAt" else ()
    declared = {name: value for name, value in VALID.items() if name not in lifetime}
    assert failures({}, declared | {key: UNKNOWN}, NOW) == []


EXCLUDED = "expiresAt: excludes expirationMinutes; declare one of them"
LATER = "2026-11-24T12:30:00Z"


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ({}, {"expirationMinutes": 60}, EXCLUDED),
        ({"expiresAt": LATER}, {"expirationMinutes": 60}, ""),
        ({"expiresAt": LATER, "expirationMinutes": 90}, {"expirationMinutes": 60, "renewBeforeMinutes": 5}, ""),
        (
            {"expiresAt": "2026-11-24T12:31:00Z", "expirationMinutes": 60},
            {"expirationMinutes": 60},
            f"{EXCLUDED} (if ignoreChanges keeps expirationMinutes, remove it there)",
        ),
        ({}, {"renewBeforeMinutes": 5}, "expiresAt: excludes renewBeforeMinutes; declare one of them"),
        (
            {"expiresAt": LATER},
            {"renewBeforeMinutes": 5},
            "expiresAt: excludes renewBeforeMinutes; declare one of them",
        ),
        ({"expirationMinutes": 60, "renewBeforeMinutes": 5}, {"renewBeforeMinutes": 5}, ""),
    ],
)
def test_two_ways_to_plan_an_expiry_are_refused_unless_one_is_ignored(
    old: dict[str, object], new: dict[str, object], refused: str
) -> None:
    declared = {"userId": "ada", "organization": "acme", "expiresAt": LATER} | new
    assert failures(old, declared, NOW) == ([refused] if refused else [])


HIDDEN = "metadata: contains a key that begins with __, which Pulumi's preview of a creation hides"
ROUNDED = "metadata: contains a whole number of 2^53 or more, which Pulumi rounds; use a string"


@pytest.mark.parametrize(
    ("metadata", "texts"),
    [
        ({"__a": 1}, [HIDDEN]),
        ({"a": [{"b": {"__provider": "x"}}]}, [HIDDEN]),
        ({"a": [2**53]}, [ROUNDED]),
        ({"a": {"b": float(-(2**60))}}, [ROUNDED]),
        ({"__a": 10**400}, [HIDDEN, ROUNDED]),
        ({"a__b": "__c", "_d": 2**53 - 1, "e": 0.5}, []),
    ],
)
def test_metadata_that_pulumi_hides_or_rounds_is_refused_unless_it_is_in_state(
    metadata: dict[str, Any], texts: list[str]
) -> None:
    new = VALID | {"metadata": metadata}
    assert failures({}, new, NOW) == texts
    assert failures(VALID, new, NOW) == texts
    assert failures(new, new, NOW) == []
    assert failures(new, new | {"metadata": {**metadata, "more": 1}}, NOW) == texts


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("tags", "tags: is not a property of a session"),
        ("__tags", "__tags: is not a property of a session"),
        (f"{SENTINEL}: of mine", "an unknown property is declared"),
        ("a" * 65, "an unknown property is declared"),
    ],
)
def test_an_unknown_property_is_named_if_it_looks_like_a_name(key: str, text: str) -> None:
    assert failures({}, VALID | {key: 1}, NOW) == [text]


@pytest.mark.parametrize(
    "messages", [[UNKNOWN], [{"role": UNKNOWN, "content": UNKNOWN}], [{"role": "user", "content": UNKNOWN}]]
)
def test_unknown_values_inside_a_message_pass(messages: list[Any]) -> None:
    assert failures({}, VALID | {"messages": messages}, NOW) == []


@pytest.mark.parametrize("value", ["2026-11-24T17:00:00", "2026-11-24", "soon", 17, None])
def test_expires_at_needs_an_offset(value: object) -> None:
    assert failures({}, {"userId": "ada", "expiresAt": value}, NOW) == [TIMESTAMP]


@pytest.mark.parametrize(
    ("old", "expires_at", "texts"),
    [
        # On creation, and on the second check of a replacement, which has no old inputs either.
        ({}, at(5), []),
        ({}, at(5, seconds=-1), [SOON.format("is 4 minutes ahead")]),
        ({}, at(0, seconds=59), [SOON.format("is less than a minute ahead")]),
        ({}, at(0), [SOON.format("passed less than a minute ago")]),
        ({}, at(-1, seconds=-59), [SOON.format("passed 1 minute ago")]),
        ({}, at(-1000), [SOON.format("passed 1000 minutes ago")]),
        ({}, at(1440), []),
        ({}, at(1440, seconds=1), [FAR]),
        # Earlier, even in the past: the input moves and nothing is sent.
        (until(at(60)), at(1), []),
        (until(at(60)), at(-60), []),
        (until(at(60)), at(1440), []),
        (until(at(60)), at(1440, seconds=1), [FAR]),
        (VALID | {"expiresAt": at(30)}, at(1441), [FAR]),
        # An unchanged time is accepted, however it is written.
        (until(at(-60)), at(-60), []),
        (until(at(2000)), at(2000), []),
        (until(at(2000)), "2026-11-26T00:20:00.000+03:00", []),
        (until(at(2000)), "2026-11-26T00:20:00.000+02:59", [FAR]),
        (until(at(2000)), at(2000, seconds=0.999999), []),
        (until(at(2000)), at(2000, seconds=1), [FAR]),
    ],
)
def test_limits_apply_to_expires_at_only_when_it_changes(
    old: dict[str, Any], expires_at: str, texts: list[str]
) -> None:
    assert failures(old, until(expires_at), NOW) == texts


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(SENTINEL),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", SENTINEL]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*INPUTS, "tags", f"{SENTINEL} of mine"]), HOSTILE),
    st.dictionaries(st.sampled_from(INPUTS), HOSTILE),
)
def test_no_failure_contains_declared_text(new: dict[str, Any], old: dict[str, Any]) -> None:
    assume(SENTINEL in repr(new))
    texts = failures(old, new, NOW)
    assert SENTINEL not in repr(texts)
    assert all(len(text.splitlines()) == 1 for text in texts)
