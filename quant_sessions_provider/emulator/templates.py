"""Responses that gateways and APIs are known to return, by name."""

from collections.abc import Callable, Mapping
from http.client import responses
from typing import Literal

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

Template = Literal["nginx", "defaultBackend", "routeNotFound", "unsuccessful", "empty"]

_NGINX_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_BUILDERS: dict[Template, Callable[[int], Response]] = {
    "nginx": lambda status: HTMLResponse(_NGINX_PAGE.format(f"{status} {responses.get(status, '')}".strip())),
    "defaultBackend": lambda status: PlainTextResponse(f"default backend - {status}"),
    "routeNotFound": lambda _: JSONResponse({"error": "route could not be found"}),
    "unsuccessful": lambda _: JSONResponse({"success": False, "message": "A fault of the emulator"}),
    "empty": lambda _: JSONResponse({}),
}


def render_template(template: Template, status: int, headers: Mapping[str, str]) -> Response:
    """Return the response of a template with a status and further headers."""
    response = _BUILDERS[template](status)
    response.status_code = status
    response.headers.update(headers)
    return response
