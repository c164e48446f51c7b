"""Writes the parts of ``docs/`` that show the output of real runs."""
