"""Acceptance tests against QuantCDN itself: ``make test-live``."""
