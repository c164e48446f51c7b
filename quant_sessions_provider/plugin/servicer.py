"""The calls of Pulumi's provider protocol, and how each of them ends."""

from __future__ import annotations

import logging
from asyncio import CancelledError
from typing import TYPE_CHECKING, Any, Final, TypeVar

from google.protobuf.empty_pb2 import Empty
from pulumi import RunError
from pulumi.runtime.proto import ResourceProviderServicer, plugin_pb2, provider_pb2

import quant_sessions_provider
from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core.errors import ConfigurationError, RefusedError
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.operations.adopt import Address, to_import_id
from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.operations.lookups import Lookups, require_strings
from quant_sessions_provider.plugin import configuration, functions
from quant_sessions_provider.plugin.errors import end
from quant_sessions_provider.plugin.lines import Lines, lines_on
from quant_sessions_provider.plugin.schema import FILE, semver
from quant_sessions_provider.plugin.verbs import Verbs
from quant_sessions_provider.plugin.wire import from_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quant_sessions_provider.client.sessions import Client
    from quant_sessions_provider.core.settings import Settings

_log: Final = logging.getLogger(__name__)
_CANCELLED: Final = RefusedError("cancelled: nothing was sent")
_NOT_CONFIGURED: Final = ConfigurationError("the engine has not configured the provider")

_T = TypeVar("_T")


