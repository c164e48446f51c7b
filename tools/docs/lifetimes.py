"""Situations around lifetimes, ``expires_at``, renewals and expiry."""

from __future__ import annotations

from tools.docs.situations import SYSTEM, Situation, declare, until

LIFETIMES: dict[str, Situation] = {
    "created": Situation(
        "A new session",
        "The program declares a session for the first time. `expiresAt` is the expiry that will be requested.",
        None,
        declare(session_group="production", messages=[SYSTEM], metadata={"team": "support"}),
    ),
    "unchanged": Situation(
        "Nothing has changed, nothing is due",
        "The same program, half an hour later. Neither the preview nor the run makes a request.",
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
        "`expiration_minutes` was lowered from 120 to 60. The API cannot shorten a session, and the provider does not"
        ' replace a live one for that, unless `replace_on_changes=["expirationMinutes"]` or `--replace` says so.',
        declare(expiration_minutes=120),
        declare(),
        age=20.5,
    ),
    "renewed": Situation(
        "A renewal is due",
        "The session has `renew_before_minutes=15` and fewer minutes left. The program is the same.",
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
        "Other settings for renewal and expiry",
        '`renew_before_minutes=10` and `on_expired="ignore"` were added. Neither ever replaces a session.',
        declare(),
        declare(renew_before_minutes=10, on_expired="ignore"),
        age=20.5,
    ),
    "expired": Situation(
        "An expired session is recreated",
        "The session expired; `on_expired` is `recreate`, the default. The preview asks the API first.",
        age=90.5,
    ),
    "expired-refresh": Situation(
        "An expired session is recreated, after a refresh",
        "The same, but `pulumi refresh` has already found that it is gone.",
        age=90.5,
        refresh=True,
    ),
    "expired-alive": Situation(
        "Expired according to state, but still alive",
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
        "A change to an expired session that is left alone",
        '`on_expired="ignore"` ignores the expiry, but changed metadata needs a session.',
        declare(on_expired="ignore"),
        declare(on_expired="ignore", metadata={"team": "sales"}),
        age=90.5,
    ),
    "raised-expired": Situation(
        "A longer lifetime for a session that has expired",
        "`expiration_minutes` was raised from 60 to 120, after the expiry.",
        declare(),
        declare(expiration_minutes=120),
        age=90.5,
    ),
    "expires-at-later": Situation(
        "A later `expires_at`",
        "`expires_at` was set 40 minutes later.",
        until(60),
        until(100),
        age=20.5,
    ),
    "expires-at-earlier": Situation(
        "An earlier `expires_at`",
        "`expires_at` was set earlier. Nothing is sent; the session lives until its granted expiry.",
        until(60),
        until(40),
        age=20.5,
    ),
    "expires-at-passed": Situation(
        "`expires_at` has passed",
        "Nothing is renewed or recreated until `expires_at` is set to a later time.",
        until(60),
        until(60),
        age=90.5,
    ),
    "expires-at-to-lifetime": Situation(
        "From `expires_at` to `expiration_minutes`",
        "`expires_at` was replaced by `expiration_minutes=90`. The session keeps its expiry, until a renewal is due.",
        until(60),
        declare(expiration_minutes=90),
        age=20.5,
    ),
    "lifetime-to-expires-at": Situation(
        "From `expiration_minutes` to `expires_at`",
        "`expires_at` was declared, 95 minutes after creation.",
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
