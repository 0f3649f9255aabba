"""Training: neither chunks, crashes nor labels leave a trace in the network; evaluation changes nothing.

All runs but a few use the compiled small network: 200 digits of 8 x 8 pixels, 12 neurons, chunks of 20 images.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters, NoPruning, PostTrainingPruning, PruningRule, Run
from spikeprune import evaluation as evaluation_module
from spikeprune import frozen as frozen_module
from spikeprune.backend import Program
from spikeprune.errors import DataError, ParameterError, RunFolderError
from spikeprune.records import RunFolder
from spikeprune.settings import Settings

CHUNK = 20
Train = Callable[..., Run]


@pytest.fixture(scope="module")
def train(
    compiled: Callable[[str], Program], small: NetworkParameters, small_rule: PruningRule, digits: Dataset
) -> Train:
    """``train(folder=...)`` trains the small network in two epochs, in another order each."""
    compiled("double")

    def run(dataset: Dataset = digits, **options: Any) -> Run:
        settings: dict[str, Any] = {
            "neurons": 12, "parameters": small, "precision": "double", "chunk": CHUNK, "epochs": 2, "shuffle": True,
            "seed": 5,
        }  # fmt: skip
        return sp.train(dataset, small_rule, **settings | options)

    return run


@pytest.fixture(scope="module")
def whole(train: Train) -> Run:
    """The run that nothing interrupted."""
    return train()


def assert_same_run(run: Run, expected: Run) -> None:
    """Whole state, responses and history; only the seconds may differ."""
    assert run.state.keys() == expected.state.keys()
    for name, value in expected.state.items():
        np.testing.assert_array_equal(run.state[name], value, err_msg=name)
        assert run.state[name].dtype == value.dtype
    np.testing.assert_array_equal(run.responses, expected.responses)
    np.testing.assert_array_equal(run.labels, expected.labels)
    assert [timeless(entry) for entry in run.history] == [timeless(entry) for entry in expected.history]


def timeless(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "seconds"}


def test_training_learns_and_prunes(whole: Run) -> None:
    """The run that all others are compared with is worth it."""
    assert [entry["images"] for entry in whole.history] == list(range(20, 401, 20))
    assert whole.counts.images == 400 < whole.counts.presentations
    assert 0.3 < 1 - whole.alive.mean() < 0.9
    assert whole.responses.shape == (200, 12)
    assert whole.history[0]["accuracy"] is None
    # Chance is 10 %; 12 neurons, trained on 400 showings, read 25 to 35 % of the digits of a chunk over seeds.
    assert np.mean([entry["accuracy"] for entry in whole.history[10:]]) > 18


def test_history_tells_what_the_state_says(whole: Run) -> None:
    last = whole.history[-1]
    assert last["removed_share"] == pytest.approx(1 - whole.alive.mean())
    assert last["frozen_share"] == 0
    assert last["theta_mV"][0] == pytest.approx(whole.theta.min() * 1e3)
    assert last["threshold"][4] == pytest.approx(whole.state["incoming.h"].max())
    assert last["spikes_per_image"] == pytest.approx(whole.responses[-CHUNK:].sum() / CHUNK)
    assert last["silent_neurons"] == int((whole.responses[-CHUNK:].sum(axis=0) == 0).sum())
    shares = [entry["removed_share"] for entry in whole.history]
    assert shares == sorted(shares)


def test_same_seed_same_run_other_seed_other_run(train: Train, whole: Run) -> None:
    assert_same_run(train(), whole)
    assert np.any(train(seed=6).weights != whole.weights)


@pytest.mark.parametrize(
    ("images", "epochs", "chunk"), [(7, 1, 100), (200, 3, 100), (200, 50, 200), (200, 250, 1000), (200, 1000, 1000)]
)
def test_a_chunk_is_a_fortieth_of_the_training_within_bounds(
    images: int, epochs: int, chunk: int, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Begun(Exception):
        """The training would begin."""

    def begin(settings: Settings, *others: Any, **options: Any) -> None:
        assert settings.chunk == chunk
        raise Begun

    monkeypatch.setattr("spikeprune.training.begin", begin)
    with pytest.raises(Begun):
        sp.train(digits.subset(train=images), "none", epochs=epochs)


def test_chunk_size_and_back_end_leave_no_trace(train: Train, digits: Dataset) -> None:
    """21 images in chunks of 20 by C++ and of 8 by NumPy, over the border of an epoch of 7 images."""
    few = digits.subset(train=7)
    one = train(few, epochs=3)
    other = train(few, epochs=3, backend="numpy", chunk=8)
    assert [entry["images"] for entry in other.history] == [8, 16, 21]
    assert (one.counts, one.counts.images) == (other.counts, 21)
    np.testing.assert_array_equal(one.responses, other.responses)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.alive, other.alive)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-9, atol=1e-15)


def test_labels_do_not_reach_training(train: Train, digits: Dataset, whole: Run) -> None:
    """With the labels of other images the network is the same, bit by bit, and reads worse."""
    rng = np.random.default_rng(0)
    mixed = Dataset.from_arrays(
        digits.train_images, rng.permutation(digits.train_labels), digits.test_images, digits.test_labels
    )
    run = train(mixed)
    for name, value in whole.state.items():
        np.testing.assert_array_equal(run.state[name], value, err_msg=name)
    np.testing.assert_array_equal(run.responses, whole.responses)
    assert run.counts == whole.counts
    assert np.any(run.labels != whole.labels)


def test_post_training_pruning_comes_after_the_last_image(small: NetworkParameters, digits: Dataset) -> None:
    run = sp.train(
        digits.subset(train=2), PostTrainingPruning(share=0.75), neurons=12, parameters=small, backend="numpy", chunk=1
    )
    assert [entry["removed_share"] for entry in run.history] == [0, 0]
    assert (~run.alive).sum() == 0.75 * 64 * 12
    assert not run.weights[~run.alive].any()


# Order of the images


def test_shuffled_epochs_show_every_image_once_in_another_order(small: NetworkParameters) -> None:
    settings = Settings(small, NoPruning(), seed=3, shuffle=True)
    orders = [settings.order(50, epoch) for epoch in range(3)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(50))
    assert np.any(orders[0] != orders[1])
    assert np.any(orders[1] != orders[2])
    assert np.any(orders[0] != replace(settings, seed=4).order(50, 0))
    np.testing.assert_array_equal(settings.order(50, 1), orders[1])
    np.testing.assert_array_equal(replace(settings, shuffle=False).order(50, 1), np.arange(50))


def test_assignment_uses_the_last_images(whole: Run, train: Train, digits: Dataset) -> None:
    """In the order in which they were shown; as many as asked for."""
    order = whole.settings.order(200, 1)
    np.testing.assert_array_equal(whole.labels, digits.train_labels[order])
    few = train(assignment_images=30)
    np.testing.assert_array_equal(few.labels, whole.labels[-30:])
    np.testing.assert_array_equal(few.responses, whole.responses[-30:])


# Crashes

TRAIN_AND_SAY = """
import json, sys
import spikeprune as sp
data, folder, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
def say(entry):
    print(entry["images"], flush=True)
