"""How a sweep gets on, and what it found, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from rich import box
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from spikeprune.cli.console import Output
from spikeprune.cli.tables import events_text, si, signed, unbroken
from spikeprune.sweep import Watcher
from spikeprune.sweep.experiment import PlannedRun

__all__ = ["Board", "group_table", "paired_table"]


class Board(Watcher):
    """Shows how a sweep gets on: runs done, running and failed, and the time left; a context manager.

    The time left is estimated from the time that the sweep's own images took, an image counting as many times as the
    network has neurons.

    Parameters
    ----------
    output : Output
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._left: dict[str, int] = {}
        self._weight: dict[str, int] = {}
        self._running: set[str] = set()
        self._finished = self._failed = self._total = self._tests = self._per_run = 0
        self._work, self._seconds = 0.0, 0.0
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=20),
            TextColumn("{task.fields[left]}", style="cyan"), console=output.err, transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=None, left="")

    def __enter__(self) -> Board:
        if self._output.bars:
            self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    @property
    def line(self) -> str:
        """The runs done, running, waiting and failed."""
        waiting = len(self._left) - len(self._running)
        parts = [f"{self._finished} of {self._total} runs done", f"{len(self._running)} running"]
        parts += [f"{waiting} waiting"] if waiting else []
        return ", ".join([*parts, f"{self._failed} failed"])

    @property
    def seconds_left(self) -> float | None:
        """Estimated time left in seconds; None before the first images are done."""
        if not self._work or not self._left:
            return None
        work = sum(images * self._weight[name] for name, images in self._left.items())
        return work * self._seconds / self._work / max(1, len(self._running))

    def say(self, sentence: str) -> None:
        """Pass a sentence on."""
        self._output.say(sentence)

    def planned(self, runs: Sequence[PlannedRun], missing: Sequence[PlannedRun], images: int, tests: int) -> None:
        """Begin to count."""
        self._total = len({run.name for run in runs})
        self._finished, self._tests, self._per_run = self._total - len(missing), tests, images + tests
        self._left = {run.name: self._per_run for run in missing}
        self._weight = {run.name: run.settings.parameters.neurons for run in missing}
        self.say(f"{self._total} runs, of which {self._finished} are finished.")
        self._show()

    def message(self, message: Mapping[str, Any]) -> None:
        """Count the images of a run at work."""
        name = message["run"]
        if "sentence" in message:
            self.say(f"{message['sentence']} …")
            return
        if name not in self._left:
            return
        self._running.add(name)
        if "shown" in message:
            done = message["images"] if "images" in message else self._per_run - self._tests + message["tested"]
            self._left[name] = self._per_run - done
            self._work += message["shown"] * self._weight[name]
            self._seconds += message["seconds"]
        self._show()

    def done(self, run: PlannedRun, sentence: str = "") -> None:
        """Count a run that has ended, and say so."""
        self._left.pop(run.name, None)
        self._running.discard(run.name)
        if sentence:
            self._failed += 1
        else:
            self._finished += 1
        fate = f"failed: {sentence}" if sentence else "is finished"
        self._output.say(f"{_title(run)} {fate} ({self.line}{self._left_text(', ')})", style="red" if sentence else "")
        self._show()

    def _left_text(self, before: str = "") -> str:
        seconds = self.seconds_left
        return "" if seconds is None else f"{before}about {timedelta(seconds=round(seconds))} left"

    def _show(self) -> None:
        total = self._per_run * (self._total or 1)
        completed = total - sum(self._left.values())
        self._progress.update(
            self._task, description=self.line, total=total, completed=completed, left=self._left_text()
        )


def _title(run: PlannedRun) -> str:
    return f"{run.label}, {run.settings.parameters.neurons} neurons, seed {run.settings.seed}"


def group_table(groups: Sequence[Mapping[str, Any]], title: str) -> Table:
    """Show mean ± SD over seeds, and under it the mean ± SD of the paired differences from no pruning."""
    table = Table(
        title=title, box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left",
        caption="SOPs: synaptic operations per image, retries included; in training they include weight updates.\n"
        "Dead neurons fired at none of the images of the evaluation.\n"
        "Mean ± SD over seeds; below, the difference from the unpruned network of the same seed (accuracy in points).",
    )  # fmt: skip
    table.add_column("Rule", overflow="fold", min_width=8)
    for heading in (
        "Neurons", "Seeds", "Accuracy\n%", "Pruning\nevents", "Removed\nweights, %", "Dead\nneurons", "Training\nSOPs",
        "Inference\nSOPs",
    ):  # fmt: skip
        table.add_column(heading, justify="right", no_wrap=True)
    for group in groups:
        values, paired = group["values"], group.get("against_none")

        def difference(name: str, unit: str, digits: int, paired: Any = paired) -> str:
            if paired is None:
                return ""
            return "\n" + _spread(paired[name], lambda x: signed(round(x, digits) + 0.0, digits, ""), unit)

        removed = values["removed_share"]
        table.add_row(
            Text(group["label"]), f"{group['neurons']:,}", str(group["n"]),
            _spread(values["accuracy"], lambda x: f"{x:.2f}") + difference("accuracy", "", 2),
            events_text(values["pruning_events"]["mean"]),
            _spread(removed, lambda x: f"{100 * x:.1f}"), _spread(values["dead_neurons"], lambda x: f"{x:.1f}"),
            _spread(values["training.training_sops"], si) + difference("training.training_sops", " %", 1),
            _spread(values["inference.inference_sops"], si) + difference("inference.inference_sops", " %", 1),
        )  # fmt: skip
    return unbroken(table)


def paired_table(groups: Sequence[Mapping[str, Any]]) -> Table | None:
    """Show the paired differences from no pruning class by class; None where no group has a baseline."""
    paired = [group for group in groups if "against_none" in group]
    if not paired:
        return None
    table = Table(
        title="Against the unpruned network of the same seed", box=box.SIMPLE_HEAD, title_justify="left",
        caption_justify="left",
        caption="Mean ± SD of the paired differences: accuracy in points, operations in percent, dead neurons counted.",
    )  # fmt: skip
    table.add_column("Rule", overflow="fold", min_width=8)
    for heading in (
        "Neurons", "Pairs", "Accuracy", "Training\nSOPs", "trans-\nmissions", "updates", "Inference\nSOPs",
        "Dead\nneurons",
    ):  # fmt: skip
        table.add_column(heading, justify="right", no_wrap=True)

    def difference(statistics: Mapping[str, Any], digits: int) -> str:
        return _spread(statistics, lambda x: signed(round(x, digits) + 0.0, digits, ""))

    for group in paired:
        against = group["against_none"]
        operations = (
            "training.training_sops", "training.transmissions", "training.updates", "inference.inference_sops",
        )  # fmt: skip
        table.add_row(
            Text(group["label"]), f"{group['neurons']:,}", str(against["n"]), difference(against["accuracy"], 2),
            *(difference(against[name], 1) for name in operations), difference(against["dead_neurons"], 1),
        )  # fmt: skip
    return unbroken(table)


def _spread(statistics: Mapping[str, Any], text: Any, unit: str = "") -> str:
    deviation = statistics["sd"]
    return text(statistics["mean"]) + (f" ± {text(deviation).lstrip('+')}" if deviation is not None else "") + unit
