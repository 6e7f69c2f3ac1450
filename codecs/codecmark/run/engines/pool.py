"""A pool of processes: each keeps a model, has a time limit for each item, and may die.

A worker that dies is replaced. Its item is tried once more, clip by clip, since the kill may have
come from outside; the clip that a second worker dies on is marked failed. A clip that exceeds the
limit is marked at once; of several that are timed together, each is tried alone first. A codec that
does either as it is loaded gets one row that says so, as one that cannot be built.

A worker that has run a plug-in, be it only as what an impaired clip passed through, runs no other
codec: whatever that did to its process, as a folder
changed or a function replaced, is gone with it. So is one whose code was edited since it began.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic, sleep

from codecmark.measure.scoring import Scorer
from codecmark.run.engines.item_queue import ItemQueue
from codecmark.run.engines.worker import Item, Outcome, Stage, Watch, Worker, lost, lost_codec
from codecmark.system import ending, processes, program_start

_STOP_S = 30.0
_LOOK_S = 0.5  # between two looks whether the workers live: what one forked may hold its pipe
_Plugins = tuple[str, str | None] | None


@dataclass
class _Handle:
    """A worker process, our end of its pipe, and the item that it works on."""

    process: SpawnProcess
    pipe: Connection
    loaded: str | None = None
    item: Item | None = None
    plugins: _Plugins = None
    until: float = float("inf")
    is_loading: bool = False


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
        self._handles: list[_Handle] = []
        self._watch: Watch = lambda _: None

    def run(self, items: Sequence[Item], watch: Watch = lambda _: None) -> Iterator[Outcome]:
        """See `Engine.run`."""
        self._watch = watch
        queue = ItemQueue(items)
        deaths: Counter[Item] = Counter()
        try:
            while queue or any(handle.item for handle in self._handles):
                self._assign(queue)
                for handle, item in self._ready():
                    outcome = self._receive(handle, item, queue, deaths)
                    if outcome is not None:
                        if outcome.settled:
                            queue.drop(item.spec)
                        yield outcome
        finally:
            for handle in self._handles:
                _stop(handle)
            self._handles.clear()

    def _assign(self, queue: ItemQueue) -> None:
        idle = [handle for handle in self._handles if handle.item is None]
        while queue and (idle or len(self._handles) < self._workers):
            if not idle:
                idle.append(self._start())
            handle = idle.pop()
            elsewhere = {other.loaded for other in self._handles if other is not handle}
            item = queue.take(handle.loaded, elsewhere)
            if handle.plugins not in (None, _plugins_of(item)):
                self._handles.remove(handle)
                _stop(handle)
                handle = self._start()
            handle.item, handle.loaded = item, item.spec
            handle.plugins = handle.plugins or _plugins_of(item)
            handle.until = monotonic() + self._limit_s
            with suppress(OSError):  # it has died: the pipe's end says so next
                handle.pipe.send(handle.item)

    def _ready(self) -> list[tuple[_Handle, Item]]:
        """Wait until a worker answers, ends, or is out of time."""
        busy = [(handle, handle.item) for handle in self._handles if handle.item is not None]
        soonest = min(handle.until for handle, _ in busy)
        pipes = [handle.pipe for handle, _ in busy]
        wait_s = max(0.0, min(soonest - monotonic(), _LOOK_S))
        answered = connection.wait(pipes, timeout=wait_s)
        return [
            (handle, item)
            for handle, item in busy
            if handle.pipe in answered
            or (not answered and (handle.until <= monotonic() or not handle.process.is_alive()))
        ]

    def _receive(
        self, handle: _Handle, item: Item, queue: ItemQueue, deaths: Counter[Item]
    ) -> Outcome | None:
        """Return a worker's outcome; None while it works on the item, or if that is tried again."""
        has_died = not handle.process.is_alive()  # before the last look at what it sent
        if not handle.pipe.poll():
            if has_died:
                return self._after_death(handle, item, queue, deaths)
            return self._after_hang(handle, item, queue)
        try:
            message: Outcome | Stage = handle.pipe.recv()
        except (EOFError, OSError):
            return self._after_death(handle, item, queue, deaths)
        if isinstance(message, Stage):  # a sign of life
            handle.until = monotonic() + self._limit_s
            handle.is_loading = message.phase == "load"
            self._watch(message)
            return None
        handle.item = None
        if message.is_outdated:
            self._handles.remove(handle)
            _stop(handle)
        return message

    def _after_hang(self, handle: _Handle, item: Item, queue: ItemQueue) -> Outcome | None:
        """Give the item up, or if it has several clips, try each alone."""
        self._handles.remove(handle)
        _end(handle, 0)
        if handle.is_loading:
            return lost_codec(item, f"loading it took more than {self._limit_s:g} s")
        if len(item.clips) > 1:
            queue.put_back(item.singly())
            return None
        return lost(item, f"took more than {self._limit_s:g} s")

    def _after_death(
        self, handle: _Handle, item: Item, queue: ItemQueue, deaths: Counter[Item]
    ) -> Outcome | None:
        """Give the item another chance, or give it up."""
        self._handles.remove(handle)
        how = _end(handle, _STOP_S)
        deaths[item] += 1
        if handle.is_loading and deaths[item] > 1:
            return lost_codec(item, f"the worker process died twice as it was loaded ({how})")
        if len(item.clips) == 1 and deaths[item] > 1:
            return lost(item, f"the worker process died twice ({how})")
        is_to_be_split = len(item.clips) > 1 and not handle.is_loading
        queue.put_back(item.singly() if is_to_be_split else [item])
        return None

    def _start(self) -> _Handle:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._scorers))
        with program_start.restored():
            process.start()
        theirs.close()  # so that its death ends the pipe
        handle = _Handle(process, ours)
        self._handles.append(handle)
        return handle


def _plugins_of(item: Item) -> _Plugins:
    """Return what codes the clips of an item, if any of it is another distribution's."""
    through = item.treatment.passed_through
    return (item.spec, through) if item.treatment.has_plugin(item.spec) else None


def _stop(handle: _Handle) -> None:
    with suppress(OSError):
        handle.pipe.send(None)
    _end(handle, _STOP_S if handle.item is None else 0)


def _end(handle: _Handle, patience_s: float) -> str:
    """Wait for a process to end, kill it otherwise, and return how it ended.

    What it started ends with it. `join` with a limit would wait for a pipe that this may hold too.
    """
    until = monotonic() + patience_s
    while handle.process.is_alive() and monotonic() < until:
        sleep(0.01)
    if handle.process.pid is not None:
        ending.kill_with_started(handle.process.pid)
    handle.process.kill()
    handle.process.join()
    handle.pipe.close()
    code = handle.process.exitcode or 0
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


class _SignsOfLife:
    """Tells the driver what a worker is doing: each new phase, and then at most once a second."""

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
    processes.begin(1, leads=True)
    os.register_at_fork(after_in_child=pipe.close)
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
