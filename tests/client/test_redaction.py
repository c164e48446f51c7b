"""An API may echo what it stores of a session: no verb repeats it, whatever its request holds."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

import pytest

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import QuantSessionsError
from quant_sessions_provider.operations.crud import Operations
from tests.client.conftest import Answer
from tests.support.fakes import ID, applied, inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.client.sessions import Client
    from tests.client.conftest import Host

OUTPUTS: Final = applied(
    -60,
    userId="jane@example.org",
    sessionGroup="clinic-7",
    messages=[{"role": "user", "content": "I have a fever"}],
    metadata={"diagnosis": ["influenza"]},
    title="A fever",
)
NEW: Final = inputs_of(OUTPUTS, status="completed", expiresAt="2126-11-24T12:00:00Z", metadata={"diagnosis": "cold"})
ECHO: Final = "clinic-7 has no active session of jane@example.org: I have a fever, A fever, diagnosis influenza or cold"
VERBS: Final[dict[str, Callable[[Operations, dict[str, Any]], Any]]] = {
    "diff": lambda operations, outputs: operations.diff(ID, outputs, NEW),
    "read": lambda operations, outputs: operations.read(ID, outputs),
    "update": lambda operations, outputs: operations.update(ID, outputs, NEW),
    "delete": lambda operations, outputs: operations.delete(ID, outputs),
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_repeats_what_the_api_echoes(host: Host, client: Client, verb: str) -> None:
    settings = config.load({"quant:baseUrl": host.url, "quant:bearer": "t"}.get, {})
    host.play(Answer(403, {"message": ECHO}))
    with pytest.raises(QuantSessionsError) as caught:
        VERBS[verb](Operations(client, settings, lambda *_: None), OUTPUTS | {"baseUrl": host.url})
    text = str(caught.value)
    assert "returned 403: *** has no active session of ***: ***, ***, *** *** or " in text
    # What a refresh or a deletion is not told of, it cannot know.
    assert ("cold" in text) == (verb in ("read", "delete"))


def test_what_is_not_declared_is_told(host: Host, client: Client) -> None:
    host.play(Answer(403, {"message": ECHO}))
    with pytest.raises(QuantSessionsError, match=ECHO):
        client.get("acme", ID)


@pytest.mark.parametrize(
    "echo",
    [
        r'{"content": "pw\/9!x"}',
        r"{\'content\': \'pw\/9!x\'}",
        "{&quot;content&quot;: &quot;pw&#47;9!x&quot;}",
        '{"content": "pw&#047;9&excl;x"}',
        "content=pw%2f9%21x",
        json.dumps(r'{"content": "pw\/9!x"}'),
        html.escape('{"content": "pw&#x2F;9!x"}'),
        quote_plus('{"content": "pw&#x2F;9!x"}'),
    ],
)
@pytest.mark.parametrize("is_json", [True, False])
def test_an_escaped_echo_of_a_message_is_redacted(host: Host, client: Client, echo: str, is_json: bool) -> None:  # noqa: FBT001 - a case
    said = f"cannot take {echo}"
    host.play(Answer(400, {"message": said} if is_json else said))
    with pytest.raises(QuantSessionsError) as caught:
        client.update("acme", ID, new_messages=[{"role": "user", "content": "pw/9!x"}])
    text = str(caught.value)
    assert "returned 400: cannot take " in text
    assert "***" in text
    assert not [part for part in ("pw", "9!x", "9%21x", "9&excl;x") if part in text]


OF_EXPIRY: Final[dict[str, Callable[[Operations, dict[str, Any]], Any]]] = {
    "create": lambda operations, outputs: operations.create(inputs_of(outputs)),
    "read": VERBS["read"],
    "update": lambda operations, outputs: operations.update(ID, outputs, inputs_of(outputs, status="completed")),
    "delete": VERBS["delete"],
}


@pytest.mark.parametrize("verb", OF_EXPIRY)
@pytest.mark.parametrize("echo", ["2126-11-24T13:00:00+01:00", "2126-11-24T12:00:00.000Z", "2126-11-24 12:00:00 UTC"])
def test_an_expiry_that_is_set_by_hand_is_redacted(host: Host, client: Client, verb: str, echo: str) -> None:
    # It may be secret, and nobody here can know. The one that a lifetime leads to is not.
    settings = config.load({"quant:baseUrl": host.url, "quant:bearer": "t"}.get, {})
    by_hand = OUTPUTS | dict.fromkeys(("expiresAt", "grantedExpiresAt"), "2126-11-24T13:00:00+01:00")
    del by_hand["expirationMinutes"]
    texts = []
    for outputs in (by_hand, by_hand | {"expirationMinutes": 60}):
        host.play(Answer(403, {"message": f"not after {echo}"}))
        with pytest.raises(QuantSessionsError) as caught:
            OF_EXPIRY[verb](Operations(client, settings, lambda *_: None), outputs | {"baseUrl": host.url})
        texts.append(str(caught.value))
    assert "not after ***" in texts[0]
    assert [echo[:16] in text for text in texts] == [False, True]
