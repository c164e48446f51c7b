"""Inputs and outputs that only differ in their expiry."""

from __future__ import annotations

from typing import Any


def declared(lifetime: object = 60, expires_at: object = None, **more: object) -> dict[str, Any]:
    expiry = {} if expires_at is None else {"expiresAt": expires_at}
    return {"expirationMinutes": lifetime, "onExpired": "recreate", "status": "active"} | expiry | more


def applied(asked: str | None, granted: str | None = None, **more: object) -> dict[str, Any]:
    return declared(60, asked, **more) | ({} if granted is None else {"grantedExpiresAt": granted})
