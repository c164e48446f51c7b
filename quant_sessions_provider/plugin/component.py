"""The component ``SessionGroup``: the plugin declares its sessions for programs in languages without loops."""

from __future__ import annotations

import asyncio
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import ProviderServicer

from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.model import PROPERTIES, Key
from quant_sessions_provider.core.urns import GROUP_TYPE, PLUGIN_TYPE, PYTHON_GROUP_TYPE, SESSION_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import provider_pb2

_LOCK: Final = Lock()
"""Pulumi's runtime has one monitor and one configuration a process."""
_OF_EACH: Final = (
    "additional_secret_outputs",
    "custom_timeouts",
    "delete_before_replace",
    "ignore_changes",
    "replace_on_changes",
    "replace_with",
    "replacement_trigger",
)
"""Options that have no effect on a component, and that Pulumi does not pass on to its children."""
_OUTPUTS: Final = (Key.EXPIRES_AT, Key.GRANTED_EXPIRES_AT)


def construct(request: provider_pb2.ConstructRequest, engine: str) -> provider_pb2.ConstructResponse:
    """Declare the sessions of a group, one after another group's.

    Raises:
        RefusedError: there is no such component, or the users are not known.

    """
    if request.type != GROUP_TYPE:
        raise RefusedError(f"there is no component {request.type}")
    servicer = _Servicer(_Groups(""), [], engine)
    with _LOCK:
        return asyncio.run(servicer._construct(request, None))  # noqa: SLF001 - what a plugin of components is made of


class _Servicer(ProviderServicer):
    @staticmethod
    def _construct_options(request: provider_pb2.ConstructRequest) -> pulumi.ResourceOptions:
        """Return all options of the component; Pulumi's own leaves out three of them."""
        given = request.customTimeouts
        timeouts = pulumi.CustomTimeouts(given.create, given.update, given.delete)
        left_out = pulumi.ResourceOptions(
            additional_secret_outputs=list(request.additionalSecretOutputs),
            custom_timeouts=timeouts if request.HasField("customTimeouts") else None,
            delete_before_replace=request.deleteBeforeReplace or None,
        )
        return pulumi.ResourceOptions.merge(ProviderServicer._construct_options(request), left_out)  # noqa: SLF001 - as above


class _Groups(Provider):
    def construct(
        self,
        name: str,
        resource_type: str,  # noqa: ARG002 - there is one
        inputs: Mapping[str, Any],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        group = _Group(name, dict(inputs), options or pulumi.ResourceOptions())
        return ConstructResult(group.urn, group.found)


class _Group(pulumi.ComponentResource):
    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        # A group of a Python program moves over.
        each = pulumi.ResourceOptions(
            parent=self, depends_on=opts.depends_on, aliases=[pulumi.Alias(type_=SESSION_TYPE)]
        )
        for option in _OF_EACH:
            setattr(each, option, getattr(opts, option))
            setattr(opts, option, None)
        former = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=PYTHON_GROUP_TYPE)])
        super().__init__(GROUP_TYPE, name, None, pulumi.ResourceOptions.merge(opts, former))
        users = _users(inputs.pop("userIds", None))
        sessions = {key: _Session(f"{name}-{key}", {**inputs, Key.USER_ID: user}, each) for key, user in users.items()}
        self.found: dict[str, Any] = {
            "sessionIds": {key: session.id for key, session in sessions.items()},
            **{output: {key: vars(session)[output] for key, session in sessions.items()} for output in _OUTPUTS},
        }
        self.register_outputs(self.found)


def _users(users: object) -> Mapping[str, object]:
    if not isinstance(users, dict):
        raise RefusedError("userIds must be a mapping of names to user ids, known when the program runs and not secret")
    return users


class _Session(pulumi.CustomResource):
    """A child without a version: with one there would be two default providers."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(PLUGIN_TYPE, name, {**dict.fromkeys(PROPERTIES), **inputs}, opts)
