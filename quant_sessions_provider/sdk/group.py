"""One session for each user of a group, as one component."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import pulumi

from quant_sessions_provider.core.urns import GROUP_TYPE, PYTHON_GROUP_TYPE
from quant_sessions_provider.dynamic.properties import is_deferred
from quant_sessions_provider.sdk.declared import DeclaredSession
from quant_sessions_provider.sdk.members import arguments_of
from quant_sessions_provider.sdk.session import Session
from quant_sessions_provider.sdk.values import carried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from quant_sessions_provider.sdk.declared import Message, OnExpired, SessionArgs, Status

_SESSION_OPTIONS: Final = (
    "additional_secret_outputs",
    "custom_timeouts",
    "delete_before_replace",
    "hide_diffs",
    "ignore_changes",
    "replace_on_changes",
    "replace_with",
    "replacement_trigger",
)
"""Options that have no effect on a component, and that Pulumi does not pass on to its children."""

_DEFERRED: Final = "must be known when the program runs; the values of a mapping may be Outputs"
_UNUSABLE: Final = (
    'cannot be part of a resource name ("::" or an unprintable character): use a mapping of names to user ids'
)


_SessionT = TypeVar("_SessionT", bound=DeclaredSession)


class GroupOfSessions(pulumi.ComponentResource, Generic[_SessionT]):
    """A group whose sessions are carried out by either host."""

    _session: ClassVar[type[DeclaredSession]]
    """The class of its sessions."""

    sessions: dict[str, _SessionT]
    """The sessions, by user id or key."""
    session_ids: pulumi.Output[dict[str, str]]
    """The ids of the sessions. By user id or key."""
    expires_at: pulumi.Output[dict[str, str]]
    """The requested expiry (RFC 3339); `granted_expires_at` is the actual one. By user id or key."""
    granted_expires_at: pulumi.Output[dict[str, str]]
    """The expiry that the API last granted (RFC 3339). By user id or key."""

    def __init__(  # noqa: PLR0913 - a session has that many properties
        self,
        name: str,
        *,
        user_ids: Collection[str] | Mapping[str, pulumi.Input[str]],
        session_group: pulumi.Input[str] | None = None,
        expiration_minutes: pulumi.Input[int | timedelta] | None = None,
        expires_at: pulumi.Input[str | datetime] | None = None,
        renew_before_minutes: pulumi.Input[int | timedelta] | None = None,
        on_expired: pulumi.Input[OnExpired] = "recreate",
        messages: pulumi.Input[Sequence[pulumi.Input[Message]]] | None = None,
        metadata: pulumi.Input[Mapping[str, Any]] | None = None,
        status: pulumi.Input[Status] = "active",
        organization: pulumi.Input[str] | None = None,
        session_args: Callable[[str], SessionArgs | None] = lambda _: None,
        session_opts: Callable[[str], pulumi.ResourceOptions | None] = lambda _: None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare one session for each user, all with the same settings but for what `session_args` returns.

        Args:
            name: The group's name in the stack. Each session is named NAME-USER.
            user_ids: Whose sessions: a list of user ids, or a mapping of names to user ids. Resource names are not
                secret: they appear in state, previews and URNs. With a mapping its keys are used as names, and the user
                ids may be Outputs and secrets. Names must be known when the program runs, printable, and without "::".
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
            session_args: Returns what differs for one session, by user id or key: any argument of :class:`Session`. It
                takes the place of the shared value. A session's own `expires_at` also sets aside a shared
                `expiration_minutes` and `renew_before_minutes`, its own `expiration_minutes` a shared `expires_at`.
            session_opts: Returns further options of Pulumi for one session, by user id or key, such as the aliases of a
                session that was declared on its own before.
            opts: Pulumi's resource options. Those about properties and replacement go to each session, the rest to the
                component; Pulumi passes aliases, protect, retain_on_delete, deleted_with and transforms on to the
                sessions.

        Raises:
            pulumi.RunError: A name is unknown, empty, duplicate or cannot be part of a resource's name, `session_args`
                returns something else than arguments, or :class:`Session` refuses an argument.

        """
        users = _user_ids_by_key(name, user_ids)
        arguments = {
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
        # Once for all: what is awaited can be awaited once.
        shared = {key: carried(value, f"session group {name}", key) for key, value in arguments.items()}
        members = arguments_of(name, users, shared, session_args)
        own, each = _split_options(name, opts or pulumi.ResourceOptions())
        super().__init__(PYTHON_GROUP_TYPE, name, None, own)
        each.parent = self
        made: dict[str, Any] = {
            key: self._session(f"{name}-{key}", opts=pulumi.ResourceOptions.merge(each, session_opts(key)), **arguments)
            for key, arguments in members.items()
        }
        self.sessions = made
        self._map_outputs(made)

    def _map_outputs(self, made: dict[str, Any]) -> None:
        sessions = made.items()
        self.session_ids = _gathered({key: session.id for key, session in sessions})
        self.expires_at = _gathered({key: session.expires_at for key, session in sessions})
        self.granted_expires_at = _gathered({key: session.granted_expires_at for key, session in sessions})
        self.register_outputs(
            {"sessionIds": self.session_ids, "expiresAt": self.expires_at, "grantedExpiresAt": self.granted_expires_at}
        )


class SessionGroup(GroupOfSessions[Session]):
    """One :class:`Session` for each user, all with the same settings but for what `session_args` returns.

    Each session is named ``NAME-USER`` after the group and its user, so adding, removing or reordering users never
    touches the sessions of others.
    """

    _session = Session


def _gathered(outputs: dict[str, pulumi.Output[str]]) -> pulumi.Output[dict[str, str]]:
    mapped: pulumi.Output[dict[str, str]] = pulumi.Output.from_input(outputs)  # type: ignore[arg-type] # it unwraps them
    return mapped


def _split_options(name: str, opts: pulumi.ResourceOptions) -> tuple[pulumi.ResourceOptions, pulumi.ResourceOptions]:
    """Return the options of the component and those of each session."""
    if opts.import_:
        raise pulumi.RunError(f"session group {name}: import_ is not supported")
    # A group of another language moves over to a Python program.
    own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=GROUP_TYPE)]))
    # The engine makes children wait for what their component waits for, but does not record that in their state.
    each = pulumi.ResourceOptions(depends_on=opts.depends_on)
    for option in _SESSION_OPTIONS:
        setattr(each, option, getattr(own, option))
        setattr(own, option, None)
    return own, each


