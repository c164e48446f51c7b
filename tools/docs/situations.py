"""The situations of ``docs/previews.md``: what a program declares, what happens then, what it declares next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    At = Callable[[float], str]
    """Returns the timestamp so many minutes after the session was created."""

    Declared = Callable[[At], dict[str, Any]]

UNKNOWN: Final = object()
"""A placeholder for an output that no preview knows."""

SECRET, OTHER_SECRET = "secret:before", "secret:after"
"""Placeholders for secret outputs, which exist only while a program runs."""

SYSTEM = {"role": "system", "content": "You are the support desk of a shop."}
HELLO = {"role": "user", "content": "Hello"}
REPLY = {"role": "assistant", "content": "Hello! How can I help?"}
CHAT = [{"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "On its way."}]


def declare(**properties: Any) -> Declared:  # noqa: ANN401 - any properties
    """Declare properties that do not depend on time."""
    return lambda _: properties


_NOTHING: Final = declare()


@dataclass(frozen=True)
class Situation:
    """One heading of the gallery.

    Args:
        title: the heading.
        story: what the user changed, or what happened.
        before: what the program declares first; None: nothing yet.
        after: what it declares next; None: nothing any more.
        age: minutes in between.
        talk: messages that the conversation adds in between.
        live: all messages, as something else rewrote them in between.
        lost: whether something else deletes the session in between.
        kept_alive: whether something else extends the session in between.
        refresh: whether `pulumi refresh` runs in between.
        refusal: the status with which the API refuses extensions.
        grant: minutes by which the API grants more than requested.
        settings: environment variables of the run.
        fails: whether the run fails, which needs a stack of its own.

    """

    title: str
    story: str
    before: Declared | None = _NOTHING
    after: Declared | None = _NOTHING
    age: float = 20.5
    talk: list[Any] = field(default_factory=list)
    live: list[Any] | None = None
    lost: bool = False
    kept_alive: bool = False
    refresh: bool = False
    refusal: int | None = None
    grant: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    fails: bool = False


def until(minutes: float) -> Declared:
    """Declare an ``expires_at`` so many minutes after creation."""
    return lambda at: {"expires_at": at(minutes)}


EDITS: dict[str, Situation] = {
    "unknown": Situation(
        "A user that the preview cannot know",
        "`user_id` is an output of a resource that does not exist yet. The plan assumes the worst: a replacement.",
        declare(messages=[SYSTEM]),
        declare(user_id=UNKNOWN, messages=[SYSTEM]),
        talk=CHAT,
    ),
    "secret": Situation(
        "A secret value",
        "`metadata` contains a secret, which was changed. It is sent, and never shown.",
        declare(metadata={"key": SECRET}),
        declare(metadata={"key": OTHER_SECRET}),
    ),
    "user": Situation(
        "Another user",
        "`user_id` was changed after a conversation. The API cannot move a session to another user.",
        declare(user_id="jane-of-desk-user", messages=[SYSTEM]),
        declare(user_id="joan-of-desk-user", messages=[SYSTEM]),
        talk=CHAT * 3,
    ),
    "group": Situation(
        "Another group",
        "`session_group` was changed.",
        declare(session_group="staging"),
        declare(session_group="production"),
    ),
    "hidden": Situation(
        "Another group, and the API hides a declared message",
        "`session_group` was changed, and the API summarizes the conversation, so that it may hide more.",
        declare(session_group="staging", messages=[SYSTEM]),
        declare(session_group="production", messages=[SYSTEM]),
        live=[{"role": "assistant", "content": "What was said so far"}, *CHAT],
    ),
    "organization": Situation(
        "Another organization",
        "`organization` was set to an account that is not the configured one.",
        declare(),
        declare(organization="globex"),
    ),
    "appended": Situation(
        "Messages added at the end",
        "A user message and an assistant message were added to the declared ones, and the conversation has continued."
        " Messages that the session already has, in this order, are not sent again.",
        declare(messages=[SYSTEM]),
        declare(messages=[SYSTEM, HELLO, REPLY]),
        talk=CHAT,
    ),
    "reworded": Situation(
        "A declared message reworded",
        "The system prompt was changed. The API can only append messages, so the session is replaced.",
        declare(messages=[SYSTEM]),
        declare(messages=[{"role": "system", "content": "You are the support desk of a bank."}]),
        talk=CHAT,
    ),
    "removed": Situation(
        "A declared message removed",
        "The last declared message was removed.",
        declare(messages=[SYSTEM, HELLO]),
        declare(messages=[SYSTEM]),
    ),
    "system-added": Situation(
        "A system message added",
        "The API appends user and assistant messages only.",
        declare(messages=[HELLO]),
        declare(messages=[HELLO, SYSTEM]),
    ),
    "talked": Situation(
        "The conversation continued",
        "Messages that the conversation adds between declared ones are not drift, with or without `pulumi refresh`.",
        declare(messages=[SYSTEM]),
        declare(messages=[SYSTEM]),
        talk=CHAT,
        refresh=True,
    ),
    "not-shown": Situation(
        "A declared message is not shown",
        "The API trims, hides or summarizes messages. A conversation is never replaced for that.",
        declare(messages=[SYSTEM]),
        declare(messages=[SYSTEM]),
        live=[{"role": "assistant", "content": "What was said so far"}],
        refresh=True,
    ),
    "lost": Situation(
        "A session is gone before its expiry",
        "Something else deleted the session, and `pulumi refresh` noticed it.",
        lost=True,
        refresh=True,
    ),
    "metadata": Situation(
        "Metadata changed",
        "A value of `metadata` was changed.",
        declare(metadata={"team": "support", "tier": 1}),
        declare(metadata={"team": "support", "tier": 2}),
    ),
    "metadata-dropped": Situation(
        "A metadata key removed",
        "A key was removed from `metadata`. The API description does not say whether the API then removes it too.",
        declare(metadata={"team": "support", "tier": 1}),
        declare(metadata={"team": "support"}),
    ),
    "completed": Situation("Completed", '`status="completed"` was added.', declare(), declare(status="completed")),
    "reopened": Situation("Reopened", '`status="completed"` was removed.', declare(status="completed"), declare()),
    "together": Situation(
        "Several changes at once",
        "A longer lifetime, an added message and other metadata, while a renewal is due. One request updates the"
        " session. The extension comes last, because it must not be repeated.",
        declare(messages=[SYSTEM], renew_before_minutes=15),
        declare(messages=[SYSTEM, HELLO], renew_before_minutes=15, expiration_minutes=90, metadata={"team": "support"}),
        age=55.5,
    ),
    "deleted": Situation(
        "Removed from the program",
        "With `quant-sessions:transcriptDir`, its messages are saved first.",
        declare(),
        None,
    ),
}