if settings:
    parameters = sp.NetworkParameters.from_dict(settings.pop("parameters"))
    rule = sp.AdaptivePruning(**settings.pop("rule"))
    dataset = sp.Dataset.load(data)
    sp.train(dataset, rule, parameters=parameters, folder=folder, origin={"name": data}, progress=say, **settings)
else:
    sp.resume(folder, progress=say)
"""


def kill(data: Path, folder: Path, settings: dict[str, Any], chunks: int, seconds: float) -> int:
    """Start or resume a training in a process of its own, and kill it some time after so many chunks.

    Returns the number of chunks that it has finished for certain.
    """
    command = [sys.executable, "-c", TRAIN_AND_SAY, str(data), str(folder), json.dumps(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(chunks)]
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, process.stderr.read()
        lines += process.stdout.read().splitlines()
    return len([line for line in lines if line.strip()])


@pytest.mark.long
def test_a_run_killed_again_and_again_ends_as_if_nothing_had_happened(
    whole: Run, digits: Dataset, small: NetworkParameters, tmp_path: Path
) -> None:
    """SIGKILL after 3 chunks, then at random moments within later ones, then to the end."""
    data, folder = tmp_path / "digits.npz", tmp_path / "run"
    np.savez(
        data, train_images=digits.train_images, train_labels=digits.train_labels, test_images=digits.test_images,
        test_labels=digits.test_labels,
    )  # fmt: skip
    settings = whole.settings
    start = {
        "parameters": small.as_dict(), "rule": {"interval": 5}, "neurons": 12, "precision": "double", "chunk": CHUNK,
        "epochs": 2, "shuffle": True, "seed": 5,
    }  # fmt: skip
    moments = np.random.default_rng().uniform(0, 0.4, 2)
    done = kill(data, folder, start, 3, 0)
    assert 3 <= done < 20
    for moment in moments:
        stored = json.loads(str(RunFolder.open(folder).read_arrays("checkpoint.npz")["history"]))
        assert len(stored) >= done
        done = len(stored) + kill(data, folder, {}, 2, moment)
        if RunFolder.open(folder).complete:
            break
    run = sp.resume(folder)
    assert run.settings == settings
    assert_same_run(run, whole)
    assert RunFolder.open(folder).complete
    assert_same_run(sp.load(folder), whole)


class Crash(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("survived", range(1, 7))
def test_a_crash_at_any_write_loses_at_most_a_chunk(
    survived: int, train: Train, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven writes: run.json, three checkpoints, network.npz, history.json, run.json; only the first ones happen."""
    few = digits.subset(train=60)
    expected = train(few, epochs=1)
    folder, done = tmp_path / "run", 0
    replace_file = os.replace

    def replace_or_crash(*arguments: Any) -> None:
        nonlocal done
        if done == survived:
            raise Crash
        done += 1
        replace_file(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", replace_or_crash)
        with pytest.raises(Crash):
            train(few, epochs=1, folder=folder)
    record = RunFolder.open(folder)
    assert not record.complete
    assert record.has("checkpoint.npz") == (survived > 1)
    with pytest.raises(RunFolderError, match="incomplete"):
        sp.load(folder, few)
    again: list[int] = []
    run = sp.resume(folder, few, progress=lambda entry: again.append(entry["images"]))
    assert again == [20, 40, 60][min(survived, 4) - 1 :]
    assert_same_run(run, expected)
    assert_same_run(sp.load(folder, few), expected)


def test_ctrl_c_leaves_a_folder_to_go_on_with(train: Train, digits: Dataset, tmp_path: Path) -> None:
    few = digits.subset(train=60)

    def interrupt(entry: dict[str, Any]) -> None:
        if entry["images"] == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, epochs=1, folder=tmp_path / "run", progress=interrupt)
    assert_same_run(sp.resume(tmp_path / "run", few), train(few, epochs=1))


