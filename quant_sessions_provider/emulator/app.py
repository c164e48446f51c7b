"""The application: the API, the control routes, the page, the documentation, and the middleware around them."""

from collections.abc import Callable

from fastapi_offline import FastAPIOffline

from quant_sessions_provider.emulator import api, control, errors, events, page
from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.faults import Faults, FaultSetup
from quant_sessions_provider.emulator.middleware import EmulatorMiddleware
from quant_sessions_provider.emulator.request_log import LogEntry, RequestLog
from quant_sessions_provider.emulator.sessions import rfc3339
from quant_sessions_provider.emulator.store import Store
from quant_sessions_provider.emulator.switches import Switches

TITLE = "QuantCDN AI sessions emulator"


def create_app(
    store: Store, faults: FaultSetup | None = None, on_request: Callable[[LogEntry], None] | None = None
) -> EmulatorMiddleware:
    """Return the ASGI application; the caller closes the store. ``on_request`` is called with each API request."""
    switches = Switches(Faults(faults or FaultSetup()), Behaviours())
    log = RequestLog(on_request)
    app = FastAPIOffline(
        title=TITLE,
        description="A local emulator of the QuantCDN AI sessions API. Any bearer token is accepted.",
        redoc_url=None,  # its page loads a logo from another host
        swagger_ui_parameters={"validatorUrl": None},
        redirect_slashes=False,
    )
    app.state.store = store
    app.state.log = log
    app.state.switches = switches
    routers = (api.router, control.router, events.router, page.router)
    errors.register_handlers(app, [route for router in routers for route in router.routes])
    for router in routers:
        app.include_router(router)

    return EmulatorMiddleware(app, log, lambda: rfc3339(store.now()), switches)
