"""The page at ``/``: one HTML, one CSS and one JavaScript file, with headers that keep everything else out.

The files hold no data and need no token. The script reads and controls through ``/_emulator/``.
"""

from importlib.resources import files
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

_FILES: Final = files(__package__) / "web"
_TYPES: Final = MappingProxyType({"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"})
# Trusted types make the browser refuse any text as markup, even from our own script.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
)

router = APIRouter(include_in_schema=False)


def _respond(name: str, media_type: str) -> Response:
    return Response((_FILES / name).read_bytes(), media_type=media_type, headers=dict(_HEADERS))


@router.get("/")
async def page() -> Response:
    """Return the page."""
    return _respond("page.html", "text/html")


@router.get("/page/{name}")
async def page_file(name: str) -> Response:
    """Return a file of the page."""
    return _respond(name, _TYPES[name]) if name in _TYPES else Response(status_code=404)