def test_a_folder_is_incomplete_until_the_end(train: Train, digits: Dataset, tmp_path: Path) -> None:
    few, seen = digits.subset(train=40), []

    def look(entry: dict[str, Any]) -> None:
        record = RunFolder.open(tmp_path / "run")
        seen.append((record.complete, record.has("checkpoint.npz"), record.has("network.npz")))
        with pytest.raises(RunFolderError, match=r"incomplete.*spikeprune resume"):
            sp.load(tmp_path / "run", few)
        with pytest.raises(RunFolderError, match="Another process"):
            sp.resume(tmp_path / "run", few)

    run = train(few, epochs=1, folder=tmp_path / "run", progress=look)
    assert seen == [(False, True, False)] * 2
    record = RunFolder.open(tmp_path / "run")
    assert record.complete
    assert sorted(path.name for path in record.path.iterdir() if path.name != ".lock") == [
        "history.json", "network.npz", "run.json",
    ]  # fmt: skip
    network = record.read_arrays("network.npz")
    np.testing.assert_array_equal(network["weights"], run.weights)
    np.testing.assert_array_equal(network["alive"], run.alive)
    np.testing.assert_array_equal(network["theta"], run.theta)
    np.testing.assert_array_equal(network["assignment"], run.assignment)
    description = record.description()
    assert Settings.from_dict(description["settings"]) == run.settings
    assert description["data"]["checksum"] == few.checksum
    for name in ("versions", "compiler", "commit", "dirty", "platform", "started"):
        assert name in description["provenance"]
    assert description["provenance"]["versions"]["brian2"]
    assert_same_run(sp.resume(tmp_path / "run", few), run)


