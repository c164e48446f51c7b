"""Checks the vendor's hosts and the clock: which hosts respond, and what time it is there.

The description of the API and the documentation site name different hosts and paths. Each gets a request without a
token, for an example organization; only the configured one gets the token later.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import requests
from urllib3.exceptions import HTTPError

from quant_sessions_provider.client.connection import HttpSession
from quant_sessions_provider.client.deadline import Deadline, running
from quant_sessions_provider.client.error_message import is_page
from quant_sessions_provider.client.obstacles import explain
from quant_sessions_provider.core.text import counted
from quant_sessions_provider.doctor.check import Check

if TYPE_CHECKING:
    from quant_sessions_provider.core.settings import Settings

_LONGEST_WAIT: Final = 10.0
_ENOUGH: Final = 1024
"""Bytes that show whether a body is a web page."""
_REFUSED: Final = (401, 403)
_SYNCHRONIZED: Final = timedelta(minutes=1)
_TOLERATED: Final = timedelta(minutes=15)
_ONLINE: Final = "check that this machine is online, and which proxy and certificates it needs (HTTPS_PROXY)"


@dataclass(frozen=True)
class Address:
    """A place where the API may be, and who names it."""

    base: str
    path: str
    named_by: str


DESCRIBED: Final = Address(
    "https://dashboard.quantcdn.io", "/api/v3/organizations/example/ai/sessions", "the API's description"
)
DOCUMENTED: Final = Address(
    "https://api.quantcdn.io", "/api/v3/organisations/example/ai/sessions", "the documentation site"
)


@dataclass(frozen=True)
class Reachability:
    """The outcome of a request without a token: a response or an obstacle.

    ``page`` tells whether the response was a web page, ``skew`` how far the server's clock is ahead.
    """

    address: Address
    status: int | None = None
    obstacle: str = ""
    page: bool = False
    skew: timedelta | None = None


def reach_all(settings: Settings | None) -> list[Reachability]:
    """Send a request to all addresses at once, the configured one first if there is one."""
    addresses = [DESCRIBED, DOCUMENTED]
    if settings:
        known = [address for address in addresses if address.base == settings.base_url]
        configured = known[0] if known else Address(settings.base_url, DESCRIBED.path, "the configuration")
        addresses = [configured, *(address for address in addresses if address is not configured)]
    seconds = min(settings.timeout_seconds, _LONGEST_WAIT) if settings else _LONGEST_WAIT
    with ThreadPoolExecutor(len(addresses)) as pool:
        return list(pool.map(lambda address: reach(address, seconds), addresses))


def reach(address: Address, seconds: float) -> Reachability:
    """Send a request without a token, within so many seconds."""
    # As the provider does: over plain http, to this machine, nothing goes through a proxy.
    secure = address.base.lower().startswith("https:")
    with running(Deadline(seconds, time.monotonic)), HttpSession(None, trust_env=secure) as session:
        sent = datetime.now(timezone.utc)
        try:
            url = f"{address.base}{address.path}?limit=1"
            with session.get(url, timeout=seconds, allow_redirects=False, stream=True) as response:
                skew = _skew(response.headers.get("Date"), sent, datetime.now(timezone.utc))
                return Reachability(address, response.status_code, page=_is_page(response), skew=skew)
        except (requests.RequestException, HTTPError, ValueError) as error:
            return Reachability(address, obstacle=explain(error))
        except OSError:  # requests checks the file before anything else
            return Reachability(address, obstacle="cannot read the CA bundle")


def _is_page(response: requests.Response) -> bool:
    try:
        start: bytes = response.raw.read1(_ENOUGH, decode_content=True)
    except (HTTPError, OSError):
        return False
    return is_page(start.decode(json.detect_encoding(start), "replace"))


def _skew(date: str | None, sent: datetime, received: datetime) -> timedelta | None:
    """Return how far the server's clock is ahead: its Date, in whole seconds, against the middle of the request."""
    try:
        there = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):
        return None
    if there.tzinfo is None:
        there = there.replace(tzinfo=timezone.utc)
    return there + timedelta(seconds=0.5) - (sent + (received - sent) / 2)


def address_check(result: Reachability, *, configured: bool) -> Check:
    """Return the check of one address."""
    return _configured_check(result) if configured else _other_check(result)


def _other_check(result: Reachability) -> Check:
    host, named = f"{result.address.base}, not configured", f"named by {result.address.named_by}"
    if result.status is None:
        seen = f"{host}: cannot be reached ({result.obstacle})"
        return Check("address", "skipped", seen, f"{named}; not needed, since baseUrl is different")
    return Check("address", "skipped" if result.page else "ok", f"{host}: {_response(result)}; {named}")


def _configured_check(result: Reachability) -> Check:
    host = f"{result.address.base}, configured"
    if result.status is None:
        return Check("address", "problem", f"{host}: cannot be reached ({result.obstacle})", _ONLINE)
    seen = f"{host}: {_response(result)}"
    if result.page:
        advice = "check baseUrl, and which proxy, login or firewall is in front of it"
        return Check("address", "warning", f"{seen}, where the API would return JSON", advice)
    if result.status in _REFUSED:
        return Check("address", "ok", seen)
    return Check("address", "warning", f"{seen}, where the API would return 401", "check baseUrl")


def _response(result: Reachability) -> str:
    return f"returns {'a web page with ' if result.page else ''}{result.status} without a token"


def clock_check(results: list[Reachability]) -> Check:
    """Return the check of this machine's clock against the first response with a date."""
    result = next((result for result in results if result.skew is not None), None)
    if result is None or result.skew is None:
        return Check("clock", "skipped", "no response had a date")
    seen = f"{_length(result.skew)} {result.address.base}"
    if abs(result.skew) <= _SYNCHRONIZED:
        return Check("clock", "ok", f"within a minute of {result.address.base}")
    if abs(result.skew) <= _TOLERATED:
        return Check("clock", "warning", seen, "up to 15 minutes are tolerated; set this machine's clock (NTP)")
    return Check(
        "clock", "problem", seen, "more than 15 minutes: set this machine's clock (NTP), or expiry is misjudged"
    )


def _length(skew: timedelta) -> str:
    minutes = round(abs(skew) / timedelta(minutes=1))
    return f"{counted(minutes, 'minute')} {'behind' if skew > timedelta() else 'ahead of'}"
