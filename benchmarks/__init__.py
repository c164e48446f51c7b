"""Measure the provider beside a provider that does nothing and QuantCDN's own client: ``make bench``."""
