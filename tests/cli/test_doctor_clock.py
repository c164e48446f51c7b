"""doctor compares this machine's clock with the date of a response."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.doctor import network
from tests.cli.checks import checks, sees
from tests.client.conftest import Script
from tests.support.fakes import NOW

if TYPE_CHECKING:
    from datetime import tzinfo

    from tests.cli.conftest import Command, Vendor


class Noon(datetime):
    """This machine's clock, stopped."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Noon:
        return cls.fromtimestamp(NOW.timestamp(), tz)


@pytest.mark.usefixtures("vendor")
@pytest.mark.parametrize(
    ("minutes", "verdict", "seen"),
    [
        (0, "ok", "within a minute"),
        (10, "warning", "10 minutes behind http://"),
        (-10, "warning", "10 minutes ahead of http://"),
        (16, "problem", "16 minutes behind http://"),
        (-16, "problem", "16 minutes ahead of http://"),
    ],
)
def test_a_wrong_clock_is_reported(
    run: Command, monkeypatch: pytest.MonkeyPatch, minutes: int, verdict: str, seen: str
) -> None:
    monkeypatch.setattr(network, "datetime", Noon)
    date = format_datetime(NOW + timedelta(minutes=minutes), usegmt=True).encode()
    with Script(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nDate: " + date + b"\r\n\r\n") as host:
        found = checks(run("doctor", "--json", "--base-url", f"http://{host.address}"))
    assert sees(found["clock"], verdict, seen, "clock" if minutes else "")


@pytest.mark.usefixtures("vendor")
@pytest.mark.parametrize(
    "date",
    [b"", b"Date: yesterday\r\n", b"Date: Thu, 01 Jan 1970 00:00:00 +99999999999999999999\r\n"],
    ids=["none", "odd", "out-of-range"],
)
def test_a_response_without_a_valid_date_leaves_the_clock_to_another_host(
    run: Command, vendor: Vendor, date: bytes
) -> None:
    with Script(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n" + date + b"\r\n") as host:
        found = checks(run("doctor", "--json", "--base-url", f"http://{host.address}"))
    assert sees(found["clock"], "ok", f"within a minute of {vendor.described.url}")
