"""The progress bar of a run: what is being worked on, and how long the rest will take."""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from codecmark.run.durations import Remaining
from codecmark.run.engines import Outcome, Stage

_WIDEST = 60  # characters of the description


class RunProgress:
    """A bar that counts rows; use as a context manager."""

    def __init__(self, total: int, remaining: Remaining, console: Console) -> None:
        self._remaining = remaining
        self._progress = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), TextColumn("{task.fields[left]}", markup=False),
            console=console, transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("starting", total=total, left=self._left())

    def __enter__(self) -> RunProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, stage: Stage) -> None:
        """Show what is being worked on."""
        self._progress.update(self._task, description=described(stage))

    def advance(self, outcome: Outcome, count: int) -> None:
        """Advance by the `count` rows that `outcome` settles."""
        item = outcome.item
        self._remaining.learn(outcome.rows)
        self._remaining.finish(item.spec, item.condition.name, count, str(item.treatment))
        self._progress.update(self._task, advance=count, left=self._left())

    def _left(self) -> str:
        seconds = self._remaining.seconds()
        return "" if seconds is None else f"about {timedelta(seconds=round(seconds))} left"


def described(stage: Stage) -> str:
    """Return e.g. `opus@24k: encode voice.flac`, shortened if it is too wide."""
    text = f"{stage.spec}: {stage.phase} {stage.clip}".rstrip()
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
