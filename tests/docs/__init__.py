"""The shell blocks of README and of the docs, run as a stranger would: ``make docs-test``."""
