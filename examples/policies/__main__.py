"""The policies for AI sessions, as advice. `docs/policies.md` describes their settings."""

# First, since it says in one line if the extra `policy` is not installed.
from quant_sessions_provider.policy import policies  # isort: skip

from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack("quant-sessions", policies(), enforcement_level=EnforcementLevel.ADVISORY)
