"""Where the engine finds the plugin of this environment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import quant_sessions_provider
from quant_sessions_provider.plugin.schema import semver

BIN: Final = Path(sys.prefix, "bin")
"""Where pip puts the plugin."""
PLUGIN: Final[dict[str, Any]] = {"plugins": {"providers": [{"name": "quant-sessions", "path": str(BIN)}]}}
"""How ``Pulumi.yaml`` says where it is."""

PLUGIN_FILE: Final = "pulumi-resource-quant-sessions"


def install(pulumi_home: Path) -> None:
    """Put the plugin where `pulumi plugin install` would: inline programs have no project file that names a folder."""
    folder = pulumi_home / "plugins" / f"resource-quant-sessions-v{semver(quant_sessions_provider.__version__)}"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / PLUGIN_FILE
    if not link.is_symlink():
        link.symlink_to(BIN / PLUGIN_FILE)
