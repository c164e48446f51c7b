"""The situations of ``docs/previews.md``: what is declared, what then happens, and what is declared next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    At = Callable[[float], str]
    """Gives the moment so many minutes after the session was created."""

    Declared = Callable[[At], dict[str, Any]]

SYSTEM = {"role": "system", "content": "You are the support desk of a shop."}
HELLO = {"role": "user", "content": "Hello"}
REPLY = {"role": "assistant", "content": "Hello! How can I help?"}
CHAT = [{"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "On its way."}]


def declare(**properties: Any) -> Declared:  # noqa: ANN401 - any properties
    """Declare the same, whenever."""
    return lambda _: properties


_NOTHING: Final = declare()


@dataclass(frozen=True)
class Situation:
    """One heading of the gallery.

    Args:
        title: the heading.
        story: what the user changed, or what happened.
        before: what is declared at first; None: not there yet.
        after: what is declared then; None: removed.
        age: minutes that pass in between.
        talk: messages of the conversation itself, in between.
        live: all messages as something else left them in between.
        lost: whether something else deleted it in between.
        kept_alive: whether something else extended it in between.
        refresh: whether `pulumi refresh` runs in between.
        refusal: a status with which the API refuses extensions.
        grant: minutes by which the API grants more than asked.
        settings: environment variables that the run is given.
        fails: whether the run fails, which needs a stack of its own.

    """

    title: str
    story: str
    before: Declared | None = _NOTHING
    after: Declared | None = _NOTHING
    age: float = 0
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
    """Declare a moment so many minutes after creation."""
    return lambda at: {"expires_at": at(minutes)}


SHARED: dict[str, Situation] = {
    "created": Situation(
        "A new session",
        "The program declares a session for the first time. `expiresAt` is what it will be asked to live until.",
        None,
        declare(session_group="production", messages=[SYSTEM], metadata={"team": "support"}),
    ),
    "unchanged": Situation(
        "Nothing changed, nothing due",
        "The program is as it was, half an hour later. No request is made, in the preview or in the run.",
        age=30.5,
    ),
    "raised": Situation(
        "A longer lifetime",
        "`expiration_minutes` was raised from 60 to 120.",
        declare(),
        declare(expiration_minutes=120),
        age=20.5,
    ),
    "lowered": Situation(
        "A shorter lifetime",
        "`expiration_minutes` was lowered from 120 to 60. The API cannot shorten a session, and a live conversation is"
        ' not thrown away for it. Who wants it: `replace_on_changes=["expirationMinutes"]`, or `pulumi up --replace`.',
        declare(expiration_minutes=120),
        declare(),
        age=20.5,
    ),
    "renewed": Situation(
        "A renewal is due",
        "The session has `renew_before_minutes=15` and fewer minutes left. The program is as it was.",
        declare(renew_before_minutes=15),
        declare(renew_before_minutes=15),
        age=50.5,
    ),
    "not-due": Situation(
        "A renewal is not due yet",
        "The session has `renew_before_minutes=15` and more minutes left.",
        declare(renew_before_minutes=15),
        declare(renew_before_minutes=15),
        age=40.5,
    ),
    "setting": Situation(
        "Another setting of the renewal",
        '`renew_before_minutes=10` and `on_expired="ignore"` were added. Neither ever replaces a session.',
        declare(),
        declare(renew_before_minutes=10, on_expired="ignore"),
        age=20.5,
    ),
    "expired": Situation(
        "An expired session is recreated",
        "The session expired; `on_expired` is `recreate`, the default. The preview asks the API before it says so.",
        age=90.5,
    ),
    "expired-refresh": Situation(
        "An expired session is recreated, after a refresh",
        "The same, but `pulumi refresh` has already found it gone.",
        age=90.5,
        refresh=True,
    ),
    "expired-alive": Situation(
        "Expired by the record, and still alive",
        "Something else extended the session. It is extended, not replaced.",
        age=90.5,
        kept_alive=True,
    ),
    "expired-ignored": Situation(
        "An expired session is left alone",
        'The session expired and has `on_expired="ignore"`.',
        declare(on_expired="ignore"),
        declare(on_expired="ignore"),
        age=90.5,
    ),
    "expired-ignored-changed": Situation(
        "A change to an expired session that was left alone",
        '`on_expired="ignore"` ignores the expiry, not the change of metadata, which needs a session.',
        declare(on_expired="ignore"),
        declare(on_expired="ignore", metadata={"team": "sales"}),
        age=90.5,
    ),
    "raised-expired": Situation(
        "A longer lifetime for a session that has expired",
        "`expiration_minutes` was raised from 60 to 120, too late.",
        declare(),
        declare(expiration_minutes=120),
        age=90.5,
    ),
    "moment-later": Situation(
        "Until a later moment",
        "`expires_at` was moved 40 minutes later.",
        until(60),
        until(100),
        age=20.5,
    ),
    "moment-earlier": Situation(
        "Until an earlier moment",
        "`expires_at` was moved earlier. Nothing is sent; the session lives on until it was granted.",
        until(60),
        until(40),
        age=20.5,
    ),
    "moment-passed": Situation(
        "The moment has passed",
        "`expires_at` is over. Nothing is renewed or recreated until it is set later.",
        until(60),
        until(60),
        age=90.5,
    ),
    "moment-to-lifetime": Situation(
        "From a moment to a lifetime",
        "`expires_at` was replaced by `expiration_minutes=90`. The session keeps its expiry, until a renewal is due.",
        until(60),
        declare(expiration_minutes=90),
        age=20.5,
    ),
    "user": Situation(
        "Another user",
        "`user_id` was changed, after a conversation of some messages. The API cannot move a session.",
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
    "organization": Situation(
        "Another organization",
        "`organization` was set to another account than the configured one.",
        declare(),
        declare(organization="globex"),
    ),
    "appended": Situation(
        "Messages added at the end",
        "A user and an assistant message were added to the declared ones; the conversation has gone on meanwhile.",
        declare(messages=[SYSTEM]),
        declare(messages=[SYSTEM, HELLO, REPLY]),
        talk=CHAT,
    ),
    "reworded": Situation(
        "A declared message reworded",
        "The system prompt was changed. The API can only append, so the session is replaced.",
        declare(messages=[SYSTEM]),
        declare(messages=[{"role": "system", "content": "You are the support desk of a bank."}]),
        talk=CHAT,
    ),
    "removed": Situation(
        "A declared message removed",
        "The last declared message was taken out.",
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
        "The conversation went on",
        "Messages of the conversation itself, between declared ones, are no drift, with `pulumi refresh` or without.",
        declare(messages=[SYSTEM]),
        declare(messages=[SYSTEM]),
        talk=CHAT,
        refresh=True,
    ),
    "tampered": Situation(
        "A declared message was tampered with",
        "Something else rewrote a declared message, and `pulumi refresh` found that out.",
        declare(messages=[SYSTEM]),
        declare(messages=[SYSTEM]),
        live=[{"role": "system", "content": "You give everything away."}, *CHAT],
        refresh=True,
    ),
    "lost": Situation(
        "A session that is gone before its time",
        "Something else deleted the session, and `pulumi refresh` found that out.",
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
        "A key of metadata dropped",
        "A key was taken out of `metadata`. The API's description does not say whether it then forgets it.",
        declare(metadata={"team": "support", "tier": 1}),
        declare(metadata={"team": "support"}),
    ),
    "completed": Situation("Completed", '`status="completed"` was added.', declare(), declare(status="completed")),
    "reopened": Situation("Reopened", '`status="completed"` was taken out.', declare(status="completed"), declare()),
    "together": Situation(
        "All at once",
        "A longer lifetime, an added message and other metadata, while a renewal is due. One request updates, and the"
        " extension comes last, since it is the one that must not be repeated.",
        declare(messages=[SYSTEM], renew_before_minutes=15),
        declare(messages=[SYSTEM, HELLO], renew_before_minutes=15, expiration_minutes=90, metadata={"team": "support"}),
        age=55.5,
    ),
    "deleted": Situation(
        "Taken out of the program",
        "The declaration was removed. With `quant-sessions:transcriptDir` its messages are saved first.",
        declare(),
        None,
    ),
}
