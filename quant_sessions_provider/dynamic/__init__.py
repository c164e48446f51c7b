"""Host 1: what is particular to ``pulumi.dynamic``."""
