"""Train, resume and evaluate with messages and bars: what the commands and the demo share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spikeprune import training
from spikeprune.arguments import SHARES
from spikeprune.cli.bars import Bar
from spikeprune.cli.console import Output
from spikeprune.cli.pictures import draw_run, drawn
from spikeprune.cli.tables import results_table
from spikeprune.datasets import Dataset
from spikeprune.evaluation import Evaluation
from spikeprune.pruning import PruningRule
from spikeprune.pruning.timing import SCHEDULE, timing_text
from spikeprune.records import RunFolder
from spikeprune.run import Run
from spikeprune.summary import Summary
from spikeprune.training import load_origin

__all__ = ["evaluate", "finish", "load", "load_origin", "resume", "train"]

#: With fewer pruning events than this in a training, the command says so.
FEW_EVENTS = 5


def train(output: Output, dataset: Dataset, rule: PruningRule, folder: Path, **options: Any) -> Run:
    """Train with a progress bar.

    Parameters
    ----------
    output : Output
    dataset : Dataset
    rule : PruningRule
    folder : Path
        Run folder to create.
    **options
        Passed to :func:`spikeprune.training.train`.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, saying how to go on.
    """
    RunFolder.check(folder)
    total = len(dataset.train_images) * max(options.get("epochs", 1), 1)
    _warn_of_few_events(output, rule, total)
    return _with_bar(
        output, folder, f"Training, {rule.name}",
        lambda bar: training.train(
            dataset, rule, folder=folder, progress=bar.entry, report=lambda sentence: output.say(f"{sentence} …"),
            **options,
        ),
    )  # fmt: skip


def resume(output: Output, folder: Path, data_dir: Path | None = None, data: str | None = None) -> Run:
    """Go on with an interrupted run with a progress bar, or load a finished one; see :func:`train`."""
    dataset = own_data(RunFolder.open(folder), data_dir, data)
    return _with_bar(
        output, folder, "Training",
        lambda bar: training.resume(
            folder, dataset, progress=bar.entry, report=lambda sentence: output.say(f"{sentence} …")
        ),
    )  # fmt: skip


def evaluate(output: Output, run: Run, dataset: Dataset | None = None, workers: int | None = None) -> Evaluation:
    """Evaluate with a progress bar."""
    data = run.dataset if dataset is None else dataset
    with Bar(output, "Evaluating", len(data.test_images)) as bar:
        return run.evaluate(dataset, workers=workers, progress=bar.done)


def finish(output: Output, run: Run, price: str, plots: bool = True, workers: int | None = None) -> None:
    """Evaluate a trained run unless that is done, draw its pictures, and write the result."""
    assert run.folder is not None
    folder = run.folder.path
    if run.evaluation is None:
        try:
            evaluate(output, run, workers=workers)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"Stopped: the network is trained, but not evaluated; continue with: spikeprune resume {folder}"
            ) from None
    pictures = draw_run(run, folder) if plots else drawn(folder)
    summary = Summary.read(folder)
    output.result(
        summary.as_dict(price) | {"pictures": [str(path) for path in pictures]},
        results_table([summary], price),
        *(f"Picture: {path}" for path in pictures),
        f"Run folder: {folder}",
    )


def load(output: Output, folder: Path, data_dir: Path | None = None) -> Run:
    """Load a finished run."""
    dataset = own_data(RunFolder.open(folder), data_dir)
    return training.load(folder, dataset, report=lambda sentence: output.say(f"{sentence} …"))


def own_data(record: RunFolder, data_dir: Path | None, data: str | None = None) -> Dataset | None:
    """Load the data of a run from another place than the run remembers; None to take them from where they were."""
    if data_dir is None and data is None:
        return None
    origin = record.description()["data"]["origin"] or {}
    moved = {"data_dir": data_dir and str(data_dir), "name": data}
    return load_origin({**origin, **{key: value for key, value in moved.items() if value is not None}})


def _with_bar(output: Output, folder: Path, label: str, work: Callable[[Bar], Run]) -> Run:
    with _stoppable(folder) as holder, Bar(output, label) as bar:
        holder.append(bar)
        run = work(bar)
    if bar.images:
        seconds = sum(entry["seconds"] for entry in run.history)
        images = run.counts.images
        rate = images / max(seconds, 1e-9)
        output.say(f"Trained on {images:,} images in {seconds:,.1f} s, {rate:,.0f} images/s.")
    return run


@contextlib.contextmanager
def _stoppable(folder: Path) -> Iterator[list[Bar]]:
    bars: list[Bar] = []
    try:
        yield bars
    except KeyboardInterrupt:
        if not (folder / "run.json").exists():
            raise KeyboardInterrupt("Stopped before training began; nothing was written.") from None
        after = f"after {bars[0].images:,} images" if bars and bars[0].images else "where it was"
        raise KeyboardInterrupt(f"Stopped {after}; continue with: spikeprune resume {folder}") from None


def _warn_of_few_events(output: Output, rule: PruningRule, images: int) -> None:
    events = rule.events_in(images)
    if 0 < events < FEW_EVENTS:
        given = asdict(rule)
        schedule = ", ".join(f"{name} = {timing_text(given[name])}" for name in SCHEDULE if name in given)
        times = f"{events} time{'' if events == 1 else 's'}"
        better = " ".join(f"--set {name}={SHARES[name]}" for name in SCHEDULE if name in given)
        output.say(
            f"Note: with {schedule}, the rule acts {times} in {images:,} images; shares of the training, such as "
            f"{better}, make it act more often.",
            style="yellow",
        )
