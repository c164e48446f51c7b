"""What is needed beside this package."""

from typing import Final

OLDEST_CLI: Final = "3.259.0"
"""The oldest Pulumi CLI whose hooks run in previews as measured."""
