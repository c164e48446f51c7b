"""The emulator in a background thread, for tests: ``with Emulator() as emulator: ...``."""

from typing import Any
from urllib.parse import quote

import requests

from quant_sessions_provider.emulator import BackgroundEmulator


class Emulator(BackgroundEmulator):
    """The emulator that the package ships for tests, with the API's own requests."""

    def api(self, method: str, organisation: str, path: str = "", **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        """Send an API request; ``path`` follows ``…/ai/sessions``."""
        address = f"{self.url}/api/v3/organizations/{quote(organisation, safe='')}/ai/sessions{path}"
        return self.http.request(method, address, timeout=10, **options)

    def group(self, organisation: str, group: str) -> list[dict[str, Any]]:
        """Return the stored sessions of one group."""
        return [session for session in self.sessions(organisation) if session["sessionGroup"] == group]
