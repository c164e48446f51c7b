"""Fleets with the real parts: Dask, Postgres and an object store (``make fleet-test``)."""
