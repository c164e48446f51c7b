"""Sessions on the provider plugin, for Python programs: the same constructors, on another host.

A program that imports ``Session`` and ``SessionGroup`` from here, not from ``quant_sessions_provider``, has moved to
the plugin: its sessions are taken up without a request. ``docs/plugin.md`` says what the plugin needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from quant_sessions_provider.core.model import PROPERTIES, Key
from quant_sessions_provider.core.urns import PLUGIN_TYPE, SESSION_TYPE
from quant_sessions_provider.sdk.declared import DeclaredSession
from quant_sessions_provider.sdk.existing import SessionOutputs
from quant_sessions_provider.sdk.group import GroupOfSessions
from quant_sessions_provider.sdk.options import refuse_unknown_paths
from quant_sessions_provider.sdk.values import inputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ExistingSession", "Session", "SessionGroup"]


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
