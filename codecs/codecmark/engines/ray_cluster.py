"""A Ray cluster: one actor for each worker, on any node; needs the extra `codecmark[ray]`.

Every node has to see the corpus, the weights and this package at the same paths. An actor that is
lost, with its process or its node, is replaced where there is room, and its item is tried again as
in the pool. Connects to the cluster that `RAY_ADDRESS` names, else starts one on this machine.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

from codecmark.engines.item_queue import ItemQueue
from codecmark.engines.worker import Item, Outcome, Worker, lost
from codecmark.errors import UnavailableError
from codecmark.scoring import Scorer

_INHERITED = ("CODECMARK_", "HF_HUB_OFFLINE", "PYTHONPATH")
_POLL_S = 1.0


class RayCluster:
    """Works on `workers` actors of one CPU each.

    Parameters
    ----------
    workers : int or None
        By default one for each CPU of the cluster.
    gpus : float
        What each actor reserves of a GPU; Ray gives it that one to see.
    limit_s : float
        For each item, loading the model included.

    Raises
    ------
    UnavailableError
        If Ray is not installed.
    """

    def __init__(
        self, workers: int | None = None, *, gpus: float = 0.0, limit_s: float = 900.0
    ) -> None:
        try:
            import ray
        except ImportError as error:
            raise UnavailableError(
                "the engine ray needs the package ray", "install it: pip install 'codecmark[ray]'"
            ) from error
        self._ray: Any = ray
        self._workers = workers
        self._gpus = gpus
        self._limit_s = limit_s

    def run(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """See `Engine.run`."""
        ray = self._ray
        if not ray.is_initialized():
            ray.init(log_to_driver=False, include_dashboard=False)
        queue = ItemQueue(items)
        deaths: Counter[Item] = Counter()
        actors: list[Any] = []
        loaded: dict[Any, str] = {}
        busy: dict[Any, tuple[Any, Item, float]] = {}
        try:
            while queue or busy:
                idle = [actor for actor in actors if all(actor is not b[0] for b in busy.values())]
                while queue and (idle or len(actors) < self._room()):
                    if not idle:
                        idle.append(self._start())
                        actors.append(idle[-1])
                    actor = idle.pop()
                    others = {spec for other, spec in loaded.items() if other is not actor}
                    item = queue.take(loaded.get(actor), others)
                    loaded[actor] = item.spec
                    busy[actor.measure.remote(item)] = actor, item, monotonic() + self._limit_s
                done, _ = ray.wait(list(busy), timeout=_POLL_S)
                late = [task for task, (_, _, until) in busy.items() if until < monotonic()]
                for task in done or late:
                    actor, item, _ = busy.pop(task)
                    outcome = self._outcome(task, item, queue, deaths, in_time=bool(done))
                    if outcome is None or not done:
                        actors.remove(actor)
                        loaded.pop(actor, None)
                        ray.kill(actor)
                    if outcome is not None:
                        if outcome.settled:
                            queue.drop(item.spec)
                        yield outcome
        finally:
            for actor in actors:
                ray.kill(actor)

    def _room(self) -> int:
        cpus = int(self._ray.cluster_resources().get("CPU", 1))  # nodes come and go
        return max(1, min(self._workers or cpus, cpus))

    def _start(self) -> Any:
        names = [name for name in os.environ if name.startswith(_INHERITED)]
        remote = self._ray.remote(
            num_cpus=1, num_gpus=self._gpus, max_restarts=0,
            runtime_env={"env_vars": {name: os.environ[name] for name in names}},
        )(_Actor)  # fmt: skip
        return remote.remote()

    def _outcome(
        self, task: Any, item: Item, queue: ItemQueue, deaths: Counter[Item], *, in_time: bool
    ) -> Outcome | None:
        """Return what came of an item, None if its actor was lost and it is tried again."""
        if not in_time:
            return lost(item, f"took more than {self._limit_s:g} s")
        try:
            outcome: Outcome = self._ray.get(task)
        except self._ray.exceptions.RayActorError as error:
            deaths[item] += 1
            if deaths[item] > 1:
                return lost(item, f"the actor was lost twice ({_first_line(error)})")
            queue.put_back([item])
            return None
        except self._ray.exceptions.RayTaskError as error:  # a bug of ours
            return lost(item, f"{type(error.cause).__name__}: {error.cause}")
        return outcome


class _Actor:
    """The worker in an actor; one codec, one thread."""

    def __init__(self) -> None:
        self._worker = Worker(Scorer(workers=1))

    def measure(self, item: Item) -> Outcome:
        return self._worker.measure(item)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
