"""Request and response bodies, with the names and limits of the published description.

POST, PUT and extend use camelCase, GET and the list snake_case. An optional field is never null but left out. A field
with an empty default may be missing from a request: ``model_fields_set`` says whether it was sent.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from quant_sessions_provider.emulator.sessions import MAX_TOKENS


def _to_integer(value: object) -> object:
    """Return 60.0 as 60, since JSON has one number type; the strict check rejects 60.5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _require_digits(value: object) -> object:
    """Raise ValueError for text that only Python parses as an integer, such as ``1_0`` or ``10.0``."""
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+", value):
        raise ValueError("must be an integer")
    return value


def _require_non_empty(value: str) -> str:
    if not value:
        raise ValueError("must be a non-empty string")
    return value


# The description states no limits for these two: they are checked but not published.
def _require_non_negative(value: int) -> int:
    if value < 0:
        raise ValueError("must not be negative")
    return value


def _require_exact(value: int) -> int:
    if value > MAX_TOKENS:
        raise ValueError(f"must be at most {MAX_TOKENS}")
    return _require_non_negative(value)


Integer = Annotated[int, BeforeValidator(_to_integer)]
# Limits come before a BeforeValidator: after it pydantic checks them but does not publish them.
Lifetime = Annotated[int, Field(ge=5, le=1440), BeforeValidator(_to_integer)]
Extension = Annotated[int, Field(ge=1, le=1440), BeforeValidator(_to_integer)]
Tokens = Annotated[int, BeforeValidator(_to_integer), AfterValidator(_require_exact)]
Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(_require_digits)]
Offset = Annotated[int, BeforeValidator(_require_digits), AfterValidator(_require_non_negative)]
Status = Literal["active", "completed"]
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Messages = Annotated[list[Any], Field(json_schema_extra={"items": {"type": "object"}})]


class RequestBody(BaseModel):
    """A request body in camelCase; a value of another type is rejected, not converted."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True)


class ControlBody(RequestBody):
    """A request body of the control routes; unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, use_attribute_docstrings=True)


class ApiBody(RequestBody):
    """A request body of the API; undocumented fields are kept apart, to be ignored or rejected."""

    model_config = ConfigDict(extra="allow")

    def unknown_fields(self) -> Iterator[str]:
        """Yield the name of each undocumented field, such as ``newMessages[0].name``."""
        yield from self.model_extra or {}
        for name, value in vars(self).items():
            for index, item in enumerate(value if isinstance(value, list) else []):
                yield from (f"{to_camel(name)}[{index}].{field}" for field in item.unknown_fields())


class Message(ApiBody):
    """The documented fields of a message."""

    role: str
    content: str

    def to_stored(self) -> dict[str, str]:
        """Return the message without undocumented fields."""
        return {"role": self.role, "content": self.content}


class InitialMessage(Message):
    """A message that a session starts with."""

    role: Literal["system", "user", "assistant"]


class NewMessage(Message):
    """A message to append."""

    role: Literal["user", "assistant"]


class CreateRequest(ApiBody):
    """POST: create a session."""

    user_id: Annotated[str, AfterValidator(_require_non_empty)]
    session_group: str = Field(default_factory=str)
    metadata: dict[str, Any] = Field(default_factory=dict)
    expiration_minutes: Lifetime = 60
    initial_messages: list[InitialMessage] = Field(default_factory=list)


class UpdateRequest(ApiBody):
    """PUT: append messages, add tokens, set metadata and status."""

    new_messages: list[NewMessage] = Field(default_factory=list)
    tokens_used: Tokens = Field(default_factory=int)
    status: Status = Field(default_factory=lambda: "active")
    metadata: dict[str, Any] = Field(default_factory=dict)


class ExtendRequest(ApiBody):
    """PUT …/extend: postpone the expiry."""

    additional_minutes: Extension = 60


class CamelResponse(BaseModel):
    """A response body in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class CreateResponse(CamelResponse):
    """Response to POST."""

    session_id: Uuid
    status: Annotated[str, Field(json_schema_extra={"enum": ["active"]})]
    expires_at: Timestamp
    created_at: Timestamp


class UpdateResponse(CamelResponse):
    """Response to PUT."""

    session_id: Uuid
    status: str
    total_messages: int
    total_tokens: int
    updated_at: Timestamp


class ExtendResponse(CamelResponse):
    """Response to PUT …/extend."""

    session_id: Uuid
    expires_at: Timestamp
    message: str


class DeleteResponse(CamelResponse):
    """Response to DELETE."""

    message: str


class ChatSession(BaseModel):
    """Response to GET."""

    id: str
    title: str = Field(default_factory=str)
    model: str = Field(default_factory=str)
    messages: Messages
    created_at: Timestamp


class ListItem(BaseModel):
    """An item of the list."""

    id: str
    title: str = Field(default_factory=str)
    model: str = Field(default_factory=str)
    created_at: Timestamp
    updated_at: Timestamp


class ErrorResponse(BaseModel):
    """Every error."""

    error: Literal[True] = True
    message: str
