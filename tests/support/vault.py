"""The part of HashiCorp Vault that Pulumi asks for a stack's key, for stacks of tests.

A key from a passphrase takes a million rounds of SHA-256, a fifth of a short run's work.
"""

from __future__ import annotations

import json
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

KEY: Final = "hashivault://tests"
"""The secrets provider of a stack."""
_PREFIX: Final = "vault:v1:"


class _Vault(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = (
            {"ciphertext": f"{_PREFIX}{asked['plaintext']}"}
            if "/encrypt/" in self.path
            else {"plaintext": asked["ciphertext"].removeprefix(_PREFIX)}
        )
        body = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@cache
def vault() -> dict[str, str]:
    """Start it once in this process; return the variables that name it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Vault)
    Thread(target=server.serve_forever, daemon=True).start()
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}", "VAULT_SERVER_TOKEN": "any"}
