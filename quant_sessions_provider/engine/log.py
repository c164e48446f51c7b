"""Lines in the engine's log, on the resource that they are about."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import grpc  # type: ignore[import-untyped] # it has no types of its own
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

INFO: Final = engine_pb2.INFO
WARNING: Final = engine_pb2.WARNING
_LOG_SECONDS: Final = 10


def log(address: str, severity: engine_pb2.LogSeverity.ValueType, line: str, urn: str) -> bool:
    """Print a line on a resource; return False if there is no engine at the address."""
    engine = _engine(address)
    if engine is None:
        return False
    try:
        engine.Log(engine_pb2.LogRequest(severity=severity, message=line, urn=urn), timeout=_LOG_SECONDS)
    except (grpc.RpcError, ValueError):  # a closed channel is a ValueError
        return False
    return True


@lru_cache(maxsize=1)
def _engine(address: str) -> engine_pb2_grpc.EngineStub | None:
    """Return the engine, whose connection is kept."""
    if not re.fullmatch(r"\S+:\d+", address):
        return None
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
