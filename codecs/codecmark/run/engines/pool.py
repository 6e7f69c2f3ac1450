"""A pool of processes: each keeps a model, has a time limit for each item, and may die.

A worker that dies is replaced. Its item is tried once more, clip by clip, since the kill may have
come from outside; the clip that a second worker dies on is marked failed. A clip that exceeds the
limit is marked at once; of several that are timed together, each is tried alone first.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic

from codecmark.measure.scoring import Scorer
from codecmark.run.engines.item_queue import ItemQueue
from codecmark.run.engines.worker import Item, Outcome, Stage, Watch, Worker, lost
from codecmark.system import processes

_STOP_S = 30.0


@dataclass
class _Hand:
    """One worker process, its end of the pipe, and what it is at."""

    process: SpawnProcess
    pipe: Connection
    loaded: str | None = None
    item: Item | None = None
    until: float = float("inf")


class Pool:
    """Works on `workers` processes.

    Parameters
    ----------
    workers : int
    scorers : int
        Processes that each worker uses for metrics; 1: the worker itself.
    limit_s : float
        For a worker to give a sign of life: for loading a codec, for each call of it that is timed,
        for a clip of a run that times nothing, and for the metrics of an item.
    """

    def __init__(self, workers: int, *, scorers: int = 1, limit_s: float = 900.0) -> None:
        self._workers = workers
        self._scorers = scorers
        self._limit_s = limit_s
        self._hands: list[_Hand] = []
        self._watch: Watch = lambda _: None

    def run(self, items: Sequence[Item], watch: Watch = lambda _: None) -> Iterator[Outcome]:
        """See `Engine.run`."""
        self._watch = watch
        queue = ItemQueue(items)
        deaths: Counter[Item] = Counter()
        try:
            while queue or any(hand.item for hand in self._hands):
                self._hand_out(queue)
                for hand, item in self._ready():
                    outcome = self._receive(hand, item, queue, deaths)
                    if outcome is not None:
                        if outcome.settled:
                            queue.drop(item.spec)
                        yield outcome
        finally:
            for hand in self._hands:
                _stop(hand)
            self._hands.clear()

    def _hand_out(self, queue: ItemQueue) -> None:
        idle = [hand for hand in self._hands if hand.item is None]
        while queue and (idle or len(self._hands) < self._workers):
            if not idle:
                idle.append(self._start())
            hand = idle.pop()
            elsewhere = {other.loaded for other in self._hands if other is not hand}
            hand.item = queue.take(hand.loaded, elsewhere)
            hand.loaded = hand.item.spec
            hand.until = monotonic() + self._limit_s
            with suppress(OSError):  # it has died: the pipe's end says so next
                hand.pipe.send(hand.item)

    def _ready(self) -> list[tuple[_Hand, Item]]:
        """Wait until a worker answers, ends, or is out of time."""
        busy = [(hand, hand.item) for hand in self._hands if hand.item is not None]
        soonest = min(hand.until for hand, _ in busy)
        pipes = [hand.pipe for hand, _ in busy]
        answered = connection.wait(pipes, timeout=max(0.0, soonest - monotonic()))
        return [
            (hand, item)
            for hand, item in busy
            if hand.pipe in answered or (not answered and hand.until <= monotonic())
        ]

    def _receive(
        self, hand: _Hand, item: Item, queue: ItemQueue, deaths: Counter[Item]
    ) -> Outcome | None:
        """Return what a worker has made of its item; None if it is at it, or it is tried again."""
        if not hand.pipe.poll():
            return self._after_hang(hand, item, queue)
        try:
            message: Outcome | Stage = hand.pipe.recv()
        except (EOFError, OSError):
            return self._after_death(hand, item, queue, deaths)
        if isinstance(message, Stage):  # a sign of life
            hand.until = monotonic() + self._limit_s
            self._watch(message)
            return None
        hand.item = None
        return message

    def _after_hang(self, hand: _Hand, item: Item, queue: ItemQueue) -> Outcome | None:
        """Give the item up, or if it has several clips, try each alone."""
        self._hands.remove(hand)
        _end(hand, 0)
        if len(item.clips) > 1:
            queue.put_back(item.singly())
            return None
        return lost(item, f"took more than {self._limit_s:g} s")

    def _after_death(
        self, hand: _Hand, item: Item, queue: ItemQueue, deaths: Counter[Item]
    ) -> Outcome | None:
        """Give the item another chance, or give it up."""
        self._hands.remove(hand)
        how = _end(hand, _STOP_S)
        deaths[item] += 1
        if len(item.clips) == 1 and deaths[item] > 1:
            return lost(item, f"the worker process died twice ({how})")
        queue.put_back(item.singly() if len(item.clips) > 1 else [item])
        return None

    def _start(self) -> _Hand:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._scorers))
        process.start()
        theirs.close()  # so that its death ends the pipe
        hand = _Hand(process, ours)
        self._hands.append(hand)
        return hand


def _stop(hand: _Hand) -> None:
    with suppress(OSError):
        hand.pipe.send(None)
    _end(hand, _STOP_S if hand.item is None else 0)


def _end(hand: _Hand, patience_s: float) -> str:
    """Wait for a process to end, kill it otherwise, and return how it ended."""
    hand.process.join(patience_s)
    hand.process.kill()
    hand.process.join()
    hand.pipe.close()
    code = hand.process.exitcode or 0
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


class _SignsOfLife:
    """Tells the driver what a worker is at: each phase, and within it at most once a second."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._last_s = float("-inf")
        self._phase: tuple[str, str] | None = None

    def __call__(self, stage: Stage) -> None:
        phase = stage.spec, stage.phase
        if phase != self._phase or monotonic() - self._last_s > 1:
            self._last_s, self._phase = monotonic(), phase
            self._pipe.send(stage)


def _serve(pipe: Connection, scorers: int) -> None:
    """The worker process."""
    processes.begin(1)
    signs = _SignsOfLife(pipe)
    with Scorer(scorers) as scorer:
        worker = Worker(scorer, signs)
        while True:
            try:
                item: Item | None = pipe.recv()
            except EOFError:
                return
            if item is None:
                return
            try:
                outcome = worker.measure(item)
            except Exception as error:  # a bug of ours costs an item, not the run
                outcome = lost(item, f"{type(error).__name__}: {error}")
            pipe.send(outcome)
