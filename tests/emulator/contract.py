"""The published description of the API, and its operations."""

from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

Json = dict[str, Any]
_METHODS = {"get", "put", "post", "delete"}


@cache
def published() -> Json:
    text = Path(__file__).parents[1].joinpath("openapi.yaml").read_text(encoding="utf-8")
    return cast("Json", yaml.safe_load(text))


def operations(document: Json) -> dict[tuple[str, str], Json]:
    return {
        (path, method): operation
        for path, methods in document["paths"].items()
        if path.startswith("/api/")
        for method, operation in methods.items()
        if method in _METHODS
    }
