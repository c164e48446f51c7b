"""What the sessions of both hosts have in common: their arguments."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import pulumi

from quant_sessions_provider.core.model import DEFAULT_LIFETIME
from quant_sessions_provider.sdk.existing import SessionOutputs, StoredOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

Role = Literal["system", "user", "assistant"]
Status = Literal["active", "completed"]
OnExpired = Literal["recreate", "ignore", "error"]


class Message(TypedDict):
    """One message of a conversation."""

    role: pulumi.Input[Role]
    content: pulumi.Input[str]


class SessionArgs(TypedDict, total=False):
    """The arguments of one :class:`Session`, but for its name and its options."""

    user_id: pulumi.Input[str]
    session_group: pulumi.Input[str] | None
    expiration_minutes: pulumi.Input[int | timedelta] | None
    expires_at: pulumi.Input[str | datetime] | None
    renew_before_minutes: pulumi.Input[int | timedelta] | None
    on_expired: pulumi.Input[OnExpired]
    messages: pulumi.Input[Sequence[pulumi.Input[Message]]] | None
    metadata: pulumi.Input[Mapping[str, Any]] | None
    status: pulumi.Input[Status]
    organization: pulumi.Input[str] | None


class DeclaredSession(SessionOutputs):
    """A session that a program declares, whichever host carries it out. Every input is an output too, as applied."""

    user_id = StoredOutput[str]()
    """Whose session it is."""
    expires_at = StoredOutput[str]()
    """The requested expiry (RFC 3339); `granted_expires_at` is the actual one."""
    on_expired = StoredOutput[str]()
    """What a run does once it has expired: `recreate`, `ignore` or `error`."""
    status = StoredOutput[str]()
    """`active` or `completed`."""
    granted_expires_at = StoredOutput[str]()
    """The expiry that the API last granted (RFC 3339)."""
    created_at = StoredOutput[str]()
    """When the API created it (RFC 3339)."""

    def __init__(  # noqa: PLR0913 - the resource has that many properties
        self,
        name: str,
        *,
        user_id: pulumi.Input[str],
        session_group: pulumi.Input[str] | None = None,
        expiration_minutes: pulumi.Input[int | timedelta] | None = None,
        expires_at: pulumi.Input[str | datetime] | None = None,
        renew_before_minutes: pulumi.Input[int | timedelta] | None = None,
        on_expired: pulumi.Input[OnExpired] = "recreate",
        messages: pulumi.Input[Sequence[pulumi.Input[Message]]] | None = None,
        metadata: pulumi.Input[Mapping[str, Any]] | None = None,
        status: pulumi.Input[Status] = "active",
        organization: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a QuantCDN AI session: a conversation that lives from 5 minutes to 24 hours.

        Args:
            name: The resource's name in the stack.
            user_id: Whose session it is. Changing it replaces the session.
            session_group: The group that the session belongs to, such as an application, environment or tenant.
                Changing it replaces the session.
            expiration_minutes: Lifetime from creation, in whole minutes from 5 to 1440, or as a timedelta (default 60).
                Raising it extends the session by the difference; lowering it sends nothing, since the API cannot
                shorten a session.
            expires_at: The expiry, instead of a lifetime: a datetime with a time zone, `until(...)` or an RFC 3339
                timestamp with an offset, at least 5 minutes from now on creation and never more than 1440. Excludes
                `expiration_minutes` and `renew_before_minutes`.
            renew_before_minutes: With this many minutes left, or fewer, a run extends the session to a whole lifetime:
                whole minutes from 1 to the lifetime less 1, or a timedelta. Nothing renews it between runs.
            on_expired: What a run does once the session has expired: `recreate` it (the default), `ignore` the expiry,
                or stop with an `error`.
            messages: The messages that the session starts with. User and assistant messages added at the end are
                appended; any other change replaces the session.
            metadata: Any JSON object. Changed in place.
            status: `active` (the default) or `completed`. Changed in place.
            organization: The QuantCDN organization that the session belongs to; by default the configured one. Changing
                it replaces the session.
            opts: Pulumi's resource options.

        Raises:
            pulumi.RunError: Two arguments exclude each other, Pulumi cannot carry an argument or would drop or round a
                part of it, an option names no property, or, without the plugin, the
                configured API token is not a secret.

        """
        if expires_at is not None and (expiration_minutes is not None or renew_before_minutes is not None):
            other = "renew_before_minutes" if expiration_minutes is None else "expiration_minutes"
            raise pulumi.RunError(f"session {name}: expires_at and {other} are mutually exclusive")
        if expires_at is None and expiration_minutes is None:
            # Always one of the two: so check can tell a timestamp set by hand from one that ignore_changes keeps.
            expiration_minutes = DEFAULT_LIFETIME
        arguments = {
            "user_id": user_id,
            "session_group": session_group,
            "expiration_minutes": expiration_minutes,
            "expires_at": expires_at,
            "renew_before_minutes": renew_before_minutes,
            "on_expired": on_expired,
            "messages": messages,
            "metadata": metadata,
            "status": status,
            "organization": organization,
        }
        self._register(name, arguments, opts)

    @abstractmethod
    def _register(self, name: str, arguments: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        """Register the resource with its engine."""
