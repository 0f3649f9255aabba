"""Event data: recordings of an event camera become the input spikes, at their times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import Dataset, Run
from spikeprune.datasets import DataDescription, load_origin
from spikeprune.datasets.events import read_bin
from spikeprune.errors import DataError, DataNote, ParameterError

pytestmark = pytest.mark.filterwarnings("ignore::spikeprune.errors.DataNote")
SHAPE = (6, 5)


def bars(n: int, seed: int = 0) -> tuple[list[np.ndarray], list[str]]:
    """Bars that move right or down across the sensor in 48 ms, with noise; x, y, microseconds, polarity."""
    random = np.random.default_rng(seed)
    recordings, labels = [], []
    for k in range(n):
        down = k % 2 == 1
        steps, width = (6, 5) if down else (5, 6)
        along, across = np.repeat(np.arange(steps), width), np.tile(np.arange(width), steps)
        t = 8000 * along + random.integers(0, 6000, len(along))
        x, y = (across, along) if down else (along, across)
        recordings.append(np.stack([x, y, t, random.integers(0, 2, len(t))], axis=1))
        labels.append("down" if down else "right")
    return recordings, labels


@pytest.fixture(scope="module")
def data() -> Dataset:
    recordings, labels = bars(4, 1)
    return sp.event_data(*bars(12), [*recordings, TWICE], [*labels, "right"], shape=SHAPE)


#: Two events of an input in one time step.
TWICE = np.array([[1, 2, 1000, 0], [1, 2, 1100, 0]])
NETWORK: dict[str, Any] = {"presentation": 60, "rest": 20, "theta_plus": 0.4, "weight_share": 0.5}


@pytest.fixture(scope="module")
def run(data: Dataset) -> Run:
    return sp.train(
        data, sp.ConstantPruning(h=0.05, interval=3), neurons=6, parameters=NETWORK, backend="numpy",
        precision="double", chunk=4,
    )  # fmt: skip


def expected(recording: np.ndarray) -> set[tuple[int, float]]:
    """Input and time in ms of every event, at the begin of its time step."""
    x, y, t, p = recording.T
    return set(zip(((p * 6 + y) * 5 + x).tolist(), (0.5 * (t // 500)).tolist(), strict=True))


def test_events_are_the_input_spikes(run: Run, data: Dataset) -> None:
    assert data.image_shape == (12, 5)
    assert run.settings.parameters.inputs == 60
    recordings, _ = bars(3, 7)
    for recording in recordings:
        shown = run.present(recording)
        spikes = shown.spikes["input"]
        assert set(zip(spikes.i.tolist(), spikes.t.tolist(), strict=True)) == expected(recording)
        assert len(spikes.t) == 30
        assert shown.attempts == 1


def test_the_network_learns_from_them(run: Run, data: Dataset) -> None:
    assert run.counts.input_spikes == 12 * 30
    assert run.counts.presentations == 12
    assert run.counts.excitatory_spikes > 0
    assert 0 < run.alive.mean() < 1
    evaluation = run.evaluate()
    assert evaluation.counts.input_spikes == 4 * 30 + 2
    recordings = [*bars(4, 1)[0], TWICE]
    np.testing.assert_array_equal(run.respond(recordings), evaluation.responses)
    np.testing.assert_array_equal(run.predict(recordings)[:1], run.predict(recordings[0]))
    assert set(run.predict(recordings)) <= {"down", "right", ""}


@pytest.mark.long
def test_compiled_programs_show_the_same_spikes(run: Run, data: Dataset) -> None:
    """And learn the same, bit by bit."""
    compiled = sp.train(data, run.settings.rule, parameters=run.settings.parameters, precision="double", chunk=4)
    np.testing.assert_array_equal(compiled.weights, run.weights)
    np.testing.assert_array_equal(compiled.responses, run.responses)
    assert compiled.counts == run.counts


def write_bin(path: Path, recording: np.ndarray) -> None:
    """Write a file as N-MNIST has them."""
    x, y, t, p = recording.T
    columns = [x, y, (p << 7) | (t >> 16), (t >> 8) & 255, t & 255]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(np.stack(columns, axis=1).astype(np.uint8).tobytes())


def test_files_of_n_mnist(data: Dataset, tmp_path: Path) -> None:
    """The same data set as from arrays; a run remembers where they were."""
    test = [*bars(4, 1)[0], TWICE], [*bars(4, 1)[1], "right"]
    for part, (recordings, labels) in (("train", bars(12)), ("test", test)):
        for k, (recording, label) in enumerate(zip(recordings, labels, strict=True)):
            write_bin(tmp_path / part / label / f"{k:02d}.bin", recording)
    first = bars(12)[0][0]
    np.testing.assert_array_equal(read_bin(tmp_path / "train" / "right" / "00.bin"), first)
    loaded = load_origin({"name": str(tmp_path), "shape": [6, 5]})
    assert loaded.class_names == data.class_names
    assert sorted(image.tobytes() for image in loaded.train_images) == sorted(
        image.tobytes() for image in data.train_images
    )
    assert load_origin(loaded.origin or {}).checksum == loaded.checksum
    part = loaded.subset(train=4).validation_split(2)
    assert load_origin(part.origin or {}).checksum == part.checksum
    assert sp.train is not None
    assert DataDescription.from_dict(DataDescription.of(part).as_dict()).event_slots == part.event_slots
    (tmp_path / "train" / "right" / "00.bin").write_bytes(b"1234567")
    with pytest.raises(DataError, match="7 bytes, no multiple of 5"):
        load_origin({"name": str(tmp_path), "shape": [6, 5]})


def test_recordings_in_every_form_are_the_same() -> None:
    recording = bars(1)[0][0]
    structured = np.zeros(len(recording), dtype=[("t", int), ("x", int), ("y", int), ("p", bool)])
    for column, name in enumerate("xytp"):
        structured[name] = recording[:, column]
    made = [
        sp.event_data([form], ["a"], [form], ["a"], shape=SHAPE).train_images
        for form in (recording, recording.tolist(), structured, tuple(recording.T), recording[::-1])
    ]
    for other in made[1:]:
        np.testing.assert_array_equal(other, made[0])


def test_an_input_fires_once_a_step_and_late_events_are_not_shown(run: Run) -> None:
    """Of two events in a time step the second comes in the next; one after the presentation does not come."""
    shown = run.present([*TWICE.tolist(), [3, 3, 70_000, 1]])
    np.testing.assert_array_equal(shown.spikes["input"].i, [11, 11])
    np.testing.assert_array_equal(shown.spikes["input"].t, [1.0, 1.5])


def test_more_events_than_in_training_are_left_out_with_a_note(run: Run, data: Dataset) -> None:
    many = [[0, 0, 1000 * k] for k in range(data.event_slots + 4)]
    with pytest.warns(DataNote, match=r"5 events are left out: inputs had at most \d+ each"):
        shown = run.present(many)
    assert len(shown.spikes["input"].t) == data.event_slots - 1


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        ([[5, 0, 10]], "has x = 5: it must be from 0 to 4"),
        ([[0, -1, 10]], "has y = -1: it must be from 0 to 5"),
        ([[0, 0, -10]], "has t = -10: it must be at least 0"),
        ([[0, 0, float("nan")]], "NaN or infinity"),
        ([[0, 0]], "are no table"),
        ([["a", "b", "c"]], "are no table"),
        ([[0, 0, 10**6]], "no event within 655 ms"),
        ([[0, 0, 100 * k] for k in range(1000)], "1000 events in one recording"),
    ],
)
def test_what_is_no_recording_is_refused(recording: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        sp.event_data([recording], ["a"], [recording], ["a"], shape=SHAPE)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def test_sensors_and_labels_have_to_fit() -> None:
    recordings, labels = bars(4)
    for shape in (5, (0, 5), "ab", (5,)):
        with pytest.raises(ParameterError, match="give height and width"):
            sp.event_data(recordings, labels, shape=shape)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="4 training recordings but 3 training labels"):
        sp.event_data(recordings, labels[:3], recordings, labels, shape=SHAPE)
    held = sp.event_data(*bars(20), shape=SHAPE)
    assert (len(held.train_images), len(held.test_images)) == (16, 4)
