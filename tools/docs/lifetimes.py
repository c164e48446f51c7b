"""Situations of time: lifetimes, moments, renewals, expiry."""

from __future__ import annotations

from tools.docs.situations import SYSTEM, Situation, declare, until

LIFETIMES: dict[str, Situation] = {
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
    "lifetime-to-moment": Situation(
        "From a lifetime to a moment",
        "`expires_at` was declared, 95 minutes after the creation.",
        declare(),
        until(95),
        age=20.5,
    ),
    "lowered-renewed": Situation(
        "A shorter lifetime while a renewal is due",
        "`expiration_minutes` was lowered from 120 to 60, and the session has `renew_before_minutes=15`.",
        declare(expiration_minutes=120, renew_before_minutes=15),
        declare(expiration_minutes=60, renew_before_minutes=15),
        age=110.5,
    ),
    "expired-completed": Situation(
        "An expired session that was completed",
        "A completed session is neither renewed nor recreated.",
        declare(status="completed"),
        declare(status="completed"),
        age=90.5,
    ),
}
