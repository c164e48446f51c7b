"""A Dask cluster in a process of its own: it prints where it is, and lives until its standard input ends.

Its first arguments are the numbers of workers and of the threads of each. With a third one it serves its dashboard at
that address. The first line is JSON: the address of the scheduler, and the processes of the workers.
"""

from __future__ import annotations

import json
import sys

from distributed import LocalCluster


def _main(workers: int, threads: int, dashboard: str | None) -> None:
    cluster = LocalCluster(
        n_workers=workers, threads_per_worker=threads, processes=True, dashboard_address=dashboard, host="127.0.0.1"
    )
    pids = [nanny.process.pid for nanny in cluster.workers.values()]
    print(json.dumps({"scheduler": cluster.scheduler_address, "workers": pids}), flush=True)  # noqa: T201 - read by who starts it
    sys.stdin.read()
    cluster.close()


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), next(iter(sys.argv[3:]), None))
