"""A Ray cluster: one actor for each worker, on any node; needs the extra `codecmark[ray]`.

Every node has to see the corpus, the weights and this package at the same paths. An actor that is
lost, with its process or its node, is replaced where there is room, and its item is tried again as
in the pool. Connects to the cluster that `RAY_ADDRESS` names, else starts one on this machine.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from codecmark.errors import UnavailableError
from codecmark.measure.scoring import Scorer
from codecmark.run.engines.item_queue import ItemQueue
from codecmark.run.engines.worker import Item, Outcome, Stage, Watch, Worker, lost
from codecmark.system import program_start

_INHERITED = ("CODECMARK_", "HF_HUB_OFFLINE", "PYTHONPATH")
_POLL_S = 1.0
_STARTS_TRIED = 3


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
        self._failed_starts = 0

    def run(self, items: Sequence[Item], watch: Watch = lambda _: None) -> Iterator[Outcome]:
        """See `Engine.run`."""
        ray = self._ray
        if not ray.is_initialized():
            ray.init(log_to_driver=False, include_dashboard=False)
        queue = ItemQueue(items)
        deaths: Counter[Item] = Counter()
        tasks: dict[Any, _Task] = {}
        idle: list[_Handle] = []
        handles: list[_Handle] = []
        try:
            while queue or any(task.item for task in tasks.values()):
                while idle and queue:
                    handle = idle.pop()
                    item = queue.take(handle.loaded, {h.loaded for h in handles if h is not handle})
                    handle.loaded = item.spec
                    watch(Stage(item.spec, "load"))
                    task = handle.actor.measure.remote(item)
                    tasks[task] = _Task(handle, item, monotonic() + self._limit_s)
                while queue and len(handles) < self._room():
                    handles.append(_Handle(self._actor()))
                    # an item is not given before the actor is there: a lost node's may never be
                    tasks[handles[-1].actor.begin.remote()] = _Task(handles[-1])
                done, _ = ray.wait(list(tasks), timeout=_POLL_S)
                late = [ref for ref, task in tasks.items() if task.until < monotonic()]
                for ref in done or late:
                    task = tasks.pop(ref)
                    outcome = self._outcome(ref, task, queue, deaths) if done else self._late(task)
                    if task.is_lost:
                        handles.remove(task.handle)
                        ray.kill(task.handle.actor)
                    else:
                        idle.append(task.handle)
                    if outcome is not None:
                        if outcome.settled:
                            queue.drop(outcome.item.spec)
                        yield outcome
        finally:
            for handle in handles:
                ray.kill(handle.actor)

    def _room(self) -> int:
        cpus = int(self._ray.cluster_resources().get("CPU", 1))  # nodes come and go
        return max(1, min(self._workers or cpus, cpus))

    def _actor(self) -> Any:
        names = [name for name in os.environ if name.startswith(_INHERITED)]
        remote = self._ray.remote(
            num_cpus=1, num_gpus=self._gpus, max_restarts=0,
            runtime_env={"env_vars": {name: os.environ[name] for name in names}},
        )(_Actor)  # fmt: skip
        return remote.remote()

    def _late(self, task: _Task) -> Outcome | None:
        task.is_lost = True
        return lost(task.item, f"took more than {self._limit_s:g} s") if task.item else None

    def _outcome(
        self, ref: Any, task: _Task, queue: ItemQueue, deaths: Counter[Item]
    ) -> Outcome | None:
        """Return what came of an item; None if there was none, or it is tried again."""
        item = task.item
        try:
            outcome: Outcome | None = self._ray.get(ref)
        except self._ray.exceptions.RayActorError as error:
            task.is_lost = True
            if item is None:
                self._failed_starts += 1
                if self._failed_starts > _STARTS_TRIED:
                    raise UnavailableError(
                        f"no actor starts on the Ray cluster ({_first_line(error)})",
                        "make this codecmark importable on every node",
                    ) from error
                return None
            deaths[item] += 1
            if deaths[item] > 1:
                return lost(item, f"the actor was lost twice ({_first_line(error)})")
            queue.put_back([item])
            return None
        except self._ray.exceptions.RayTaskError as error:  # a bug of ours
            if item is None:
                raise
            return lost(item, f"{type(error.cause).__name__}: {error.cause}")
        self._failed_starts = 0
        task.is_lost = outcome is not None and outcome.is_outdated
        return outcome


@dataclass(eq=False)
class _Handle:
    """An actor and the codec that it has loaded."""

    actor: Any
    loaded: str | None = None


@dataclass
class _Task:
    """What an actor is doing: working on an item, or starting."""

    handle: _Handle
    item: Item | None = None
    until: float = float("inf")
    is_lost: bool = False


class _Actor:
    """The worker in an actor; one codec, one thread."""

    def __init__(self) -> None:
        program_start.keep()
        self._worker = Worker(Scorer(workers=1))

    def begin(self) -> None:
        """Answer, which shows that the actor has started."""

    def measure(self, item: Item) -> Outcome:
        return self._worker.measure(item)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
