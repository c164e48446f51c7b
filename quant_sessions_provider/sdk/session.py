"""The resource that people declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar, overload

import pulumi
from pulumi.dynamic import Resource
from pulumi.runtime import get_config, is_config_secret
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from quant_sessions_provider.core.model import EXACT, PROPERTIES, by_state_key, camel
from quant_sessions_provider.core.settings import NAMESPACES
from quant_sessions_provider.dynamic.properties import REPLACE_ON_CHANGES, is_deferred
from quant_sessions_provider.provider import SessionProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

Role = Literal["system", "user", "assistant"]
Status = Literal["active", "completed"]
OnExpired = Literal["recreate", "ignore", "error"]


class Message(TypedDict):
    """One message of a conversation."""

    role: pulumi.Input[Role]
    content: pulumi.Input[str]


_T = TypeVar("_T")


class _Output(Generic[_T]):
    """An output by its Python name; Pulumi stores it in the instance by its state key."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = camel(name)
        self.__doc__ = PROPERTIES[self._key].output

    @overload
    def __get__(self, session: None, owner: type) -> _Output[_T]: ...

    @overload
    def __get__(self, session: Session, owner: type) -> pulumi.Output[_T]: ...

    def __get__(self, session: Session | None, owner: type) -> _Output[_T] | pulumi.Output[_T]:
        if session is None:
            return self
        output: pulumi.Output[_T] = session.__dict__[self._key]
        return output


class Session(Resource, module="quant", name="Session"):
    """A QuantCDN AI session: a conversation that lives from 5 minutes to 24 hours.

    The ``id`` is the session's own. Every input is an output too, as it was applied. The rules of expiry are in
    ``docs/expiry.md``.
    """

    _former_type = ""
    """The type that a subclass would have without :meth:`__init_subclass__`, and has in the state of older versions."""

    user_id = _Output[str]()
    """Whose session it is."""
    session_group = _Output[str | None]()
    """The group that it belongs to; None if none is declared."""
    organization = _Output[str]()
    """The QuantCDN organization that it belongs to."""
    expiration_minutes = _Output[int | None]()
    """The declared lifetime in minutes; None where `expires_at` is declared."""
    expires_at = _Output[str]()
    """The requested expiry (RFC 3339); `granted_expires_at` is the actual one."""
    renew_before_minutes = _Output[int | None]()
    """With this many minutes left, or fewer, a run renews it."""
    on_expired = _Output[str]()
    """What a run does once it has expired: `recreate`, `ignore` or `error`."""
    messages = _Output[list[dict[str, str]] | None]()
    """The declared messages; not the live conversation."""
    metadata = _Output[dict[str, Any] | None]()
    """The declared metadata."""
    status = _Output[str]()
    """`active` or `completed`."""
    granted_expires_at = _Output[str]()
    """The expiry that the API last granted (RFC 3339)."""
    created_at = _Output[str]()
    """When the API created it (RFC 3339)."""
    base_url = _Output[str]()
    """The base URL of the API that holds it."""
    expired = _Output[bool]()
    """Whether a refresh found it gone after its expiry."""
    title = _Output[str | None]()
    """The API's title for it, once a refresh has read one; always secret."""
    model = _Output[str | None]()
    """The model that it runs on, once a refresh has read it."""
    total_messages = _Output[int | None]()
    """The number of messages in the conversation when last counted."""
    total_tokens = _Output[int | None]()
    """The number of tokens used when last counted."""
    updated_at = _Output[str | None]()
    """When the API last applied an update of this resource (RFC 3339)."""

    def __init__(  # noqa: PLR0913 - the resource has that many properties
        self,
        name: str,
        *,
        user_id: pulumi.Input[str],
        session_group: pulumi.Input[str] | None = None,
        expiration_minutes: pulumi.Input[int] | None = None,
        expires_at: pulumi.Input[str] | None = None,
        renew_before_minutes: pulumi.Input[int] | None = None,
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
            expiration_minutes: Lifetime from creation, in whole minutes from 5 to 1440 (default 60). Raising it extends
                the session by the difference; lowering it sends nothing, since the API cannot shorten a session.
            expires_at: The expiry, instead of a lifetime: an RFC 3339 timestamp with an offset, at least 5 minutes from
                now on creation and never more than 1440. Excludes `expiration_minutes` and `renew_before_minutes`.
            renew_before_minutes: With this many minutes left, or fewer, a run extends the session to a whole lifetime:
                whole minutes from 1 to the lifetime less 1. Nothing renews it between runs.
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
            pulumi.RunError: Two arguments exclude each other, Pulumi would drop, round or ignore something that is
                declared, or the configured API token is not a secret.

        """
        if expires_at is not None and (expiration_minutes is not None or renew_before_minutes is not None):
            other = "renew_before_minutes" if expiration_minutes is None else "expiration_minutes"
            raise pulumi.RunError(f"session {name}: expires_at and {other} are mutually exclusive")
        inputs = by_state_key(
            {
                "user_id": user_id,
                "session_group": session_group,
                "expiration_minutes": expiration_minutes,
                "expires_at": expires_at,
                "renew_before_minutes": renew_before_minutes,
                "on_expired": on_expired,
                "messages": _as_written(messages, f"session {name}: messages"),
                "metadata": _as_written(metadata, f"session {name}: metadata"),
                "status": status,
                "organization": organization,
            }
        )
        _register(self, name, inputs, opts)

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
    ) -> Session:
        """Return an existing session, read by GET; nothing is ever written to it.

        Args:
            name: The resource's name in the stack.
            id: The session's id.
            organization: The QuantCDN organization that it belongs to; by default the configured one.
            opts: Pulumi's resource options.

        The API returns title, model, creation time and the number of messages; all other outputs are None.

        """
        session = cls.__new__(cls)
        inputs = by_state_key({"organization": organization})
        _register(session, name, inputs, pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id)))
        return session


def _register(
    session: Session,
    name: str,
    inputs: dict[str, Any],
    opts: pulumi.ResourceOptions | None,
) -> None:
    _require_secret_token()
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
            root = path.replace("[", ".").split(".")[0] if isinstance(path, str) else ""
            if "_" in root and camel(root) in PROPERTIES:
                raise pulumi.RunError(f"session {name}: {option} takes state keys: use {camel(root)} instead of {root}")


def _as_written(value: Any, at: str) -> Any:  # noqa: ANN401 - anything that people declare
    """Refuse what would be sent as something else: the engine drops None in objects and rounds large numbers."""
    if is_deferred(value):
        return pulumi.Output.from_input(value).apply(lambda known: _as_written(known, at))
    if isinstance(value, Mapping):
        if any(inner is None for inner in value.values()):
            raise pulumi.RunError(f"{at}: contains None, which Pulumi drops; omit the key")
        return {key: _as_written(inner, at) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_written(inner, at) for inner in value]
    if isinstance(value, int) and abs(value) > EXACT:
        raise pulumi.RunError(f"{at}: contains a whole number beyond 2^53, which Pulumi rounds; use a string")
    return value