@pytest.fixture
def interrupted(train: Train, digits: Dataset, tmp_path: Path) -> tuple[Path, Dataset]:
    """A folder with one checkpoint of a run of 40 images."""
    few = digits.subset(train=40)

    def interrupt(entry: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, epochs=1, folder=tmp_path / "run", progress=interrupt)
    return tmp_path / "run", few


def test_resuming_needs_the_same_data(interrupted: tuple[Path, Dataset], digits: Dataset) -> None:
    folder, few = interrupted
    with pytest.raises(RunFolderError, match="another checksum"):
        sp.resume(folder, digits)
    labels = few.train_labels.copy()
    labels[0] = (labels[0] + 1) % 10
    other = Dataset.from_arrays(few.train_images, labels, few.test_images, few.test_labels)
    with pytest.raises(RunFolderError, match="another checksum"):
        sp.resume(folder, other)
    with pytest.raises(RunFolderError, match=r"unknown origin.*pass dataset="):
        sp.resume(folder)


@pytest.mark.parametrize("damage", ["cut", "emptied", "without state", "of another network"])
def test_a_damaged_checkpoint_is_refused(damage: str, interrupted: tuple[Path, Dataset]) -> None:
    folder, few = interrupted
    record = RunFolder.open(folder)
    arrays = record.read_arrays("checkpoint.npz")
    content = (folder / "checkpoint.npz").read_bytes()
    if damage in ("cut", "emptied"):
        (folder / "checkpoint.npz").write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    elif damage == "without state":
        record.write_checkpoint({name: value for name, value in arrays.items() if name != "state/plastic.w"})
    else:
        record.write_checkpoint(arrays | {"state/plastic.w": arrays["state/plastic.w"][:-1]})
    with pytest.raises(RunFolderError) as error:
        sp.resume(folder, few)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")
    assert not record.complete


