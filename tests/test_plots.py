"""Pictures show what is stored: curves equal the history, removed synapses are white, files are whole or absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikeprune import AdaptivePruning, Dataset, NetworkParameters, NoPruning, OperationCounts, SoftPruning
from spikeprune.datasets.description import DataDescription
from spikeprune.errors import DataError, ParameterError, RunFolderError
from spikeprune.evaluation import Evaluation
from spikeprune.plots import OPERATIONS, comparison, confusion, history, receptive_fields
from spikeprune.plots.fields import REMOVED
from spikeprune.pruning import PruningRule
from spikeprune.readout import read_out
from spikeprune.run import Run
from spikeprune.settings import Settings

NEURONS, SIDE = 5, 4


def counts(factor: int) -> OperationCounts:
    """Counts of 10 images, every class of operation a different number."""
    return OperationCounts(
        input_to_excitatory=1000 * factor, excitatory_to_inhibitory=10 * factor, inhibitory_to_excitatory=40 * factor,
        updates_on_input_spikes=900 * factor, updates_on_excitatory_spikes=80 * factor, images=10, presentations=12,
        input_spikes=200, excitatory_spikes=10 * factor, inhibitory_spikes=10 * factor,
    )  # fmt: skip


def entry(images: int, removed: float, frozen: float, threshold: list[float] | None) -> dict:
    return {
        "images": images, "total": 30, "seconds": 1.0, "accuracy": None if images == 10 else 50.0 + images,
        "counts": counts(images).as_dict(), "removed_share": removed, "frozen_share": frozen, "threshold": threshold,
        "theta_mV": [20.0] * 5, "spikes_per_image": 7.0, "silent_neurons": 0,
    }  # fmt: skip


def make_run(rule: PruningRule, removed: bool = False, frozen: bool = False) -> Run:
    """A run of three chunks, made of arrays alone."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 255, (30, SIDE, SIDE)).astype(np.uint8)
    data = Dataset.from_arrays(images[:20], np.arange(20) % 3, images[20:], np.arange(10) % 3, name="made up")
    p = NetworkParameters(neurons=NEURONS, inputs=SIDE * SIDE)
    alive = np.ones((SIDE * SIDE, NEURONS), bool)
    if removed:
        alive[:6, 1:] = False
    weights = rng.uniform(0.1, 0.5, alive.shape) * alive
    responses = rng.integers(1, 9, (20, NEURONS)).astype(np.int32)
    thresholds = [[0.01 * k, 0.02 * k, 0.03 * k, 0.04 * k, 0.05 * k] for k in (1, 2, 3)]
    shares = [0.1, 0.2, 0.3]
    run = Run(
        Settings(p, rule), DataDescription.of(data), data,
        {"plastic.w": weights.ravel(), "plastic.alive": alive.ravel()},
        [
            entry(10 * k, shares[k - 1] * removed, shares[k - 1] * frozen, thresholds[k - 1] if removed else None)
            for k in (1, 2, 3)
        ],
    )  # fmt: skip
    run.recent.extend(responses, data.train_labels)
    test = rng.integers(0, 9, (10, NEURONS)).astype(np.int32)
    readout = read_out(responses, data.train_labels, test, data.test_labels, 3)
    run.evaluation = Evaluation(readout, test, data.test_labels, counts(2 if removed else 4), {})
    return run


@pytest.fixture
def pruned() -> Run:
    return make_run(AdaptivePruning(), removed=True)


@pytest.fixture
def whole() -> Run:
    return make_run(NoPruning())


def test_receptive_fields_show_every_weight_and_leave_removed_synapses_white(pruned: Run) -> None:
    before, after, bar = receptive_fields(pruned).axes
    assert bar.get_ylabel() == "weight"
    assert after.get_title("left") == f"After training: {100 * (1 - pruned.alive.mean()):.0f} % removed (white)"
    shown = after.images[0].get_array()
    np.testing.assert_allclose(np.sort(shown.compressed()), np.sort(pruned.weights[pruned.alive]))
    np.testing.assert_allclose(after.images[0].cmap.get_bad()[:3], float(REMOVED))
    # Five neurons fill five of nine tiles; before training no synapse is removed.
    assert before.images[0].get_array().count() == 5 * SIDE * SIDE
    # Sorted by class, the first neuron fills the first tile.
    first = np.argsort(pruned.assignment, kind="stable")[0]
    tile = pruned.weights[:, first].reshape(SIDE, SIDE)
    np.testing.assert_allclose(shown[:SIDE, :SIDE].filled(0), tile)


