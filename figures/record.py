"""Train the networks of ``networks.toml`` and record what the figures show: ``results/figures/LABEL.npz``.

    python figures/record.py                 # all of them: MNIST is needed, and some ten minutes of one core
    python figures/record.py adaptive soft   # these alone
    python figures/record.py --experiment mine.toml --out mine

The network of the first seed is followed chunk by chunk, and shown one test image in Brian2's runtime mode under
monitors; of the other seeds, the history of training and the evaluation are kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets import Dataset
from spikeprune.errors import SpikepruneError
from spikeprune.plots.record import Record
from spikeprune.provenance import provenance
from spikeprune.quiet import quiet_brian2
from spikeprune.readout import UNASSIGNED, vote
from spikeprune.records import RunFolder
from spikeprune.run import Run
from spikeprune.state import initial_weights, rule_thresholds
from spikeprune.sweep.experiment import Experiment, PlannedRun
from spikeprune.training import train

HERE = Path(__file__).parent
#: Neurons whose membrane potential is kept, and misclassified test images.
TRACED, MISTAKES = 3, 100
#: Misclassified images that are tried for the one that is shown step by step.
ATTEMPTS = 5


def trained(planned: PlannedRun, data: Dataset, follow: bool) -> tuple[Run, dict[str, NDArray[Any]]]:
    """Train and evaluate a network; where it is followed, read the checkpoint after each chunk."""
    settings, chunks = planned.settings, []

    def keep(entry: dict[str, Any]) -> None:
        stored = RunFolder(folder).read_arrays("checkpoint.npz")
        state = {name[6:]: value for name, value in stored.items() if name.startswith("state/")}
        shape = (settings.parameters.inputs, settings.parameters.neurons)
        threshold = rule_thresholds(settings.rule, state, settings.parameters.neurons)
        chunks.append(
            {
                "threshold": np.zeros(0) if threshold is None else threshold.astype(np.float32),
                "remaining": state["plastic.alive"].reshape(shape).sum(axis=0).astype(np.uint16),
                "spikes": stored["responses"][-entry["counts"]["images"] :].sum(axis=0).astype(np.uint32),
                "theta": (1e3 * state["excitatory.theta"]).astype(np.float32),
                "weights": state["plastic.w"].reshape(shape).astype(np.float16),
                "alive": state["plastic.alive"].reshape(shape).astype(bool),
            }
        )

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / planned.name
        options = {key: value for key, value in vars(settings).items() if key not in ("parameters", "rule")}
        run = train(
            data, settings.rule, neurons=settings.parameters.neurons, parameters=settings.parameters,
            folder=folder, progress=keep if follow else None, **options,
        )  # fmt: skip
        run.evaluate(workers=1)
    return run, course(run, chunks) if follow else {}


def course(run: Run, chunks: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Put the chunks together; all weights are kept of one neuron only, a good one with a large field.

    It is, of the quarter of the neurons that answer their own class most purely, the one whose strength is spread over
    most synapses.
    """
    found = {f"course/{name}": np.stack([chunk[name] for chunk in chunks]) for name in list(chunks[0])[:4]}
    if not found["course/threshold"].size:
        del found["course/threshold"]
    own = run.labels[:, np.newaxis] == run.assignment
    spikes = run.responses.sum(axis=0)
    purity = (run.responses * own).sum(axis=0) / np.maximum(spikes, 1)
    good = (purity >= np.quantile(purity, 0.75)) & (spikes >= np.quantile(spikes, 0.25))
    squares = (run.weights.astype(np.float64) ** 2).sum(axis=0)
    chosen = int(np.argmin(np.where(good if good.any() else True, squares, np.inf)))
    first = initial_weights(run.settings.parameters, run.settings.seed)[:, chosen]
    return found | {
        "forming/neuron": np.array(chosen),
        "forming/weights": np.stack([first, *(chunk["weights"][:, chosen] for chunk in chunks)]).astype(np.float16),
        "forming/alive": np.stack([first > -1, *(chunk["alive"][:, chosen] for chunk in chunks)]),
    }