def test_an_occupied_folder_is_refused_before_anything_is_built(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    monkeypatch.setattr(Settings, "program", lambda *arguments: pytest.fail("built"))
    with pytest.raises(RunFolderError, match="exists already"):
        train(folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


# Evaluation


def test_evaluation_does_not_depend_on_how_many_programs_run(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 15 images, each of them from the trained state, one after the other or three at a time."""
    monkeypatch.setattr(frozen_module, "BLOCK", 15)
    done: list[int] = []
    one, three = whole.evaluate(workers=1, progress=done.append), whole.evaluate(workers=3)
    assert done == [15, 30, 45, 60]
    np.testing.assert_array_equal(one.responses, three.responses)
    assert one.as_dict() == three.as_dict()
    assert one.responses.sum() > 60
    images = whole.dataset.test_images.reshape(60, -1)
    for first in (0, 15, 30, 45):
        block = whole.program.run(whole.state, images[first : first + 15], seed=5, first_image=first, learning=False)
        np.testing.assert_array_equal(one.responses[first : first + 15], block.responses)


def test_evaluation_of_a_block_does_not_depend_on_chunks(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = whole.evaluate()
    monkeypatch.setattr(whole.program, "chunk", 7)
    run_chunks = whole.program.run_all
    sizes: list[int] = []

    def padded(states: Any, images: list[np.ndarray], **options: Any) -> Any:
        sizes.extend(len(shown) for shown in images)
        monkeypatch.setattr(whole.program, "chunk", CHUNK)
        result = run_chunks(states, images, **options)
        monkeypatch.setattr(whole.program, "chunk", 7)
        return result

    monkeypatch.setattr(whole.program, "run_all", padded)
    other = whole.evaluate(workers=1)
    assert sizes == [7] * 8 + [4]
    np.testing.assert_array_equal(other.responses, expected.responses)
    assert other.as_dict() == expected.as_dict()


def test_evaluation_leaves_the_network_alone(whole: Run) -> None:
    before = {name: value.copy() for name, value in whole.state.items()}
    history = json.dumps(whole.history)
    result = whole.evaluate()
    for name, value in before.items():
        np.testing.assert_array_equal(whole.state[name], value, err_msg=name)
    assert json.dumps(whole.history) == history
    assert result.counts.updates == 0
    assert result.counts.images == 60
    assert result.neurobench["connection_sparsity_plastic"] == pytest.approx(1 - whole.alive.mean())
    assert whole.evaluate().as_dict() == result.as_dict()


def test_evaluation_counts_and_responses_belong_together(whole: Run) -> None:
    """Effective_ACs are the transmissions of an image; a pruned network transmits less than 12 for an input spike."""
    result = whole.evaluate()
    counts = result.counts
    assert result.neurobench["Effective_ACs"] == counts.transmissions / 60
    assert counts.input_to_excitatory < 12 * counts.input_spikes * 0.95
    assert result.responses.sum() <= counts.excitatory_spikes
    assert result.accuracy == pytest.approx(100 * np.mean(result.readout.predictions == result.labels))


def test_neuron_that_is_not_recruited_does_not_answer_everything(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a bound, a neuron frozen with a theta far below the others' fires most; with it, it is raised."""
    theta, share = whole.theta.copy(), 0.9
    weak = whole.state | {"excitatory.theta": np.where(np.arange(12) == 3, 0, theta)}
    least = (share * np.median(weak["excitatory.theta"])).astype(theta.dtype)
    raised = whole.state | {"excitatory.theta": np.maximum(weak["excitatory.theta"], least)}

    def evaluate(state: Any) -> Any:
        return evaluation_module.evaluate(
            whole.program, state, whole.dataset, whole.responses, whole.labels, seed=5, workers=1
        )

    unbounded, expected = evaluate(weak), evaluate(raised)
    assert unbounded.responses.sum(axis=0).argmax() == 3
    assert unbounded.unrecruited == 0
    monkeypatch.setattr(whole.program, "parameters", replace(whole.program.parameters, theta_recruited=share))
    bounded = evaluate(weak)
    assert bounded.responses[:, 3].sum() < unbounded.responses[:, 3].sum() / 2
    np.testing.assert_array_equal(bounded.responses, expected.responses)
    assert bounded.unrecruited == np.count_nonzero(weak["excitatory.theta"] < least) > 0
    assert bounded.as_dict()["unrecruited_neurons"] == bounded.unrecruited
    assert weak["excitatory.theta"][3] == 0


def test_evaluation_is_kept_in_the_folder(train: Train, digits: Dataset, tmp_path: Path) -> None:
    few = digits.subset(train=40, test=20)
    run = train(few, epochs=1, folder=tmp_path / "run")
    result = run.evaluate()
    stored = sp.load(tmp_path / "run", few).evaluation
    assert stored is not None
    assert stored.as_dict() == result.as_dict()
    np.testing.assert_array_equal(stored.responses, result.responses)
    np.testing.assert_array_equal(stored.readout.predictions, result.readout.predictions)


def test_evaluation_on_other_data_of_the_same_size(whole: Run, digits: Dataset) -> None:
    kept = whole.evaluate()
    images, labels = digits.train_images, digits.train_labels
    other = Dataset.from_arrays(images, labels, images[:5], labels[:5])
    assert len(whole.evaluate(other).labels) == 5
    assert whole.evaluation is kept


def test_evaluation_of_images_of_another_size_is_refused(whole: Run) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 3), dtype=np.uint8)
    with pytest.raises(DataError, match="9 pixels, but the network was trained on 64"):
        whole.evaluate(Dataset.from_arrays(images, [0, 1, 2, 3], images, [0, 1, 2, 3]))


# What is asked for


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed is -1: it must be a whole number from 0 to 2147483647"),
        ({"seed": 2**31}, "seed is 2147483648"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"seed": True}, "seed is True"),
        ({"epochs": 0}, "epochs is 0: it must be a whole number from 1"),
        ({"chunk": 0}, "chunk is 0"),
        ({"assignment_images": -1}, "assignment_images is -1"),
        ({"precision": "half"}, "Unknown precision 'half'"),
        ({"neurons": 0}, "'neurons' is 0: it must be greater than 0"),
        ({"neurons": 2.5}, "'neurons' is 2.5: it must be a whole number"),
        ({"backend": "gpu"}, "Unknown back end 'gpu'"),
    ],
)
def test_impossible_settings(options: dict[str, Any], message: str, train: Train, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=message) as error:
        train(folder=tmp_path / "run", **options)
    assert str(error.value).endswith(".")
    assert not (tmp_path / "run").exists()


def test_settings_survive_json(whole: Run) -> None:
    assert Settings.from_dict(json.loads(json.dumps(whole.settings.as_dict()))) == whole.settings
