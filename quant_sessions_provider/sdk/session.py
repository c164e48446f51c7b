"""The resource that people declare, on the dynamic provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource
from pulumi.runtime import get_config, is_config_secret
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from quant_sessions_provider.core.model import PROPERTIES
from quant_sessions_provider.core.settings import NAMESPACES
from quant_sessions_provider.core.urns import PLUGIN_TYPE
from quant_sessions_provider.dynamic.properties import REPLACE_ON_CHANGES
from quant_sessions_provider.provider import SessionProvider
from quant_sessions_provider.sdk.declared import DeclaredSession
from quant_sessions_provider.sdk.existing import ExistingSession
from quant_sessions_provider.sdk.options import refuse_unknown_paths
from quant_sessions_provider.sdk.values import inputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Session(DeclaredSession, ExistingSession, module="quant", name="Session"):
    """A QuantCDN AI session: a conversation that lives from 5 minutes to 24 hours.

    The ``id`` is the session's own. Every input is an output too, as it was applied. The rules of expiry are in
    ``docs/expiry.md``.
    """

    _former_type = ""
    """The type that a subclass would have without :meth:`__init_subclass__`, and has in the state of older versions."""

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
        read = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        session._register(name, {"organization": organization}, read)  # noqa: SLF001 - it is one of ours
        return session

    def _register(self, name: str, arguments: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        _require_secret_token()
        inputs = inputs_of(name, arguments)
        if opts:
            if opts.import_:
                raise pulumi.RunError(
                    f"session {name}: import_ is not supported; Session.get reads an existing session"
                )
            refuse_unknown_paths(name, opts)
            if opts.replace_on_changes:
                inputs |= {REPLACE_ON_CHANGES: opts.replace_on_changes}
        former = [f"pulumi-python:{self._former_type}"] if self._former_type else []
        ours = pulumi.ResourceOptions(
            # The API may make the title from messages.
            additional_secret_outputs=["title"],
            # A stack of the plugin moves over by the program's import line.
            aliases=[pulumi.Alias(type_=type_) for type_ in (PLUGIN_TYPE, *former)],
        )
        names: dict[str, Any] = dict.fromkeys(PROPERTIES)
        Resource.__init__(self, SessionProvider(), name, names | inputs, pulumi.ResourceOptions.merge(opts, ours))


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
