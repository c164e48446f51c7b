"""Stacks that `quant-sessions keep` keeps on the real engine: ``make keep-test``, and what its sample shares."""
