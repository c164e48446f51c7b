"""When sessions live under a schedule of runs."""