def test_receptive_fields_of_some_neurons(pruned: Run) -> None:
    figure = receptive_fields(pruned, most=4)
    assert "4 of 5 neurons" in figure.axes[0].get_ylabel()
    assert figure.axes[1].images[0].get_array().shape == (2 * SIDE, 2 * SIDE)
    with pytest.raises(ParameterError, match="most is 0"):
        receptive_fields(pruned, most=0)


def test_history_draws_the_stored_numbers(pruned: Run, whole: Run) -> None:
    soft = make_run(SoftPruning(), frozen=True)
    figure = history({"none": whole, "adaptive": pruned, "soft": soft})
    threshold, removed, accuracy, operations = figure.axes
    curves = {line.get_label(): line.get_ydata() for line in removed.lines}
    np.testing.assert_allclose(curves["adaptive"], [10, 20, 30])
    np.testing.assert_allclose(curves["soft, frozen"], [10, 20, 30])
    np.testing.assert_allclose(curves["none"], 0)
    medians = {line.get_label(): line.get_ydata() for line in threshold.lines}
    np.testing.assert_allclose(medians["adaptive"], [0.03, 0.06, 0.09])
    assert "none" not in medians
    np.testing.assert_allclose(accuracy.lines[0].get_ydata(), [np.nan, 70, 80])
    # Chunk k of 10 images has 1050 * 10k transmissions and 980 * 10k updates.
    drawn = {line.get_label(): line.get_ydata() for line in operations.lines}
    np.testing.assert_allclose(drawn["none"], [1050, 2100, 3150])
    np.testing.assert_allclose(drawn["none, updates"], [980, 1960, 2940])
    np.testing.assert_array_equal(removed.lines[0].get_xdata(), [10, 20, 30])


def test_history_of_one_run_without_threshold(whole: Run) -> None:
    assert history(whole).axes[0].texts[0].get_text() == "no threshold"


def test_confusion_is_in_percent_of_the_class(pruned: Run) -> None:
    ax = confusion(pruned).axes[0]
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (3, 4)
    np.testing.assert_allclose(shown.sum(axis=1), 100)
    assert ax.get_xticklabels()[-1].get_text().replace("\n", " ") == "no answer"


def test_comparison_stacks_the_classes_and_writes_the_change(pruned: Run, whole: Run) -> None:
    accuracy, training, inference = comparison({"none": whole, "adaptive": pruned}).axes
    widths = np.array([[bar.get_width() for bar in group] for group in inference.containers])
    # Inference of 10 images: (1000 + 10 + 40) * 4 without pruning, half of it with.
    np.testing.assert_allclose(widths.sum(axis=0), [420, 210])
    assert "−50 %" in inference.texts[1].get_text()
    assert len(training.containers) == len(OPERATIONS)
    assert len(inference.containers) == 3
    np.testing.assert_allclose(accuracy.lines[0].get_xdata(), [whole.evaluation.accuracy, pruned.evaluation.accuracy])


def test_pictures_of_runs_that_are_not_evaluated_are_refused(whole: Run) -> None:
    whole.evaluation = None
    with pytest.raises(DataError, match="no evaluation"):
        confusion(whole)
    with pytest.raises(ParameterError, match="0 runs"):
        comparison({})


def test_file_is_a_png_and_whole_or_absent(pruned: Run, tmp_path: Path) -> None:
    path = tmp_path / "fields.png"
    receptive_fields(pruned, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(RunFolderError, match="cannot be written"):
        confusion(pruned, tmp_path / "nowhere" / "confusion.png")
    with pytest.raises(ParameterError, match="PNG"):
        confusion(pruned, tmp_path / "confusion.jpg")
    assert [file.name for file in tmp_path.iterdir()] == ["fields.png"]
