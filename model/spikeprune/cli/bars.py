"""Progress bars for training and evaluation; where there is no terminal, a line now and then."""

from __future__ import annotations

import time
from collections import deque
from datetime import timedelta
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from spikeprune.cli.console import Output

__all__ = ["Bar"]

#: Seconds between two lines where there is no terminal.
LINES_EVERY = 30.0


class TimeLeft(ProgressColumn):
    """Time left, running down between two chunks."""

    def render(self, task: Task) -> Text:
        """Show hours, minutes and seconds."""
        end = task.fields.get("end")
        if end is None:
            return Text("")
        return Text(f"{timedelta(seconds=round(max(0.0, end - time.monotonic())))} left", style="cyan")


class Bar:
    """Progress of one training or evaluation; a context manager.

    Call :meth:`entry` with each entry of a training's history, or :meth:`done` with the number of images done.

    Parameters
    ----------
    output : Output
    label : str
        What is going on.
    total : int, optional
        Number of images, where it is known from the start.

    Attributes
    ----------
    images : int
        Images done so far.
    """

    def __init__(self, output: Output, label: str, total: int | None = None) -> None:
        self.images = 0
        self._output, self._label, self._total = output, label, total
        self._recent: deque[tuple[int, float]] = deque(maxlen=5)
        self._began = self._last_line = time.monotonic()
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Bar:
        if self._output.bars:
            fields = (TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in ("images", "rate", "note"))
            self._progress = Progress(
                SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=20), *fields,
                TimeLeft(), console=self._output.err, transient=True,
            )  # fmt: skip
            self._task = self._progress.add_task(self._label, total=self._total, images="", rate="", note="")
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def entry(self, entry: dict[str, Any]) -> None:
        """Show a new entry of the history: images, images/s, running accuracy, removed or frozen share."""
        self._recent.append((entry["counts"]["images"], entry["seconds"]))
        note = [] if entry["accuracy"] is None else [f"{entry['accuracy']:.0f} % right"]
        if entry["removed_share"]:
            note.append(f"{100 * entry['removed_share']:.0f} % removed")
        if entry["frozen_share"]:
            note.append(f"{100 * entry['frozen_share']:.0f} % frozen")
        rate = sum(images for images, _ in self._recent) / max(sum(seconds for _, seconds in self._recent), 1e-9)
        self._update(entry["images"], entry["total"], rate, ", ".join(note))

    def done(self, images: int) -> None:
        """Show that so many images are done."""
        self._update(images, self._total or images, images / max(time.monotonic() - self._began, 1e-9), "")

    def _update(self, images: int, total: int, rate: float, note: str) -> None:
        now = time.monotonic()
        if not self.images:
            self._last_line = now  # what came before was compiling
        self.images = images
        if self._progress is not None:
            self._progress.update(
                self._task, completed=images, total=total, images=f"{images:,}/{total:,}", rate=f"{rate:,.0f} images/s",
                note=note, end=now + (total - images) / rate,
            )  # fmt: skip
        elif now - self._last_line >= LINES_EVERY and images < total:
            self._last_line = now
            left = timedelta(seconds=round((total - images) / rate))
            facts = [f"{images:,} of {total:,} images", f"{rate:,.0f} images/s", note, f"{left} left"]
            self._output.say(f"  {self._label}: {', '.join(filter(None, facts))}")
