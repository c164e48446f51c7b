"""A Dask cluster in a process of its own: ``python -m tests.fleet.cluster`` prints where it is, and lives until killed.

The first line is JSON: the address of the scheduler, and the processes of the workers.
"""

from __future__ import annotations

import json
import sys

from distributed import LocalCluster


def _main() -> None:
    cluster = LocalCluster(  # type: ignore[no-untyped-call] # it has no types
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    )
    pids = [nanny.process.pid for nanny in cluster.workers.values()]
    print(json.dumps({"scheduler": cluster.scheduler_address, "workers": pids}), flush=True)  # noqa: T201 - read by who starts it
    sys.stdin.read()
    cluster.close()


if __name__ == "__main__":
    _main()
