"""QuantCDN AI sessions as Pulumi resources."""

from quant_sessions_provider.session import Session

__all__ = ["Session"]
