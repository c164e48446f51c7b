"""When sessions are alive under a schedule of runs."""
