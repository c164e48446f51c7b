"""The policies on AI sessions, as advice. The settings of each are in `docs/policies.md`."""

from pulumi_policy import EnforcementLevel, PolicyPack

from quant_sessions_provider.policy import policies

PolicyPack("quant-sessions", policies(), enforcement_level=EnforcementLevel.ADVISORY)
