"""The parts of the schema that are no properties of a session."""

from __future__ import annotations

from typing import Any, Final

from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.settings import DEFAULT_BASE_URL

ALWAYS_SET: Final = (
    Key.USER_ID,
    Key.ORGANIZATION,
    Key.EXPIRES_AT,
    Key.ON_EXPIRED,
    Key.STATUS,
    Key.BASE_URL,
    Key.EXPIRED,
)
"""The outputs that every session has, imported ones too."""


def _of(kind: str, description: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"type": kind, "description": description, **more}


SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "bearer": _of("string", "The API token; else QUANTCDN_API_TOKEN.", secret=True),
    "organization": _of("string", "The owner of the sessions; else QUANTCDN_ORGANIZATION."),
    "baseUrl": _of(
        "string", f"Scheme and host of the API; else QUANTCDN_BASE_URL, by default {DEFAULT_BASE_URL}. Only https."
    ),
    "timeoutSeconds": _of(
        "number", "Deadline of one API call with its retries; else QUANTCDN_TIMEOUT_SECONDS, by default 30."
    ),
    "maxRetries": _of("integer", "How often a request is retried; else QUANTCDN_MAX_RETRIES, by default 3."),
    "baseDelayMs": _of(
        "number", "Delay before the first retry; it doubles each time; else QUANTCDN_BASE_DELAY_MS, by default 500."
    ),
    "maxDelayMs": _of("number", "Maximum delay between retries; else QUANTCDN_MAX_DELAY_MS, by default 30000."),
    "enableJitter": _of("boolean", "Randomize the delays; else QUANTCDN_ENABLE_JITTER, by default true."),
    "requestsPerSecond": _of("number", "Rate limit; else QUANTCDN_REQUESTS_PER_SECOND, by default none."),
    "transcriptDir": _of(
        "string",
        "Folder where messages are saved before a session is deleted; else QUANTCDN_TRANSCRIPT_DIR, by default none.",
    ),
}

_BY_KEY: Final = {"type": "object", "additionalProperties": {"type": "string"}}
GROUP_INPUT: Final[dict[str, dict[str, Any]]] = {
    "userIds": {
        **_BY_KEY,
        "description": "Whose sessions: user ids by the names of the sessions. Names are not secret.",
        "plain": True,
    }
}
GROUP_OUTPUTS: Final[dict[str, dict[str, Any]]] = {
    "sessionIds": {**_BY_KEY, "description": "The ids of the sessions, by name."},
    "expiresAt": {**_BY_KEY, "description": "The requested expiries (RFC 3339), by name."},
    "grantedExpiresAt": {**_BY_KEY, "description": "The expiries that the API last granted (RFC 3339), by name."},
}

_ORGANIZATION: Final = _of("string", "The QuantCDN organization; by default the configured one.")
_FOUND: Final = {
    "id": _of("string", "The session's id."),
    "title": _of("string", "The API's title for it; secret.", secret=True),
    "model": _of("string", "The model that it runs on."),
    "createdAt": _of("string", "When the API created it (RFC 3339)."),
}
FUNCTIONS: Final[dict[str, dict[str, Any]]] = {
    "getSession": {
        "description": "Return a session and its live conversation. Sends one request.",
        "inputs": {
            "type": "object",
            "properties": {"id": _FOUND["id"], "organization": _ORGANIZATION},
            "required": ["id"],
        },
        "outputs": {
            "type": "object",
            "properties": _FOUND
            | {
                "messages": _of(
                    "array",
                    "The live conversation, oldest first; secret.",
                    items={"$ref": "pulumi.json#/Any"},
                    secret=True,
                ),
            },
            "required": ["id"],
        },
    },
    "listSessions": {
        "description": "Return active sessions, neither expired nor completed ones. Sends one request a page.",
        "inputs": {
            "type": "object",
            "properties": {
                "userId": _of("string", "Only this user's sessions."),
                "sessionGroup": _of("string", "Only this group's sessions."),
                "model": _of("string", "Only sessions that run on this model."),
                "limit": _of("integer", "The most sessions to return, at least 1; by default all."),
                "organization": _ORGANIZATION,
            },
        },
        "outputs": {
            "type": "object",
            "properties": {
                "sessions": _of(
                    "array",
                    "The sessions, in no stated order; secret, since titles may be made from messages.",
                    items={"$ref": "#/types/quant-sessions:index:ListedSession"},
                    secret=True,
                )
            },
            "required": ["sessions"],
        },
    },
}
LISTED: Final = {
    "type": "object",
    "description": "One entry of a list.",
    "properties": _FOUND | {"updatedAt": _of("string", "When the API last changed it (RFC 3339).")},
    "required": ["id"],
}

_GO_PACKAGE: Final = "quantsessions"
_MODULE: Final = "github.com/quantcdn/pulumi-quant-sessions"
REPOSITORY: Final = f"https://{_MODULE}"
_GO_PATH: Final = f"{_MODULE}/sdk/go/{_GO_PACKAGE}"
"""Where Pulumi puts a generated SDK by default. The code that `pulumi import` prints needs it said."""

LANGUAGES: Final[dict[str, Any]] = {
    "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
    "nodejs": {"respectSchemaVersion": True},
    "go": {
        "respectSchemaVersion": True,
        "importBasePath": _GO_PATH,
        "packageImportAliases": {_GO_PATH: _GO_PACKAGE},
    },
    "csharp": {"respectSchemaVersion": True},
    "java": {},
}