def presentation(run: Run, image: int) -> dict[str, NDArray[Any]]:
    """Show a test image to the frozen network in Brian2's runtime mode, under monitors."""
    p, classes = run.settings.parameters, run.dataset.n_classes
    shown = run.present(
        run.dataset.test_images[image], record=["v"], number=image, backend="numpy", precision="double"
    )  # fmt: skip

    def steps(group: str) -> NDArray[Any]:
        spikes = shown.spikes[group]
        return np.stack([np.rint(spikes.t / p.dt), spikes.i]).astype(np.int32)

    # The neurons that fire most, and one of the answer's rivals: the busiest of another class, where there is one.
    ranked = np.argsort(-shown.response, kind="stable")
    rivals = [neuron for neuron in ranked if run.assignment[neuron] not in (run.assignment[ranked[0]], UNASSIGNED)]
    traced = np.array(list(dict.fromkeys([ranked[0], rivals[0] if rivals else ranked[1], *ranked]))[:TRACED])
    threshold = (p.v_threshold_e - p.theta_offset) + 1e3 * run.theta[traced]
    return {
        "presentation/image": np.array(image),
        "presentation/attempts": np.array([shown.attempts]),
        "presentation/answer": vote(shown.response[np.newaxis], run.assignment, classes),
        "presentation/duration": np.array(p.presentation),
        "presentation/dt": np.array(p.dt),
        "presentation/input": steps("input"),
        "presentation/excitatory": steps("excitatory"),
        "presentation/inhibitory": steps("inhibitory"),
        "presentation/traced": traced,
        "presentation/v": (1e3 * shown["v"][traced]).astype(np.float32),
        "presentation/v_threshold": threshold.astype(np.float32),
    }


def record(label: str, plan: list[PlannedRun], data: Dataset, command: str) -> Record:
    """Train one rule with every seed."""
    runs: list[Run] = []
    arrays: dict[str, NDArray[Any]] = {}
    for planned in plan:
        run, followed = trained(planned, data, follow=not runs)
        runs.append(run)
        arrays |= followed
        print(f"{label}, seed {planned.settings.seed}: {run.evaluation.accuracy:.2f} %", flush=True)
    whole = Record.of(runs[0], label)
    predictions, labels = whole.arrays["predictions"], whole.arrays["labels"]
    wrong = np.flatnonzero(predictions != labels)
    # Shown alone, an image may be answered better than among others: take one that is not.
    for image in [*wrong[:ATTEMPTS].tolist(), 0]:
        shown_alone = presentation(runs[0], image)
        if shown_alone["presentation/answer"][0] != labels[image]:
            break
    arrays |= shown_alone
    # The images themselves only of mistakes and of what is shown: those of the data set are many.
    shown = np.unique([*wrong[:MISTAKES], int(arrays["presentation/image"])])
    arrays |= {name: value for name, value in whole.arrays.items() if name != "test_images"}
    arrays |= {"mistakes/number": shown, "mistakes/images": data.test_images[shown]}
    small = {name: arrays[name].astype(np.int16) for name in ("predictions", "labels", "assignment")}
    return Record(
        label, whole.settings, whole.data, whole.class_names, whole.image_shape,
        [run.settings.seed for run in runs], [run.history for run in runs],
        [run.evaluation.as_dict() if run.evaluation else None for run in runs], arrays | small,
        provenance(getattr(runs[0].program, "compiler", None)), command,
    )  # fmt: skip


def main() -> None:
    """Record the networks that the command names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="*", metavar="LABEL", help="rules to record, all unless given")
    parser.add_argument("--experiment", type=Path, default=HERE / "networks.toml", help="TOML file of an experiment")
    parser.add_argument("--out", type=Path, default=HERE.parent / "results" / "figures", help="folder of the records")
    arguments = parser.parse_args()
    quiet_brian2()
    try:
        experiment = Experiment.read(arguments.experiment)
        known = [variant.label for variant in experiment.variants]
        if unknown := sorted(set(arguments.labels) - set(known)):
            sys.exit(f"{arguments.experiment} has no rule '{unknown[0]}': choose among {', '.join(known)}.")
        data = experiment.data.load()
        plan = experiment.plan(data.checksum, data.n_inputs, data.ink, len(data.train_images))
        arguments.out.mkdir(parents=True, exist_ok=True)
        for number, label in enumerate(known):
            if label in arguments.labels or not arguments.labels:
                made = record(
                    label, [run for run in plan if run.label == label], data, f"python figures/record.py {label}"
                )
                made.write(arguments.out / f"{number}-{label}.npz")
    except SpikepruneError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
