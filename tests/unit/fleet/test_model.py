"""What a shard's run is given and gives back travels to other machines, and shows nothing that was entrusted to it."""

from __future__ import annotations

import pickle
from dataclasses import replace

import quant_sessions_provider
from quant_sessions_provider.fleet.definition import Definition
from quant_sessions_provider.fleet.model import Job, Options, Result, ShardError
from quant_sessions_provider.fleet.shard_run import run_shard

FLEET = Definition("support", "/program", "desk", 16, config={"topic": "parcels"})
JOB = Job(FLEET, 7, "up", Options(dead_hosts=frozenset({"vm"})), 2.5, {"QUANTCDN_API_TOKEN": "xyzzy"})


def test_jobs_and_results_can_be_sent_to_another_machine() -> None:
    result = Result(7, JOB.stack, "done", 3, {"create": 3}, document="{}")
    assert pickle.loads(pickle.dumps((run_shard, JOB, result))) == (run_shard, JOB, result)  # noqa: S301 - our own
    assert str(pickle.loads(pickle.dumps(ShardError("locked")))) == "locked"  # noqa: S301 - our own
    assert len(pickle.dumps((run_shard, JOB))) < 1000


def test_a_worker_with_another_version_refuses() -> None:
    found = run_shard(replace(JOB, version="0.0.1"))
    assert (found.outcome, found.error) == (
        "failed",
        f"its worker has version {quant_sessions_provider.__version__} of this package, not 0.0.1",
    )


def test_what_is_sent_along_is_in_no_repr() -> None:
    assert "xyzzy" not in repr(JOB)
    assert "parcels" not in repr(JOB)
    assert JOB.stack == "support-0007"
