"""Looking into a trained network: one presentation step by step, the course of training, tables.

The network is the small one of conftest: 12 neurons, 8 x 8 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters, PruningRule, Run
from spikeprune.backend import Program
from spikeprune.errors import DataError, ParameterError
from spikeprune.presenting import Presentation
from spikeprune.snapshots import moments

NAMES = ["v", "g_e", "inhibitory.v"]


@pytest.fixture(scope="module")
def run(
    compiled: Callable[[str], Program], small: NetworkParameters, small_rule: PruningRule, digits: Dataset
) -> Run:
    """A network that has seen 60 images, with snapshots."""
    compiled("double")
    return sp.train(
        digits.subset(train=60), small_rule, parameters=small, precision="double", chunk=20, seed=5,
        snapshots=[15, 0.5, 60],
    )  # fmt: skip


@pytest.fixture(scope="module")
def shown(run: Run, digits: Dataset) -> Presentation:
    """An image that the network answers, in Brian2's runtime mode."""
    return run.present(digits.test_images[0], record=NAMES, backend="numpy")


def test_a_presentation_is_what_the_network_answers(run: Run, digits: Dataset, shown: Presentation) -> None:
    """The same spikes as in the compiled program without recorders, of which the response is counted."""
    response = run.respond(digits.test_images[0])[0]
    assert response.sum() > 0
    np.testing.assert_array_equal(shown.response, response)
    spikes = shown.spikes["excitatory"]
    np.testing.assert_array_equal(np.bincount(spikes.i, minlength=12), response)
    assert (np.diff(spikes.t) >= 0).all()
    assert 0 <= spikes.t.min() <= spikes.t.max() < 60
    assert f"{len(spikes.t)} excitatory" in repr(shown)
    # Pixels that are black have no spikes, and bright ones more than dark ones.
    pixels = digits.test_images[0].ravel()
    counts = np.bincount(shown.spikes["input"].i, minlength=64)
    assert counts[pixels == 0].sum() == 0
    assert counts[pixels > 200].mean() > counts[(pixels > 0) & (pixels < 100)].mean()


def test_traces_belong_to_the_spikes(run: Run, shown: Presentation, small: NetworkParameters) -> None:
    """A neuron whose potential is above its threshold fires in this time step, unless it is refractory."""
    v, spikes, p = shown["v"], shown.spikes["excitatory"], small
    assert v.shape == (12, 120) == shown["inhibitory.v"].shape
    assert shown.times[0] == 0.5
    assert shown.times[-1] == 60
    threshold = 1e-3 * (p.v_threshold_e - p.theta_offset) + run.theta
    above = v > threshold[:, np.newaxis]
    fired = np.zeros_like(above)
    fired[spikes.i, np.rint(spikes.t / p.dt).astype(int)] = True
    assert (above >= fired).all()
    for neuron in range(12):
        last = -100
        for step in np.flatnonzero(above[neuron]):
            assert fired[neuron, step] == (step - last >= p.refractory_e / p.dt)
            last = step if fired[neuron, step] else last
    assert (shown["g_e"] >= 0).all()
    with pytest.raises(ParameterError, match=r"'excitatory\.theta' was not recorded: ask"):
        shown["theta"]


@pytest.mark.long
def test_back_ends_record_the_same_bit_by_bit(run: Run, digits: Dataset, shown: Presentation) -> None:
    compiled = run.present(digits.test_images[0], record=NAMES)
    assert compiled.attempts == shown.attempts
    for group, spikes in shown.spikes.items():
        for name, values in zip("ti", spikes, strict=True):
            np.testing.assert_array_equal(getattr(compiled.spikes[group], name), values, err_msg=group)
    assert set(compiled.traces) == set(shown.traces)
    for name, values in shown.traces.items():
        np.testing.assert_array_equal(compiled.traces[name], values, err_msg=name)


