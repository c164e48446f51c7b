"""The resource that people declare."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

import pulumi
from pulumi.dynamic import Resource
from pulumi.runtime import get_config, is_config_secret
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from quant_sessions_provider.core.model import DEFAULT_LIFETIME, INPUTS, PROPERTIES, by_state_key
from quant_sessions_provider.core.paths import parse
from quant_sessions_provider.core.settings import NAMESPACES
from quant_sessions_provider.dynamic.properties import REPLACE_ON_CHANGES
from quant_sessions_provider.provider import SessionProvider
from quant_sessions_provider.sdk.existing import ExistingSession, StoredOutput
from quant_sessions_provider.sdk.values import carried

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

_SPECIAL_ROOTS: Final = ("*", "__provider", "#initerror")
"""What a path may begin with beside a property: everything, the provider itself, and a creation that failed halfway."""

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


class Session(ExistingSession, module="quant", name="Session"):
    """A QuantCDN AI session: a conversation that lives from 5 minutes to 24 hours.

    The ``id`` is the session's own. Every input is an output too, as it was applied. The rules of expiry are in
    ``docs/expiry.md``.
    """

    _former_type = ""
    """The type that a subclass would have without :meth:`__init_subclass__`, and has in the state of older versions."""

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
                part of it, an option names no property, or the configured API token is not a secret.

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
        _register(self, name, arguments, opts)

    def __init_subclass__(cls, module: str = "", name: str = "Resource", **kwargs: object) -> None:
        """Keep the type of a session for subclasses: it is what reports, timelines and policies look for."""
        super().__init_subclass__(module, name, **kwargs)
        cls._former_type, cls._resource_type_name = cls._resource_type_name, Session._resource_type_name

    @classmethod
    def get(
        cls,
        name: str,
        id: pulumi.Input[str],  # noqa: A002 - Pulumi's own name for it
        *,
        organization: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> ExistingSession:
        """Return an existing session, read by GET; nothing is ever written to it.

        Args:
            name: The resource's name in the stack.
            id: The session's id.
            organization: The QuantCDN organization that it belongs to; by default the configured one.
            opts: Pulumi's resource options.

        The API returns title, model, creation time and the number of messages. The organization, the base URL and
        ``expired`` are known too; all other outputs are None.

        """
        session = cls.__new__(cls)
        _register(
            session,
            name,
            {"organization": organization},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id)),
        )
        return session


def _register(
    session: Session,
    name: str,
    arguments: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None,
) -> None:
    _require_secret_token()
    owner = f"session {name}"
    inputs = by_state_key({argument: carried(value, owner, argument) for argument, value in arguments.items()})
    if opts:
        _refuse_unsupported_options(name, opts)
        if opts.replace_on_changes:
            inputs |= {REPLACE_ON_CHANGES: opts.replace_on_changes}
    former = session._former_type  # noqa: SLF001 - of this module
    # The API may make the title from messages.
    ours = pulumi.ResourceOptions(
        additional_secret_outputs=["title"],
        aliases=[pulumi.Alias(type_=f"pulumi-python:{former}")] if former else None,
    )
    names: dict[str, Any] = dict.fromkeys(PROPERTIES)
    Resource.__init__(session, SessionProvider(), name, names | inputs, pulumi.ResourceOptions.merge(opts, ours))


def _require_secret_token() -> None:
    """Refuse an API token that Pulumi would write to state, backups and logs in plain text; mocks have none."""
    if isinstance(get_monitor(), MockMonitor):
        return
    for key in (f"{namespace}:bearer" for namespace in NAMESPACES):
        if get_config(key) is not None and not is_config_secret(key):
            raise pulumi.RunError(
                f"{key} is not a secret, so Pulumi would keep it in state in plain text: set it again with"
                f" `pulumi config set --secret {key}`"
            )


def _refuse_unsupported_options(name: str, opts: pulumi.ResourceOptions) -> None:
    """Refuse options that Pulumi would accept and silently ignore."""
    if opts.import_:
        raise pulumi.RunError(f"session {name}: import_ is not supported; Session.get reads an existing session")
    for option in ("ignore_changes", "replace_on_changes", "hide_diffs", "additional_secret_outputs"):
        for path in getattr(opts, option) or []:
            problem = _problem_with_path(path)
            if problem:
                raise pulumi.RunError(f"session {name}: {option} {problem}")


def _problem_with_path(path: str) -> str:
    """Return why a path leads to no property of a session; empty if it does."""
    parts = parse(path)
    if parts is None:
        return "takes property paths, such as metadata.key or messages[0]"
    root = str(parts[0])
    if root in PROPERTIES or root in _SPECIAL_ROOTS:
        return ""
    names = {row.name: row.key for row in PROPERTIES.values()} | {key.lower(): key for key in PROPERTIES}
    near = get_close_matches(root.lower(), names, n=1)
    if near:
        return f"takes state keys: use {names[near[0]]} instead of {root}"
    return f"takes state keys, and {root} is none of {', '.join(INPUTS)}"
