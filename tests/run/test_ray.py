"""The Ray engine on two nodes on loopback, one of them killed while it works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from msgspec.structs import asdict

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.corpus import condition
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.engines.ray_cluster import RayCluster
from codecmark.run.runner import run
from entries import noise, tone

ray: Any = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray's own sockets and files
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CONDITION = condition.named("16k-mono")
SPECS = ("pcm16", "flac", "opus@24k")
VARIES = ("run_id", "row_s")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        monkeypatch.setenv(name, "0")
    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    head = {**node, "include_dashboard": False}
    made: Any = Cluster(initialize_head=True, head_node_args=head)
    made.second = made.add_node(**node)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def _nodes_at_work() -> set[str]:
    from ray._private.state import actors

    return {actor["Address"]["NodeID"] for actor in actors().values() if actor["State"] == "ALIVE"}


def test_the_loss_of_a_node_changes_no_row(tmp_path: Path, cluster: Any) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for index in range(8):
        clip = noise(8_000, seed=index) if index % 2 else tone(0.5, frequency_hz=200.0 * index + 99)
        soundfile.write(folder / f"{index}.wav", clip.samples.T, 16_000)
    clips, _ = plan.survey(corpus.load(folder), CONDITION)

    def planned(out: Path) -> plan.Plan:
        return plan.make(SPECS, clips, CONDITION, out, Setup.from_environment(), timed=False)

    for _ in run(planned(tmp_path / "alone"), InProcess(), tmp_path / "alone"):
        pass
    left: list[int] = []
    for count, _ in enumerate(run(planned(tmp_path / "ray"), RayCluster(), tmp_path / "ray")):
        if not left and len(_nodes_at_work()) == 2:
            cluster.remove_node(cluster.second, allow_graceful=False)
            left.append(len(SPECS) * len(clips) - count - 1)
    assert left, "the second node had not begun when the first was through"
    assert left[0] > 1
    alone, distributed = (
        {
            (row.spec, row.clip): {k: v for k, v in asdict(row).items() if k not in VARIES}
            for row in store.read(tmp_path / name)
        }
        for name in ("alone", "ray")
    )
    assert len(alone) == 24
    assert distributed == alone
    assert not planned(tmp_path / "ray").missing


def test_ray_times_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = ["--codecs", "pcm16", "--limit", "1", "--out", str(tmp_path)]
    assert main(["run", "--engine", "ray", *options]) == 2
    assert "add --no-timing" in capsys.readouterr().err
