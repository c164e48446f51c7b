"""What Pulumi knows of a session that exists, declared or read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from pulumi.dynamic import Resource

from quant_sessions_provider.core.model import PROPERTIES, camel

if TYPE_CHECKING:
    import pulumi

_T_co = TypeVar("_T_co", covariant=True)


class StoredOutput(Generic[_T_co]):
    """An output by its Python name; Pulumi stores it in the instance by its state key."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute and the text of the property table."""
        self._key = camel(name)
        self.__doc__ = PROPERTIES[self._key].output

    @overload
    def __get__(self, session: None, owner: type) -> StoredOutput[_T_co]: ...

    @overload
    def __get__(self, session: SessionOutputs, owner: type) -> pulumi.Output[_T_co]: ...

    def __get__(self, session: SessionOutputs | None, owner: type) -> StoredOutput[_T_co] | pulumi.Output[_T_co]:
        """Return the output of an instance; the class returns itself, for its text."""
        if session is None:
            return self
        output: pulumi.Output[_T_co] = session.__dict__[self._key]
        return output


class SessionOutputs:
    """The outputs of a session that exists: None where the API does not return it."""

    user_id = StoredOutput[str | None]()
    """Whose session it is."""
    session_group = StoredOutput[str | None]()
    """The group that it belongs to; None if none is declared."""
    organization = StoredOutput[str]()
    """The QuantCDN organization that it belongs to."""
    expiration_minutes = StoredOutput[int | None]()
    """The declared lifetime in minutes; None where `expires_at` is declared."""
    expires_at = StoredOutput[str | None]()
    """The requested expiry (RFC 3339); `granted_expires_at` is the actual one."""
    renew_before_minutes = StoredOutput[int | None]()
    """With this many minutes left, or fewer, a run renews it."""
    on_expired = StoredOutput[str | None]()
    """What a run does once it has expired: `recreate`, `ignore` or `error`."""
    messages = StoredOutput[list[dict[str, str]] | None]()
    """The declared messages; not the live conversation."""
    metadata = StoredOutput[dict[str, Any] | None]()
    """The declared metadata."""
    status = StoredOutput[str | None]()
    """`active` or `completed`."""
    granted_expires_at = StoredOutput[str | None]()
    """The expiry that the API last granted (RFC 3339)."""
    unsent_expiry_seconds = StoredOutput[int | None]()
    """Seconds by which `expires_at` moved without a request since the API last granted an expiry; None for 0."""
    created_at = StoredOutput[str | None]()
    """When the API created it (RFC 3339)."""
    base_url = StoredOutput[str]()
    """The base URL of the API that holds it."""
    expired = StoredOutput[bool]()
    """Whether a refresh found it gone after its expiry."""
    title = StoredOutput[str | None]()
    """The API's title for it, once a refresh has read one; always secret."""
    model = StoredOutput[str | None]()
    """The model that it runs on, once a refresh has read it."""
    total_messages = StoredOutput[int | None]()
    """The number of messages in the conversation when last counted."""
    total_tokens = StoredOutput[int | None]()
    """The number of tokens used when last counted."""
    updated_at = StoredOutput[str | None]()
    """When the API last applied an update of this resource (RFC 3339)."""


class ExistingSession(SessionOutputs, Resource, module="quant", name="Session"):
    """A session that :meth:`Session.get` reads: an output is None where the API does not return it.

    A declared :class:`Session` is one too.
    """
