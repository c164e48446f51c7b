"""Sessions on the provider plugin, for Python programs: the same constructors, on another host.

A program that imports ``Session`` and ``SessionGroup`` from here, not from ``quant_sessions_provider``, has moved to
the plugin: its sessions are taken up without a request. ``docs/plugin.md`` says what the plugin needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from quant_sessions_provider.core.model import PROPERTIES, Key, by_state_key
from quant_sessions_provider.core.urns import PLUGIN_TYPE, SESSION_TYPE
from quant_sessions_provider.sdk.declared import DeclaredSession
from quant_sessions_provider.sdk.existing import SessionOutputs
from quant_sessions_provider.sdk.group import GroupOfSessions
from quant_sessions_provider.sdk.options import refuse_unknown_paths
from quant_sessions_provider.sdk.values import inputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ExistingSession", "Provider", "Session", "SessionGroup"]


class Provider(pulumi.ProviderResource):
    """An account of its own, for the sessions and groups whose option ``provider`` it is."""

    def __init__(  # noqa: PLR0913 - there are that many settings
        self,
        name: str,
        *,
        bearer: pulumi.Input[str] | None = None,
        organization: pulumi.Input[str] | None = None,
        base_url: pulumi.Input[str] | None = None,
        timeout_seconds: pulumi.Input[float] | None = None,
        max_retries: pulumi.Input[int] | None = None,
        base_delay_ms: pulumi.Input[float] | None = None,
        max_delay_ms: pulumi.Input[float] | None = None,
        enable_jitter: pulumi.Input[bool] | None = None,
        requests_per_second: pulumi.Input[float] | None = None,
        transcript_dir: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare where and how requests are sent. What is not given is read from its variable, else the default.

        Args:
            name: The resource's name in the stack.
            bearer: The API token; secret in state, whether or not it is given as a secret.
            organization: The owner of the sessions.
            base_url: Scheme and host of the API: https, or http to a loopback address.
            timeout_seconds: Deadline of one API call with its retries.
            max_retries: How often a request is retried.
            base_delay_ms: Delay before the first retry; it doubles each time.
            max_delay_ms: Maximum delay between retries.
            enable_jitter: Randomize the delays.
            requests_per_second: Rate limit of this account, retries included; by default none.
            transcript_dir: Folder where messages are saved before a session is deleted.
            opts: Pulumi's resource options.

        """
        settings = {
            "bearer": None if bearer is None else pulumi.Output.secret(bearer),
            "organization": organization,
            "base_url": base_url,
            "timeout_seconds": timeout_seconds,
            "max_retries": max_retries,
            "base_delay_ms": base_delay_ms,
            "max_delay_ms": max_delay_ms,
            "enable_jitter": enable_jitter,
            "requests_per_second": requests_per_second,
            "transcript_dir": transcript_dir,
        }
        super().__init__("quant-sessions", name, by_state_key(settings), opts)


class ExistingSession(SessionOutputs, pulumi.CustomResource):
    """A session that :meth:`Session.get` reads: an output is None where the API does not return it.

    A declared :class:`Session` is one too.
    """


class Session(DeclaredSession, ExistingSession):
    """A QuantCDN AI session: a conversation that lives from 5 minutes to 24 hours.

    The ``id`` is the session's own. Every input is an output too, as it was applied. The rules of expiry are in
    ``docs/expiry.md``.
    """

    _former_type = ""
    """The type that a subclass had in the state of older versions of the dynamic provider."""

    def __init_subclass__(cls, module: str = "", name: str = "Resource", **kwargs: object) -> None:
        """Take what subclasses on the dynamic provider take, so that they move over too."""
        super().__init_subclass__(**kwargs)
        cls._former_type = f"pulumi-python:dynamic{f'/{module}' if module else ''}:{name}"

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
        read = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        # Without any state the plugin would take it for an import.
        session._register(name, {"organization": organization, Key.EXPIRED: False}, read)  # noqa: SLF001 - it is one of ours
        return session

    def _register(self, name: str, arguments: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        if opts:
            refuse_unknown_paths(name, opts)
        inputs = dict.fromkeys(PROPERTIES) | inputs_of(name, arguments)
        # A stack of the dynamic provider moves over by the program's import line.
        former = [SESSION_TYPE, *filter(None, [self._former_type])]
        ours = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=type_) for type_ in former])
        merged = pulumi.ResourceOptions.merge(opts, ours) if opts else ours
        pulumi.CustomResource.__init__(self, PLUGIN_TYPE, name, inputs, merged)


class SessionGroup(GroupOfSessions[Session]):
    """One :class:`Session` for each user, all with the same settings but for what `session_args` returns.

    Each session is named ``NAME-USER`` after the group and its user, so adding, removing or reordering users never
    touches the sessions of others.
    """

    _session = Session
