"""Measure fleets beside one stack and QuantCDN's own client: ``make bench-fleet``."""