class Plugin(ResourceProviderServicer):
    """The provider of one provider resource: an engine starts a process for each."""

    def __init__(
        self,
        engine: str = "",
        connect: Callable[[Settings], Client] = client_of,
        operate: Callable[[Client, Settings, Callable[[str, str], None]], Operations] = Operations,
    ) -> None:
        self._lines, self._connect, self._operate = Lines(engine), connect, operate
        self._verbs = Verbs(_NOT_CONFIGURED, self._lines)
        self._lookups: Lookups | ConfigurationError = _NOT_CONFIGURED
        self._cancelled = False
        self.has_failed = False
        """Whether a call has failed."""

    def _run(self, context: Any, request: Any, verb: Callable[[], _T]) -> _T:  # noqa: ANN401 - gRPC's own
        if self._cancelled:
            end(context, request, _CANCELLED)
        try:
            with lines_on(getattr(request, "urn", "")):
                return verb()
        except RunError as error:
            self.has_failed = True
            end(context, request, RefusedError(str(error)))
        except CancelledError:
            end(context, request, _CANCELLED)
        except Exception as error:  # noqa: BLE001 - the engine would print what gRPC makes of it
            self.has_failed = True
            end(context, request, error)

    # --- the package -----------------------------------------------------------------------------------------

    def Handshake(  # noqa: N802 - the protocol's name, as all that follow
        self, request: provider_pb2.ProviderHandshakeRequest, _context: object
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Take the engine's address; the other side of the handshake is that secrets are understood."""
        self._lines.address = request.engine_address or self._lines.address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: plugin_pb2.PluginAttach, _context: object) -> Empty:  # noqa: N802
        """Take the address of another engine."""
        self._lines.address = request.address
        return Empty()

    def GetPluginInfo(self, _request: object, _context: object) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Return the version."""
        return plugin_pb2.PluginInfo(version=semver(quant_sessions_provider.__version__))

    def GetSchema(self, _request: object, _context: object) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        """Return the schema."""
        return provider_pb2.GetSchemaResponse(schema=FILE.read_text(encoding="utf-8"))

    # --- the provider resource -------------------------------------------------------------------------------

    def CheckConfig(self, request: provider_pb2.CheckRequest, _context: object) -> provider_pb2.CheckResponse:  # noqa: N802
        """Return the settings, the token as a secret; say what a preview cannot know."""
        if configuration.hides_plans(request.news):
            with lines_on(request.urn):
                self._lines.warn("", configuration.HIDES_PLANS)
        return provider_pb2.CheckResponse(inputs=configuration.check(request.news))

    def DiffConfig(self, request: provider_pb2.DiffRequest, _context: object) -> provider_pb2.DiffResponse:  # noqa: N802
        """Return whether the settings changed."""
        return configuration.diff(request.olds, request.news)

    def Configure(self, request: provider_pb2.ConfigureRequest, _context: object) -> provider_pb2.ConfigureResponse:  # noqa: N802
        """Read the settings; an error in them is raised by the first call that needs them."""
        try:
            settings = configuration.read(request.urn, request.args)
        except ConfigurationError as error:
            self._verbs, self._lookups = Verbs(error, self._lines), error
        else:
            client = self._connect(settings)
            self._verbs = Verbs(self._operate(client, settings, self._lines.inform), self._lines)
            self._lookups = Lookups(client, settings)
        self._cancelled = False
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, _request: object, _context: object) -> Empty:  # noqa: N802
        """Refuse what comes after, until the next configuration: newer engines cancel at the end of each run."""
        self.cancel()
        return Empty()

    def cancel(self) -> None:
        """Refuse what comes after; what is in flight goes on."""
        self._cancelled = True

    # --- sessions --------------------------------------------------------------------------------------------

    def Check(self, request: provider_pb2.CheckRequest, context: object) -> provider_pb2.CheckResponse:  # noqa: N802
        """See :meth:`Verbs.check`."""
        response = self._run(context, request, lambda: self._verbs.check(request))
        self.has_failed |= bool(response.failures)
        return response

    def Diff(self, request: provider_pb2.DiffRequest, context: object) -> provider_pb2.DiffResponse:  # noqa: N802
        """See :meth:`Verbs.diff`."""
        return self._run(context, request, lambda: self._verbs.diff(request))

    def Create(self, request: provider_pb2.CreateRequest, context: object) -> provider_pb2.CreateResponse:  # noqa: N802
        """See :meth:`Verbs.create`."""
        return self._run(context, request, lambda: self._verbs.create(request))

    def Read(self, request: provider_pb2.ReadRequest, context: object) -> provider_pb2.ReadResponse:  # noqa: N802
        """See :meth:`Verbs.read`."""
        return self._run(context, request, lambda: self._verbs.read(request))

    def Update(self, request: provider_pb2.UpdateRequest, context: object) -> provider_pb2.UpdateResponse:  # noqa: N802
        """See :meth:`Verbs.update`."""
        return self._run(context, request, lambda: self._verbs.update(request))

    def Delete(self, request: provider_pb2.DeleteRequest, context: object) -> Empty:  # noqa: N802
        """See :meth:`Verbs.delete`."""
        return self._run(context, request, lambda: self._verbs.delete(request))

    # --- functions and the component -------------------------------------------------------------------------

    def Invoke(self, request: provider_pb2.InvokeRequest, context: object) -> provider_pb2.InvokeResponse:  # noqa: N802
        """Call a function."""
        return self._run(context, request, lambda: functions.invoke(self._ready(), request))

    def List(self, request: provider_pb2.ListRequest, context: object) -> Iterator[provider_pb2.ListResponse]:  # noqa: N802
        """Return the ids by which a user's active sessions are imported."""
        yield from self._run(context, request, lambda: self._listed(request))

    def _listed(self, request: provider_pb2.ListRequest) -> list[provider_pb2.ListResponse]:
        query, lookups = from_wire(request.query), self._ready()
        owner = {key: query.get(key) for key in (Key.USER_ID, Key.SESSION_GROUP, Key.ORGANIZATION)}
        require_strings("list", {**owner, Key.USER_ID: owner[Key.USER_ID] or ""})
        organization = owner[Key.ORGANIZATION] or lookups.settings.require_organization()
        filters = {"user_id": owner[Key.USER_ID], "session_group": owner[Key.SESSION_GROUP]}
        found = lookups.list("list", filters, request.limit if request.limit > 0 else None, organization)
        about = organization, str(owner[Key.USER_ID]), owner[Key.SESSION_GROUP] or ""
        ids = [to_import_id(Address(*about, one.id)) for one in found]
        return [provider_pb2.ListResponse(result=provider_pb2.ListResponse.Result(id=one)) for one in ids]

    def _ready(self) -> Lookups:
        if isinstance(self._lookups, ConfigurationError):
            raise self._lookups
        return self._lookups

    def Construct(self, request: provider_pb2.ConstructRequest, context: object) -> provider_pb2.ConstructResponse:  # noqa: N802
        """Declare the sessions of a group."""
        # Pulumi's runtime takes half a second to import, and most runs need none of it.
        from quant_sessions_provider.plugin.component import construct  # noqa: PLC0415

        return self._run(context, request, lambda: construct(request, self._lines.address))
