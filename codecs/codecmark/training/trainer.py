"""The training loop: steps, moving average of the weights, checkpoints, logs, validation.

A run is a folder:

| file | content |
| --- | --- |
| `run.json` | the task, its options, the seed |
| `checkpoint.pt` | the state to continue from, replaced atomically |
| `best.pt` | the averaged weights with the best validation score |
| `log.csv` | losses, averaged over the steps since the last line |
| `validation.csv` | scores of the averaged weights on held-out items |
| `sample.png` | spectrograms of one held-out item and its reconstruction |

The data of a step depend on the seed and the step number only, and checkpoints coincide with lines
of the log, so a run that was killed continues on the same curve.
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
_LARGEST_GRADIENT_NORM = 5.0
_LARGEST_DECAY = 0.999  # of the moving average


class Trainer:
    """Runs a task in a folder, from the last checkpoint if there is one.

    Attributes
    ----------
    step : int
        Number of finished steps.
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
        """Train until the schedule's steps or hours are over, or a signal requests a stop."""
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
                self._require_finite(means)
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
                self._validate()  # the weights after the cool-down are the result of the run
        self.save()

    def save(self) -> None:
        """Write the checkpoint atomically."""
        state = {
            "task": self.task.name, "step": self.step, "seconds": self.seconds,
            "best": self.best, "generator": self.task.generator.state_dict(),
            "average": self.average.module.state_dict(),
            "optimizers": {name: opt.state_dict() for name, opt in self._optimizers.items()},
            "adversary": self.task.adversary and self.task.adversary.state_dict(),
        }  # fmt: skip
        checkpoint.write(state, self.out / CHECKPOINT)

    def _open(self) -> None:
        options = {"format": checkpoint.FORMAT, "task": self.task.name, **self.task.options}
        path = self.out / RUN
        if not path.is_file():
            self.out.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(options, indent=2) + "\n", encoding="utf-8")
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored != options:
            different = sorted(k for k in {*stored, *options} if stored.get(k) != options.get(k))
            raise InputError(
                f"--out: {self.out} holds a run with another {', '.join(different)}; continue it "
                "with the options in its run.json, or name another folder"
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
        self.average.n_averaged.fill_(self.step)  # one update per step
        self._optimizers["generator"].load_state_dict(state["optimizers"]["generator"])
        if self.task.adversary is not None and state["adversary"] is not None:
            self.task.adversary.load_state_dict(state["adversary"])
            self._optimizers["adversary"].load_state_dict(state["optimizers"]["adversary"])

    def _one_step(self) -> dict[str, float]:
        self.task.generator.train()
        losses = self.task.losses(self.step)
        self._descend("generator", self.task.generator, losses)
        self.average.update_parameters(self.task.generator)
        adversary_losses = self.task.adversary_losses(self.step)
        if adversary_losses and self.task.adversary is not None:
            self._descend("adversary", self.task.adversary, adversary_losses)
        return {
            name: float(value.detach()) for name, value in {**losses, **adversary_losses}.items()
        }

    def _descend(
        self, name: str, network: torch.nn.Module, losses: dict[str, torch.Tensor]
    ) -> None:
        optimizer = self._optimizers[name]
        for group in optimizer.param_groups:
            group["lr"] = self.schedule.rate_at(self.step)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT_NORM)
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

    def _require_finite(self, means: Mapping[str, float]) -> None:
        infinite = [name for name, value in means.items() if not math.isfinite(value)]
        if infinite:
            raise InputError(
                f"losses {', '.join(infinite)} are not finite before step {self.step}; the last "
                f"checkpoint in {self.out} is kept: train with another seed or batch"
            )

    def _optimizer(self, network: torch.nn.Module) -> torch.optim.Optimizer:
        trainable = [p for p in network.parameters() if p.requires_grad]
        return torch.optim.AdamW(trainable, lr=self.schedule.rate, betas=(0.9, 0.99))


def _moved_average(
    averaged: torch.Tensor, trained: torch.Tensor, count: torch.Tensor | int
) -> torch.Tensor:
    """Return the exponential moving average of a parameter after `count` + 1 states.

    The decay is smaller at first, so that early states are forgotten.
    """
    decay = min(_LARGEST_DECAY, (int(count) + 1) / (int(count) + 10))
    return averaged.lerp(trained, 1 - decay)


@contextmanager
def _stop_request() -> Iterator[list[int]]:
    """Turn SIGINT and SIGTERM into a request to stop at the next line of the log."""
    requests: list[int] = []
    previous_handlers = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        previous_handlers[number] = signal.signal(number, lambda n, _: requests.append(n))
    try:
        yield requests
    finally:
        for number, handler in previous_handlers.items():
            signal.signal(number, handler)
