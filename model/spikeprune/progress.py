"""Progress bars for Python, on a terminal or in a notebook: ``progress=True``."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

__all__ = ["TrainingBar"]


class TrainingBar:
    """A bar that is called with every new entry of a history, or with a number of images; a context manager.

    Parameters
    ----------
    label : str
        What is going on.
    total : int, optional
        Images in all, where entries do not say.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        self._task: TaskID = self._progress.add_task(label, total=total, note="images")

    def __enter__(self) -> TrainingBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, entry: dict[str, Any] | int) -> None:
        """Show how far it is."""
        if isinstance(entry, int):
            self._progress.update(self._task, completed=entry)
            return
        accuracy = "" if entry["accuracy"] is None else f", {entry['accuracy']:.0f} % right"
        note = f"images{accuracy}, {100 * entry['removed_share']:.0f} % removed"
        self._progress.update(self._task, completed=entry["images"], total=entry["total"], note=note)
