"""The policies for AI sessions, as advice. `docs/policies.md` describes their settings."""

from pulumi_policy import EnforcementLevel, PolicyPack

from quant_sessions_provider.policy import policies

PolicyPack("quant-sessions", policies(), enforcement_level=EnforcementLevel.ADVISORY)
