"""The main job on bundled images: three networks, unpruned, pruned adaptively and pruned softly, then a comparison.

The programs compile side by side in processes of their own, and a network trains as soon as its program is there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

from spikeprune import training
from spikeprune.cli.compiling import programs
from spikeprune.cli.console import Output
from spikeprune.cli.pictures import draw_comparison, draw_run
from spikeprune.cli.running import evaluate, resume, train
from spikeprune.cli.tables import results_table
from spikeprune.datasets import Dataset
from spikeprune.errors import RunFolderError
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning import AdaptivePruning, NoPruning, PruningRule, SoftPruning
from spikeprune.records import RunFolder
from spikeprune.report import write_report
from spikeprune.run import Run
from spikeprune.settings import Settings
from spikeprune.summary import Summary

__all__ = ["RULES", "Plan", "in_words", "run_demo"]

# Chosen on a validation split of the digits, for this network (experiments/search-demo.toml): a small data set takes
# quicker rules than MNIST's 60,000 images.
RULES: Mapping[str, PruningRule] = MappingProxyType(
    {
        "baseline": NoPruning(),
        "adaptive": AdaptivePruning(beta=0.7, interval=50),
        "soft": SoftPruning(h=0.03, value=0.01, interval=100),
    }
)


# The network too (experiments/search-network-digits.toml): with Diehl & Cook's constants it is 10 points worse.
NETWORK = NetworkParameters(weight_share=0.05, rate_pre=1.7e-4, rate_post=1.7e-2, theta_recruited=0.67)


@dataclass(frozen=True)
class Plan:
    """What the demo does.

    Attributes
    ----------
    rules : mapping of str to PruningRule
        The runs by name, the baseline first.
    data : str
        Data set, or path of the user's own.
    epochs, seed, chunk, backend, parameters
        See :func:`spikeprune.training.train`.
    """

    rules: Mapping[str, PruningRule] = field(default_factory=lambda: RULES)
    data: str = "digits"
    epochs: int = 3
    seed: int = 0
    chunk: int = 100
    backend: str = "cpp_standalone"
    parameters: NetworkParameters = NETWORK

    def settings(self, name: str, dataset: Dataset) -> Settings:
        """Return the settings of a run."""
        return Settings(
            parameters=NetworkParameters.from_dict(self.parameters.as_dict() | {"inputs": dataset.n_inputs}),
            rule=self.rules[name], epochs=self.epochs, seed=self.seed, chunk=self.chunk, backend=self.backend,
        )  # fmt: skip


def run_demo(folder: Path, output: Output, price: str, fresh: bool = False, plan: Plan | None = None) -> None:
    """Compile, train, evaluate, draw and compare.

    Parameters
    ----------
    folder : Path
        Runs and pictures go here; the runs of an earlier demo are taken over, or finished.
    output : Output
    price : str
        Name of an energy price.
    fresh : bool
        Delete the runs of an earlier demo and train again.
    plan : Plan, optional
        Another plan than the demo of the command.

    Raises
    ------
    RunFolderError
        If a run in the folder has other settings, or the folder cannot be written.
    BackendError
        If a program cannot be compiled.
    """
    began = time.perf_counter()
    plan = plan or Plan()
    dataset = Dataset.load(plan.data)
    wanted = {name: plan.settings(name, dataset) for name in plan.rules}
    todo = {
        name: settings
        for name, settings in wanted.items()
        if not _done(folder / name, None if fresh else settings, dataset)
    }
    _introduce(output, plan, dataset)
    runs: dict[str, Run] = {}
    try:
        with programs(todo, output) as wait:
            for name, settings in wanted.items():
                if name in todo:
                    wait(name)
                    if fresh:
                        shutil.rmtree(folder / name, ignore_errors=True)
                runs[name] = _one_run(output, folder / name, name, settings, dataset, plan)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped; continue with the same command.") from None
    with output.waiting("Drawing pictures …"):
        pictures = draw_comparison(runs, folder)
        pictures += [picture for name, run in runs.items() for picture in draw_run(run, folder / name)]
        report = write_report([folder / name for name in runs], folder / "report.html", price)
    summaries = [Summary.read(folder / name, name) for name in runs]
    seconds = time.perf_counter() - began
    output.result(
        {
            "runs": [summary.as_dict(price, summaries[0]) for summary in summaries],
            "pictures": [str(path) for path in pictures],
            "report": str(report),
            "seconds": seconds,
        },
        results_table(summaries, price),
        *(_in_words(summary, summaries[0]) for summary in summaries[1:]),
        "",
        "Pictures:",
        *(f"  {path}" for path in pictures),
        f"All of it on one page: {report}",
    )
    output.say(f"Done in {seconds:.0f} s. Next: spikeprune show {folder / list(runs)[-2]}; spikeprune train --help")


def in_words(rules: Mapping[str, PruningRule]) -> str:
    """Say at which parameters rules run that are not their defaults.

    Examples
    --------
    >>> in_words({"baseline": NoPruning(), "soft": SoftPruning(interval=100)})
    'soft with interval = 100, all else at its defaults'
    """
    said = []
    for name, rule in rules.items():
        other = [f"{key} = {value}" for key, value in asdict(rule).items() if value != getattr(type(rule)(), key)]
        said += [f"{name} with {', '.join(other)}"] if other else []
    return f"{'; '.join(said)}, all else at its defaults" if said else "every rule at its default parameters"


def _introduce(output: Output, plan: Plan, dataset: Dataset) -> None:
    names = list(plan.rules)
    output.say(
        f"Three networks of {plan.parameters.neurons} excitatory neurons learn to tell images apart, without labels: "
        f"{', '.join(names[:-1])} and {names[-1]}.\n"
        f"Rules: {in_words(plan.rules)}.\n"
        f"Images: {len(dataset.train_images):,} for training (shown {plan.epochs} times) and "
        f"{len(dataset.test_images):,} for testing, '{dataset.name}', {dataset.image_shape[0]} × "
        f"{dataset.image_shape[1]} pixels; nothing is downloaded."
    )


def _done(folder: Path, settings: Settings | None, dataset: Dataset) -> bool:
    """Whether a run with these settings is there, complete; without settings, one that is there will be replaced."""
    if not (folder / "run.json").exists():
        RunFolder.check(folder)
        return False
    if settings is None:
        return False
    record = RunFolder.open(folder)
    description = record.description()
    same = Settings.from_dict(description["settings"]) == settings
    if not same or description["data"]["checksum"] != dataset.checksum:
        raise RunFolderError(
            f"The run in {folder} has other settings or data than the demo: add --fresh to replace it, or choose "
            "another folder with --out."
        )
    return record.complete


def _one_run(output: Output, folder: Path, name: str, settings: Settings, dataset: Dataset, plan: Plan) -> Run:
    if (folder / "run.json").exists():
        complete = RunFolder.open(folder).complete
        output.say(f"{name}: {'found, trained before' if complete else 'going on with an interrupted run'} ({folder}).")
        run = training.load(folder, dataset) if complete else resume(output, folder)
    else:
        output.say(f"{name}: training …")
        run = train(
            output, dataset, settings.rule, folder, neurons=settings.parameters.neurons, epochs=settings.epochs,
            seed=settings.seed, parameters=settings.parameters, backend=settings.backend, chunk=settings.chunk,
            origin={"name": plan.data},
        )  # fmt: skip
    if run.evaluation is None:
        began = time.perf_counter()
        accuracy = evaluate(output, run).accuracy
        output.say(
            f"Evaluated on {len(dataset.test_images):,} test images, weights frozen, in "
            f"{time.perf_counter() - began:.1f} s: {accuracy:.1f} % right."
        )
    return run


def _in_words(summary: Summary, baseline: Summary) -> str:
    change = summary.change_against(baseline)
    share = (
        f"froze {100 * summary.frozen_share:.0f} % of the weights, which still transmit"
        if summary.frozen_share
        else f"removed {100 * summary.removed_share:.0f} % of the weights"
    )
    return (
        f"{summary.name} pruning {share}: synaptic operations {change['training_sops_percent']:+.0f} % in training and "
        f"{change['inference_sops_percent']:+.0f} % in inference, accuracy {change['accuracy_points']:+.1f} points."
    ).replace("-", "−")
