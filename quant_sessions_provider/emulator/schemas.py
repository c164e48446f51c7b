"""Bodies of requests and answers, in the words and limits of the published description.

POST, PUT and extend speak camelCase, GET and list snake_case. An optional field is never null: it is
left out. A field with an empty default is one that was not sent; ``model_fields_set`` tells.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from quant_sessions_provider.emulator.sessions import MAX_TOKENS


def _integral(value: object) -> object:
    """JSON knows one kind of number: 60.0 is 60, and 60.5 is left for the strict check to refuse."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digits(value: object) -> object:
    """Refuse what Python would still read as a number, such as ``1_0`` or ``10.0``."""
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+", value):
        raise ValueError("must be a whole number")
    return value


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


# The description states no bound for these two: they are checked, not published.
def _not_negative(value: int) -> int:
    if value < 0:
        raise ValueError("must not be negative")
    return value


def _countable(value: int) -> int:
    if value > MAX_TOKENS:
        raise ValueError(f"must be at most {MAX_TOKENS}")
    return _not_negative(value)


Whole = Annotated[int, BeforeValidator(_integral)]
# Limits come before a BeforeValidator: after it pydantic checks them but does not publish them.
Lifetime = Annotated[int, Field(ge=5, le=1440), BeforeValidator(_integral)]
Extension = Annotated[int, Field(ge=1, le=1440), BeforeValidator(_integral)]
Tokens = Annotated[int, BeforeValidator(_integral), AfterValidator(_countable)]
Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(_digits)]
Offset = Annotated[int, BeforeValidator(_digits), AfterValidator(_not_negative)]
Status = Literal["active", "completed"]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Messages = Annotated[list[Any], Field(json_schema_extra={"items": {"type": "object"}})]


class Body(BaseModel):
    """A request body: strict about types, unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True)


class Switch(Body):
    """A body that sets how the emulator behaves: a field that it does not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class ApiBody(Body):
    """A body of the API; what it holds beyond the description is kept apart, to be ignored or refused."""

    model_config = ConfigDict(extra="allow")

    def unknown(self) -> Iterator[str]:
        """Name the fields that the description does not know, as ``newMessages[0].name``."""
        yield from self.model_extra or {}
        for name, value in vars(self).items():
            for number, item in enumerate(value if isinstance(value, list) else []):
                yield from (f"{to_camel(name)}[{number}].{field}" for field in item.unknown())


class Message(ApiBody):
    """What a message is stored as, whatever else it was sent with."""

    role: str
    content: str

    def stored(self) -> dict[str, str]:
        """Leave out what the description does not know."""
        return {"role": self.role, "content": self.content}


class InitialMessage(Message):
    """A message a session starts with."""

    role: Literal["system", "user", "assistant"]


class NewMessage(Message):
    """A message of the running conversation."""

    role: Literal["user", "assistant"]


class CreateRequest(ApiBody):
    """POST: a new session."""

    user_id: Annotated[str, AfterValidator(_not_empty)]
    session_group: str = Field(default_factory=str)
    metadata: dict[str, Any] = Field(default_factory=dict)
    expiration_minutes: Lifetime = 60
    initial_messages: list[InitialMessage] = Field(default_factory=list)


class UpdateRequest(ApiBody):
    """PUT: messages and tokens are added, metadata and status set."""

    new_messages: list[NewMessage] = Field(default_factory=list)
    tokens_used: Tokens = Field(default_factory=int)
    status: Status = Field(default_factory=lambda: "active")
    metadata: dict[str, Any] = Field(default_factory=dict)


class ExtendRequest(ApiBody):
    """PUT …/extend: by how much."""

    additional_minutes: Extension = 60


class Answer(BaseModel):
    """An answer in camelCase, built from Python's names."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Created(Answer):
    """Answer to POST."""

    session_id: Uuid
    status: Annotated[str, Field(json_schema_extra={"enum": ["active"]})]
    expires_at: Moment
    created_at: Moment


class Updated(Answer):
    """Answer to PUT."""

    session_id: Uuid
    status: str
    total_messages: int
    total_tokens: int
    updated_at: Moment


class Extended(Answer):
    """Answer to extend."""

    session_id: Uuid
    expires_at: Moment
    message: str


class Deleted(Answer):
    """Answer to DELETE."""

    message: str


class ChatSession(BaseModel):
    """Answer to GET."""

    id: str
    title: str = Field(default_factory=str)
    model: str = Field(default_factory=str)
    messages: Messages
    created_at: Moment


class ListedSession(BaseModel):
    """One item of the list."""

    id: str
    title: str = Field(default_factory=str)
    model: str = Field(default_factory=str)
    created_at: Moment
    updated_at: Moment


class Problem(BaseModel):
    """Every error."""

    error: Literal[True] = True
    message: str