def test_of_several_showings_the_last_is_recorded(run: Run) -> None:
    """A black image draws no spike, and is shown three times; a second presentation begins anew."""
    for _ in range(2):
        shown = run.present(np.zeros((8, 8), np.uint8), record=NAMES, backend="numpy")
        assert shown.attempts == 3
        assert shown["v"].shape == (12, 120)
        assert all(len(spikes.t) == 0 for spikes in shown.spikes.values())
    assert "shown 3 times" in repr(shown)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"record": ["w"]}, "Unknown variable of the excitatory neurons 'w'"),
        ({"record": "plastic.w"}, "Unknown group to record 'plastic'"),
        ({"record": "inhibitory.theta"}, "Unknown variable of the inhibitory neurons 'theta'"),
        ({"backend": "cuda_standalone"}, "'cuda_standalone' records no single presentation: choose one of cpp_"),
        ({"backend": "nmpy"}, "'nmpy' records no"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    options: dict[str, Any], message: str, run: Run, digits: Dataset
) -> None:
    with pytest.raises(ParameterError, match=message) as error:
        run.present(digits.test_images[0], **{"backend": "numpy", **options})
    assert str(error.value).endswith(".")
    with pytest.raises(DataError, match="3 images are given, but one is presented"):
        run.present(digits.test_images[:3])


def test_snapshots_are_the_network_at_that_time(
    run: Run, small: NetworkParameters, small_rule: PruningRule, digits: Dataset, tmp_path: Path
) -> None:
    """In memory and in a folder; how images are cut into chunks changes nothing."""
    assert [each.images for each in run.snapshots] == [15, 30, 60]
    options: dict[str, Any] = {"parameters": small, "precision": "double", "chunk": 20, "seed": 5}
    stored = sp.train(digits.subset(train=60), small_rule, snapshots=15, folder=tmp_path / "run", **options)
    loaded = sp.load(tmp_path / "run").snapshots
    assert [each.images for each in loaded] == [15, 30, 45, 60]
    np.testing.assert_array_equal(stored.weights, run.weights)
    for mine, theirs in ((run.snapshots[0], loaded[0]), (run.snapshots[2], loaded[3]), (run.snapshots[2], run)):
        for name in ("weights", "alive", "theta", "thresholds"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name), err_msg=name)
    early = sp.train(digits.subset(train=15), small_rule, **options)
    np.testing.assert_array_equal(loaded[0].weights, early.weights)
    assert (run.snapshots[1].alive <= run.snapshots[0].alive).all()
    assert "15 images" in repr(loaded[0])
    assert run.thresholds is not None
    assert run.thresholds.shape == (12,)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, []), (25, [25, 50, 75, 100]), (0.5, [50, 100]), ([1, 0.5, 100], [1, 50, 100]), ((), []), (300, [])],
)
def test_moments_of_snapshots(given: Any, expected: list[int]) -> None:
    assert moments(given, 100) == expected


@pytest.mark.parametrize("given", ["often", 0, -1, 1.5, [101], [0.5, "x"], object()])
def test_moments_that_are_none(given: Any) -> None:
    with pytest.raises(ParameterError):
        moments(given, 100)


def test_the_history_is_a_table(run: Run) -> None:
    table = run.history.to_pandas()
    assert table.index.tolist() == [15, 30, 50, 60]
    assert table["counts.images"].sum() == 60
    assert table["removed_share"].is_monotonic_increasing
    assert (table["threshold.min"] <= table["threshold.max"]).all()
    assert table["threshold.median"].iloc[-1] == pytest.approx(np.median(run.thresholds))
    assert "<table" in run.history._repr_html_()


def test_progress_is_shown_where_it_is_asked_for(
    run: Run, small: NetworkParameters, small_rule: PruningRule, digits: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {"parameters": small, "precision": "double", "chunk": 20}
    trained = sp.train(digits.subset(train=20, test=2), small_rule, progress=True, **options)
    assert "20/20" in capsys.readouterr().out
    trained.evaluate(progress=True)
    assert "Evaluating" in capsys.readouterr().out
    sp.train(digits.subset(train=5), small_rule, progress=False, **options)
    assert capsys.readouterr().out == ""
