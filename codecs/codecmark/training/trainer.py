"""The loop that every training shares: steps, a moving average, checkpoints, logs, validation.

A run is a folder:

| file | what |
| --- | --- |
| `run.json` | what was asked for: the task, its options, the seed |
| `checkpoint.pt` | everything to go on from, replaced as a whole |
| `best.pt` | the averaged weights with the best validation score |
| `log.csv` | losses, means over the steps since the line before |
| `validation.csv` | scores of the averaged weights on held-out items |
| `sample.png` | spectrograms of one held-out item, true and made |

What a step sees is drawn from the seed and its number alone, and checkpoints fall on lines of the
log: a run that was killed goes on to the same curve. The learning rate falls with the root of the
step, so no length has to be known beforehand; once it is, a run can be cooled down.
"""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from torch.optim.swa_utils import AveragedModel

from codecmark.errors import InputError
from codecmark.training import checkpoint, log
from codecmark.training.schedule import Schedule
from codecmark.training.task import Task

CHECKPOINT, BEST, LOG, VALIDATION, RUN = (
    "checkpoint.pt", "best.pt", "log.csv", "validation.csv", "run.json",
)  # fmt: skip
_LONGEST_GRADIENT = 5.0
_LONGEST_DECAY = 0.999  # of the average


class Trainer:
    """Runs a task in a folder, from its last checkpoint if there is one.

    Attributes
    ----------
    step : int
        How many were made.
    average : AveragedModel
        A copy of the generator whose parameters are a moving average of the trained ones.
    """

    def __init__(self, task: Task, out: Path, schedule: Schedule) -> None:
        self.task = task
        self.out = out
        self.schedule = schedule
        self.step = 0
        self.seconds = 0.0
        self.best: float | None = None
        self.average = AveragedModel(task.generator, avg_fn=_moved_average)
        self._optimizers = {"generator": self._optimizer(task.generator)}
        if task.adversary is not None:
            self._optimizers["adversary"] = self._optimizer(task.adversary)
        self._open()

    def run(self, console: Console) -> None:
        """Train until the schedule's steps or hours are over, or until told to stop."""
        until = None if self.schedule.hours is None else self.schedule.hours * 3600
        started = saved = time.monotonic()
        first, before = self.step, self.seconds
        sums: dict[str, float] = {}
        counted = 0
        progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(), console=console, transient=True,
        )  # fmt: skip
        with progress, _stop_request() as stop:
            bar = progress.add_task(self.task.name, total=self.schedule.steps or until, state="")
            while not self._over(started, until):
                for name, value in self._one_step().items():
                    sums[name] = sums.get(name, 0.0) + value
                self.step += 1
                counted += 1
                if self.step % self.schedule.log_every:
                    continue
                now = time.monotonic()
                self.seconds = before + now - started
                means = {name: total / counted for name, total in sums.items()}
                sums.clear()
                counted = 0
                self._refuse_nonsense(means)
                self._log(LOG, {"rate": self.schedule.rate_at(self.step), **means})
                done = self.step if self.schedule.steps else now - started
                total = sum(value for name, value in means.items() if not name.startswith("d_"))
                state = f"step {self.step}, loss {total:.3f}"
                progress.update(bar, completed=done, state=state)
                if self.step % self.schedule.validate_every == 0:
                    progress.update(bar, state=f"step {self.step}, validating")
                    self._validate()
                    self.save()
                    saved = time.monotonic()
                elif now - saved > self.schedule.checkpoint_every_s or stop:
                    self.save()
                    saved = time.monotonic()
                if stop:
                    break
            if self._is_cooled() and self.step > first and self.step % self.schedule.validate_every:
                progress.update(bar, state=f"step {self.step}, validating")
                self._validate()  # the settled weights are what all this was for
        self.save()

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        state = {
            "task": self.task.name, "step": self.step, "seconds": self.seconds,
            "best": self.best, "generator": self.task.generator.state_dict(),
            "average": self.average.module.state_dict(),
            "optimizers": {name: opt.state_dict() for name, opt in self._optimizers.items()},
            "adversary": self.task.adversary and self.task.adversary.state_dict(),
        }  # fmt: skip
        checkpoint.write(state, self.out / CHECKPOINT)

    def _open(self) -> None:
        asked = {"format": checkpoint.FORMAT, "task": self.task.name, **self.task.options}
        path = self.out / RUN
        if not path.is_file():
            self.out.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored != asked:
            other = sorted(k for k in {*stored, *asked} if stored.get(k) != asked.get(k))
            raise InputError(
                f"--out: {self.out} holds a run with another {', '.join(other)}; continue it with "
                "what its run.json says, or name another folder"
            )
        if (self.out / CHECKPOINT).is_file():
            self._restore(checkpoint.read(self.out / CHECKPOINT))
        for name in (LOG, VALIDATION):
            log.forget_after(self.out / name, self.step)

    def _restore(self, state: dict[str, Any]) -> None:
        self.step, self.seconds = state["step"], state["seconds"]
        self.best = state["best"]
        self.task.generator.load_state_dict(state["generator"])
        self.average.module.load_state_dict(state["average"])
        self.average.n_averaged.fill_(self.step)  # once a step
        self._optimizers["generator"].load_state_dict(state["optimizers"]["generator"])
        if self.task.adversary is not None and state["adversary"] is not None:
            self.task.adversary.load_state_dict(state["adversary"])
            self._optimizers["adversary"].load_state_dict(state["optimizers"]["adversary"])

    def _one_step(self) -> dict[str, float]:
        self.task.generator.train()
        losses = self.task.losses(self.step)
        self._descend("generator", self.task.generator, losses)
        self.average.update_parameters(self.task.generator)
        against = self.task.adversary_losses(self.step)
        if against and self.task.adversary is not None:
            self._descend("adversary", self.task.adversary, against)
        return {name: float(value.detach()) for name, value in {**losses, **against}.items()}

    def _descend(
        self, name: str, network: torch.nn.Module, losses: dict[str, torch.Tensor]
    ) -> None:
        optimizer = self._optimizers[name]
        for group in optimizer.param_groups:
            group["lr"] = self.schedule.rate_at(self.step)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LONGEST_GRADIENT)
        optimizer.step()

    def _is_cooled(self) -> bool:
        return self.schedule.cool_from is not None and self.step == self.schedule.steps

    def _validate(self) -> None:
        trained = {k: v.detach().clone() for k, v in self.task.generator.state_dict().items()}
        averaged = self.average.module.state_dict()
        self.task.generator.load_state_dict(averaged)
        self.task.generator.eval()
        with torch.inference_mode():
            scores = self.task.validate(self.out / "sample.png")
        self.task.generator.load_state_dict(trained)
        self._log(VALIDATION, scores)
        score = self.task.quality(scores)
        if self.best is None or score > self.best:
            self.best = score
            checkpoint.write(
                {"task": self.task.name, "step": self.step,
                 "seconds": self.seconds, "scores": scores, "average": averaged},
                self.out / BEST,
            )  # fmt: skip

    def _over(self, started: float, until: float | None) -> bool:
        if self.schedule.steps is not None and self.step >= self.schedule.steps:
            return True
        at_line = self.step % self.schedule.log_every == 0
        return until is not None and at_line and time.monotonic() - started >= until

    def _log(self, name: str, values: Mapping[str, float]) -> None:
        row = {"step": self.step, "seconds": round(self.seconds, 1), **values}
        log.append(self.out / name, row)

    def _refuse_nonsense(self, means: Mapping[str, float]) -> None:
        wrong = [name for name, value in means.items() if not math.isfinite(value)]
        if wrong:
            raise InputError(
                f"losses {', '.join(wrong)} are not finite before step {self.step}; the last "
                f"checkpoint in {self.out} is kept: train with another seed or batch"
            )

    def _optimizer(self, network: torch.nn.Module) -> torch.optim.Optimizer:
        trainable = [p for p in network.parameters() if p.requires_grad]
        return torch.optim.AdamW(trainable, lr=self.schedule.rate, betas=(0.9, 0.99))


def _moved_average(
    averaged: torch.Tensor, trained: torch.Tensor, count: torch.Tensor | int
) -> torch.Tensor:
    """Return the exponential average after `count` + 1 states of a parameter.

    Its decay is smaller while there is little to average.
    """
    decay = min(_LONGEST_DECAY, (int(count) + 1) / (int(count) + 10))
    return averaged.lerp(trained, 1 - decay)


@contextmanager
def _stop_request() -> Iterator[list[int]]:
    """Turn SIGINT and SIGTERM into a request to stop, seen at the next line of the log."""
    asked: list[int] = []
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, lambda n, _: asked.append(n))
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