def _user_ids_by_key(
    name: str, user_ids: Collection[str] | Mapping[str, pulumi.Input[str]]
) -> dict[str, pulumi.Input[str]]:
    """Return the user ids by the names of their sessions; errors give positions, never a user id."""
    at = f"session group {name}: user_ids"
    if is_deferred(user_ids):
        raise pulumi.RunError(f"{at} {_DEFERRED}")
    if isinstance(user_ids, (str, bytes)) or not isinstance(user_ids, Collection):
        raise pulumi.RunError(f"{at} must be a list of user ids, or a mapping of names to user ids")
    if not isinstance(user_ids, Mapping):
        _require_names(user_ids, lambda index: f"{at}[{index}]")
        return {key: key for key in user_ids}
    _require_names(user_ids, lambda index: f"{at}: key {index + 1}")
    return dict(user_ids)


def _require_names(keys: Collection[str], place: Callable[[int], str]) -> None:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        problem = _problem_with(key) or ("is a duplicate" if key in seen else "")
        if problem:
            raise pulumi.RunError(f"{place(index)} {problem}")
        seen.add(key)


def _problem_with(key: object) -> str:
    """Return why a key cannot name a session; empty if it can."""
    if is_deferred(key):
        return _DEFERRED
    if not isinstance(key, str) or not key.strip():
        return "must be a non-empty string"
    return "" if key.isprintable() and "::" not in key else _UNUSABLE
