"""The Ray engine on a head and a second node on loopback, and what is killed while it works.

SIGKILL at random moments: of the driver, of an actor's process, of a node's raylet. One trial, of
the driver, since another test takes the node away; CODECMARK_KILL_TRIALS asks for more: of an
actor, of a raylet, and again.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.corpus import condition
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.run import plan
from codecmark.run.engines.ray_cluster import RayCluster
from codecmark.run.runner import run
from killed_runs import SPECS, VARIES, Rows, clips, command, undisturbed

__all__ = ["clips", "undisturbed"]  # fixtures

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="no Ray here: pip install ray"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray's own sockets and files
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TRIALS = int(os.environ.get("CODECMARK_KILL_TRIALS", "1"))
VICTIMS = ("driver", "actor", "raylet")
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
PATIENCE_S = 300.0


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
            patch.setenv(name, "0")
        # nodes are asked more often than by default, so that a dead one is known sooner; and no
        # process starts but for an actor
        quicker = {
            "health_check_period_ms": 1_000, "health_check_initial_delay_ms": 1_000,
            "prestart_worker_first_driver": False,
        }  # fmt: skip
        options = {**NODE, "include_dashboard": False, "_system_config": quicker}
        made: Any = Cluster(initialize_head=True, head_node_args=options)
        patch.setenv("RAY_ADDRESS", made.address)
        yield made
        made.shutdown()


@pytest.fixture
def second(head: Any) -> Any:
    """The node beside the head: the last test's, or another where that is gone."""
    for node in list(head.worker_nodes):
        if _raylet(node).poll() is None:
            return node
        head.remove_node(node, allow_graceful=False)
    return head.add_node(**NODE)


@pytest.mark.parametrize("seed", range(TRIALS))
def test_a_killed_run_on_ray_goes_on_to_the_same_rows(
    seed: int, clips: Path, undisturbed: Rows, tmp_path: Path, head: Any, second: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    random_moment = random.Random(seed)  # noqa: S311 - a moment, not a secret
    out = tmp_path / "results"
    driver = _start(clips, out)
    rows = random_moment.randrange(len(undisturbed) - 4)  # none: while the actors begin
    actors = _wait(driver, out, rows, [_raylet(head.head_node), _raylet(second)])
    time.sleep(random_moment.uniform(0, 0.5))
    victim = VICTIMS[seed % len(VICTIMS)]
    if victim == "driver":
        driver.kill()
        assert driver.wait(PATIENCE_S) == -signal.SIGKILL
        driver = _start(clips, out)  # while the first one's actors may still hold their places
    elif victim == "actor":
        os.kill(random_moment.choice(actors), signal.SIGKILL)
    else:
        _raylet(second).kill()
        _raylet(second).wait()  # a zombie would keep its actors alive
    assert driver.wait(PATIENCE_S) == 0
    made = [row for run in store.run_ids(out) for row in store.rows_of(out, run)]
    assert len(made) == len(undisturbed)
    assert undisturbed == {
        (row.spec, row.clip): {k: v for k, v in asdict(row).items() if k not in VARIES}
        for row in made
    }
    assert main([*command(clips, out), "--dry-run"]) == 0
    assert "0 rows of 0 codecs are missing" in capsys.readouterr().out


def test_the_loss_of_a_node_changes_no_row(
    clips: Path, undisturbed: Rows, tmp_path: Path, head: Any, second: Any
) -> None:
    import ray

    ray.init(address=head.address, log_to_driver=False)
    rules = condition.named("16k-mono")
    surveyed, _ = plan.survey(corpus.load(clips), rules)
    planned = plan.make(SPECS, surveyed, rules, tmp_path, Setup.from_environment(), timed=False)
    for count, _ in enumerate(run(planned, RayCluster(), tmp_path), start=1):
        if count == 1:  # no item is given meanwhile
            _wait_for_actors_on_both_nodes()
        elif count == 3:  # by now the second node's actor has an item
            head.remove_node(second, allow_graceful=False)
    ray.shutdown()
    assert undisturbed == {
        (row.spec, row.clip): {k: v for k, v in asdict(row).items() if k not in VARIES}
        for row in store.read(tmp_path)
    }


def _wait_for_actors_on_both_nodes() -> None:
    import ray
    from ray._private.state import actors

    job = ray.get_runtime_context().get_job_id()  # a killed driver's actors may be there still
    nodes: set[str] = set()
    deadline = time.monotonic() + PATIENCE_S
    while len(nodes) < 2:
        assert time.monotonic() < deadline, "the second node has no actor"
        time.sleep(0.1)
        ours = [actor for actor in actors().values() if actor["JobID"] == job]
        nodes = {actor["Address"]["NodeID"] for actor in ours if actor["State"] == "ALIVE"}


def test_ray_times_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = ["--codecs", "pcm16", "--limit", "1", "--out", str(tmp_path)]
    assert main(["run", "--engine", "ray", *options]) == 2
    assert "add --no-timing" in capsys.readouterr().err


def _start(clips: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "codecmark", *command(clips, out), "--engine", "ray"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _wait(
    driver: subprocess.Popen[bytes], out: Path, rows: int, raylets: list[subprocess.Popen[bytes]]
) -> list[int]:
    """Return the actors' process ids once there is one on each node, and `rows` rows on disk."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert driver.poll() is None, "the run ended before the kill"
        stored = sum(path.read_bytes().count(b'"spec":') for path in out.glob("rows/*.jsonl"))
        actors = [_actors(raylet.pid) for raylet in raylets]
        if stored >= rows and all(actors):
            return [actor for of_node in actors for actor in of_node]
        time.sleep(0.02)
    pytest.fail(f"not {rows} rows and two actors within {PATIENCE_S:g} s")


def _raylet(node: Any) -> subprocess.Popen[bytes]:
    process: subprocess.Popen[bytes] = node.all_processes["raylet"][0].process
    return process


def _actors(raylet: int) -> list[int]:
    """Return the raylet's children that are actors: Ray gives them that title."""
    found = []
    for thread in Path(f"/proc/{raylet}/task").glob("*/children"):
        for child in thread.read_text().split():
            with suppress(OSError):  # it has just ended
                if Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"ray::_Actor"):
                    found.append(int(child))
    return found
