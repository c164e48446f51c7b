"""Import modules of the installed package, and print as JSON what that loads, what is installed, what is required.

It runs in the Python that is checked, with nothing but the package: `python -I imported.py cli emulator`.
"""

import importlib
import json
import pkgutil
import re
import sys
from importlib import metadata


def _import_all(name: str) -> None:
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", []), f"{name}."):
        _import_all(found.name)


def _name(distribution: metadata.Distribution) -> str:
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()


def _tops(distribution: metadata.Distribution) -> set[str]:
    return {file.parts[0].partition(".")[0] for file in distribution.files or ()}


for part in sys.argv[1:]:
    _import_all(f"quant_sessions_provider.{part}")
loaded = {name.partition(".")[0] for name in sys.modules}
installed = list(metadata.distributions())
answer = {
    "requires": metadata.requires("quant-sessions-provider"),
    "installed": [_name(each) for each in installed],
    "loaded": [_name(each) for each in installed if _tops(each) & loaded],
}
json.dump(answer, sys.stdout)
