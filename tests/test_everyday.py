"""Everyday use from Python: predictions, other read-outs, going on with a network, what people pass from habit.

The network is the small compiled one of conftest: 12 neurons, 8 x 8 pixels.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters, PruningRule, Run
from spikeprune.backend import Program
from spikeprune.backend.process import Processes
from spikeprune.cores import _quota, usable_cores
from spikeprune.datasets import DataDescription
from spikeprune.decoders import READOUTS, decide, fit, shares
from spikeprune.errors import DataError, DataNote, ParameterError, RunFolderError
from spikeprune.pruning import REMOVE, RULES
from spikeprune.readout import NO_ANSWER, assign_labels, read_out, vote
from spikeprune.records import RunFolder

Train = Callable[..., Run]
pytestmark = pytest.mark.filterwarnings("ignore::spikeprune.errors.DataNote")


@pytest.fixture(scope="module")
def train(
    compiled: Callable[[str], Program], small: NetworkParameters, small_rule: PruningRule, digits: Dataset
) -> Train:
    """``train(folder=...)`` trains the small network on 200 images."""
    compiled("double")

    def run(dataset: Any = digits, rule: Any = small_rule, **options: Any) -> Run:
        settings: dict[str, Any] = {"parameters": small, "precision": "double", "chunk": 20, "seed": 5}
        return sp.train(dataset, rule, **settings | options)

    return run


@pytest.fixture(scope="module")
def trained(train: Train, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with a folder, evaluated."""
    run = train(folder=tmp_path_factory.mktemp("runs") / "run")
    run.evaluate()
    return run


def with_labels(dataset: Dataset, labels: np.ndarray) -> Dataset:
    """The same images with ``labels[k]`` for class k."""
    return Dataset.from_arrays(
        dataset.train_images, labels[dataset.train_labels], dataset.test_images, labels[dataset.test_labels]
    )


# Predictions


def test_predictions_are_those_of_the_evaluation(trained: Run, digits: Dataset) -> None:
    """Of images in any form; integers come back as integers, strings as strings, whatever their numbers are."""
    assert trained.evaluation is not None
    expected = trained.evaluation.readout.predictions
    for images in (digits.test_images, digits.test_images.reshape(60, -1), digits.test_images / 255):
        np.testing.assert_array_equal(trained.predict(images), expected)
    for labels in (3 * np.arange(10), np.array([f"digit {k}" for k in range(10)])):
        data = DataDescription.of(with_labels(digits, labels))
        named = replace(trained, data=data)
        named.recent.extend(trained.responses, trained.labels)
        predicted = named.predict(digits.test_images)
        answered = expected != NO_ANSWER
        np.testing.assert_array_equal(predicted[answered], labels[expected[answered]])


def test_an_image_without_an_answer_has_no_label(trained: Run, digits: Dataset) -> None:
    black = np.zeros((1, 8, 8), dtype=np.uint8)
    assert trained.predict(black).tolist() == [-1]
    np.testing.assert_allclose(trained.predict_proba(black), 0.1)
    for labels, nothing in ((np.arange(10) - 5, -6), (np.array(list("abcdefghij")), "")):
        named = replace(trained, data=DataDescription.of(with_labels(digits, labels)))
        named.recent.extend(trained.responses, trained.labels)
        assert named.predict(black).tolist() == [nothing] == [named.no_answer]


def test_probabilities_are_shares_of_the_votes(trained: Run, digits: Dataset) -> None:
    assert trained.evaluation is not None
    images, responses = digits.test_images[:20], trained.evaluation.responses[:20]
    proba = trained.predict_proba(images)
    assert proba.shape == (20, 10)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    means = np.zeros((20, 10))
    for label in range(10):
        members = np.flatnonzero(trained.assignment == label)
        if len(members):
            means[:, label] = responses[:, members].mean(axis=1)
    fired = means.sum(axis=1) > 0
    assert fired.sum() > 10
    np.testing.assert_allclose(proba[fired], means[fired] / means[fired].sum(axis=1, keepdims=True))


def test_a_single_image_and_unusable_ones(trained: Run, digits: Dataset) -> None:
    image = digits.test_images[0]
    expected = trained.predict(image[np.newaxis])
    np.testing.assert_array_equal(trained.predict(image), expected)
    np.testing.assert_array_equal(trained.predict(image.ravel()), expected)
    with pytest.raises(DataError, match="9 x 9 pixels instead of 8 x 8"):
        trained.predict(np.ones((2, 9, 9)))
    with pytest.raises(DataError, match="NaN"):
        trained.predict(np.full((2, 8, 8), np.nan))
    with pytest.raises(ParameterError, match="did you mean 'linear'"):
        trained.predict(image, readout="liner")


def test_a_loaded_run_predicts_without_its_data(trained: Run, digits: Dataset) -> None:
    """Arrays are of unknown origin; evaluating again needs them, predicting does not."""
    assert trained.folder is not None
    loaded = sp.load(trained.folder.path)
    np.testing.assert_array_equal(loaded.predict(digits.test_images), trained.predict(digits.test_images))
    with pytest.raises(RunFolderError, match=r"unknown origin.*pass dataset="):
        loaded.evaluate()
    given = sp.load(trained.folder.path, digits)
    assert trained.evaluation is not None
    assert given.evaluate().accuracy == trained.evaluation.accuracy


def test_a_data_set_that_was_loaded_need_not_be_passed(train: Train, digits: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    np.savez(
        path, train_images=digits.train_images, train_labels=digits.train_labels, test_images=digits.test_images,
        test_labels=digits.test_labels,
    )  # fmt: skip
    run = train(Dataset.load(path).subset(train=40).validation_split(10), folder=tmp_path / "run")
    assert sp.load(tmp_path / "run").evaluate().as_dict() == run.evaluate().as_dict()
    path.unlink()
    with pytest.raises(DataError, match=r"no data set at .*digits.npz"):
        sp.load(tmp_path / "run").evaluate()


def test_classes_of_other_data_are_matched_by_name(trained: Run, digits: Dataset) -> None:
    """Not by number: 3 to 9 alone are numbered from 0 in their own data set."""
    assert trained.evaluation is not None
    chosen = {part: np.isin(getattr(digits, f"{part}_labels"), range(3, 10)) for part in ("train", "test")}
    some = Dataset.from_arrays(
        digits.train_images[chosen["train"]], digits.train_labels[chosen["train"]],
        digits.test_images, np.where(chosen["test"], digits.test_labels, 3),
    )  # fmt: skip
    assert some.class_names[0] == "3"
    evaluation = trained.evaluate(some)
    np.testing.assert_array_equal(evaluation.labels[chosen["test"]], digits.test_labels[chosen["test"]])
    other = with_labels(digits, np.array([f"letter {k}" for k in range(10)]))
    with pytest.raises(DataError, match=r"'letter \d' of 'user data' is none that the network was trained on"):
        trained.evaluate(other)


# Read-outs


def clusters(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Responses of six neurons to three classes: two neurons answer each, the others a little."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, 90)
    rates = np.full((3, 6), 0.5)
    for k in range(3):
        rates[k, 2 * k : 2 * k + 2] = 6
    return random.poisson(rates[labels]), labels


@pytest.mark.parametrize("name", READOUTS)
def test_every_read_out_tells_clear_clusters_apart(name: str) -> None:
    responses, labels = clusters()
    others, truth = clusters(1)
    others[0] = 0
    decided = decide(fit(name, responses, labels, 4)(others))
    assert decided[0] == NO_ANSWER
    assert np.mean(decided[1:] == truth[1:]) > 0.95
    flipped = decide(fit(name, responses, 2 - labels, 4)(others))
    assert np.mean(flipped[1:] == truth[1:]) < 0.6
    share = shares(fit(name, responses, labels, 4)(others))
    np.testing.assert_allclose(share.sum(axis=1), 1)
    np.testing.assert_allclose(share[0], 0.25)


def test_the_first_read_out_is_the_vote() -> None:
    random = np.random.default_rng(2)
    responses, labels, others = random.poisson(1, (50, 9)), random.integers(0, 4, 50), random.poisson(1, (80, 9))
    decided = decide(fit("assignment", responses, labels, 4)(others))
    np.testing.assert_array_equal(decided, vote(others, assign_labels(responses, labels, 4), 4))


def test_proportions_by_hand() -> None:
    """Neuron 0 answers 3 to class 0 and 1 to class 1, neuron 1 answers 0 and 2: shares 3/4, 1/4 and 0, 1.

    Four spikes of neuron 0 and one of neuron 1 are 3 of 3/4 for class 0, and 1 + 1 of 1/4 + 1 for class 1.
    """
    scores = fit("proportion", np.array([[3, 0], [1, 2]]), np.array([0, 1]), 2)
    np.testing.assert_allclose(scores(np.array([[4, 1]])), [[4, 1.6]])


def test_images_without_labels_assign_nothing() -> None:
    responses, labels = clusters()
    unlabelled = np.where(np.arange(90) % 3 == 0, -1, labels)
    known = unlabelled >= 0
    expected = read_out(responses[known], labels[known], responses, labels, 3)
    found = read_out(responses, unlabelled, responses, labels, 3)
    np.testing.assert_array_equal(found.assignment, expected.assignment)
    assert found.accuracy == expected.accuracy
    with pytest.raises(DataError, match="has a label"):
        fit("nearest", responses, np.full(90, -1), 3)


def test_a_run_reads_its_stored_responses_in_another_way(trained: Run) -> None:
    assert trained.evaluation is not None
    before = trained.evaluation.accuracy
    same = trained.with_readout(trained.evaluation, "assignment")
    assert same.accuracy == before
    np.testing.assert_array_equal(same.readout.confusion, trained.evaluation.readout.confusion)
    linear = trained.with_readout(trained.evaluation, "linear")
    assert linear.readout.confusion.sum() == 60
    assert trained.evaluation.accuracy == before


def test_training_on_images_without_labels(train: Train, digits: Dataset) -> None:
    """The network is the same; only the labelled images assign neurons."""
    few = digits.subset(train=60)
    known = np.arange(60) % 4 != 1
    labels = np.where(known, few.train_labels.astype(object), None)
    hidden = Dataset.from_arrays(few.train_images, labels, few.test_images, few.test_labels)
    assert hidden.n_classes == 10
    whole, some = train(few), train(hidden)
    np.testing.assert_array_equal(some.weights, whole.weights)
    np.testing.assert_array_equal(some.assignment, assign_labels(whole.responses[known], whole.labels[known], 10))
    assert some.evaluate().accuracy > 0
    none = train(Dataset.from_arrays(few.train_images, None, few.test_images, few.test_labels))
    with pytest.raises(DataError, match="label some training images"):
        none.evaluate()


# Going on


@pytest.mark.long
def test_a_network_goes_on_where_it_was(train: Train, trained: Run, digits: Dataset) -> None:
    """With its weights and thresholds, under random numbers of its own; a removed synapse stays removed."""
    more = train(digits.subset(train=20), rule="none", initial=trained, seed=None)
    assert more.settings.seed == trained.settings.seed + 1
    np.testing.assert_array_equal(more.alive, trained.alive)
    assert not more.weights[~more.alive].any()
    assert np.corrcoef(more.weights.ravel(), trained.weights.ravel())[0, 1] > 0.8
    assert more.theta.mean() > trained.theta.mean() * 0.9
    assert np.any(more.weights != trained.weights)
    pruned = train(digits.subset(train=20), initial=trained)
    assert (pruned.alive <= trained.alive).all()
    assert pruned.counts.images == 20
    with pytest.raises(ParameterError, match="neurons = 12, but parameters have 13"):
        train(initial=trained, neurons=13)


@pytest.mark.long
def test_frozen_weights_learn_again_under_a_rule_that_freezes_none(train: Train, digits: Dataset) -> None:
    few = digits.subset(train=20)
    options: dict[str, Any] = {"backend": "numpy"}
    soft = train(few, sp.SoftPruning(interval=5, settled=0), **options)
    frozen = soft.alive & ~soft.state["plastic.plastic"].reshape(soft.alive.shape).astype(bool)
    assert frozen.any()
    again = train(few.subset(train=5), "none", initial=soft, **options)
    assert again.state["plastic.plastic"].astype(bool).all()
    assert np.any(again.weights[frozen] != soft.weights[frozen])
    assert again.state["incoming.plastic_in"].tolist() == [64] * 12


@pytest.mark.parametrize("place", ["spikeprune.records.RunFolder.write_checkpoint", "spikeprune.backend.Program.run"])
def test_a_run_that_goes_on_with_another_is_resumed(
    place: str, train: Train, trained: Run, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it is stopped before its first chunk, or before anything but run.json is written."""
    assert trained.folder is not None
    few = digits.subset(train=40)
    expected = train(few, initial=trained)

    def interrupt(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(few, initial=trained.folder.path, folder=tmp_path / "run")
    run = sp.resume(tmp_path / "run", few)
    np.testing.assert_array_equal(run.weights, expected.weights)
    assert run.counts == expected.counts
    assert RunFolder(tmp_path / "run").description()["initial"]["seed"] == trained.settings.seed


# Habits


def test_names_classes_dicts_and_pairs_are_understood(small: NetworkParameters, digits: Dataset) -> None:
    few = digits.subset(train=4, test=2)
    expected = sp.train(few, sp.ConstantPruning(), parameters=small, backend="numpy", chunk=4)
    arrays = few.train_images, few.train_labels, few.test_images, np.array(few.train_labels[:2])
    for data, rule in ((few, "constant"), (arrays, sp.ConstantPruning)):
        run = sp.train(data, rule, parameters=small.as_dict(), backend="numpy", chunk=4)
        assert run.settings == expected.settings
        np.testing.assert_array_equal(run.weights, expected.weights)
    assert expected.settings.parameters.neurons == 12, "of the parameters, where neurons= is not given"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": 1.0}, r"parameter of the network: pass parameters=dict\(dt=1.0\)"),
        ({"beta": 0.5}, r"parameter of the rule: pass rule=AdaptivePruning\(beta=0.5\)"),
        ({"epoch": 3}, "did you mean 'epochs'"),
        ({"rule": "adaptve"}, "did you mean 'adaptive'"),
        ({"rule": 5}, "5 is no pruning rule: give one, such as"),
        ({"rule": dict}, "is no pruning rule"),
        ({"parameters": 5}, "parameters is 5: pass NetworkParameters"),
        ({"parameters": {"tau_ee": 1}}, "did you mean 'tau_e'"),
        ({"neurons": "3"}, "'neurons' is '3': it must be a whole number"),
        ({"assignment_images": 10**6}, "the training shows 200 images"),
    ],
)
def test_what_is_not_understood_says_where_it_belongs(options: dict[str, Any], message: str, digits: Dataset) -> None:
    with pytest.raises(ParameterError, match=message) as error:
        sp.train(digits, **options)
    assert str(error.value).endswith(".")


def test_things_say_what_they_are(trained: Run) -> None:
    text = repr(trained)
    for words in ("small digits", "adaptive", "12 neurons", "seed 5", "200 images shown", "removed", "accuracy"):
        assert words in text
    assert len(text) < 300
    assert repr(trained.evaluation).startswith("Evaluation(")


@pytest.mark.parametrize(("criterion", "word"), [("w < hh_post", "'hh_post'"), ("w < ) 3", r"unmatched '\)'")])
def test_a_slip_in_the_strings_of_a_rule_is_named(
    criterion: str, word: str, small: NetworkParameters, digits: Dataset
) -> None:
    """Of a rule with plain fields."""

    @dataclass(frozen=True)
    class Misspelt(PruningRule):
        """A rule that Brian2 cannot read."""

        share: float = 0.1
        interval: int = 1

        name: ClassVar[str] = "misspelt"
        update_synapses: ClassVar[str] = REMOVE.format(criterion=criterion)

    try:
        with pytest.raises(
            ParameterError, match=rf"In update_synapses of rule 'misspelt': .*{word}"
        ) as error:
            sp.train(digits.subset(train=2), Misspelt, parameters=small, backend="numpy", chunk=2)
        assert "\n" not in str(error.value)
        with pytest.raises(ParameterError, match="'share' is 'x': it must be a finite number"):
            Misspelt(share="x")  # type: ignore[arg-type]
    finally:
        RULES.pop("misspelt")


# Processes


def test_a_stopped_wait_ends_the_program_and_its_children(tmp_path: Path) -> None:
    """A shell that starts another process and waits, as make does."""
    processes = Processes()
    script = f"sleep 60 & echo $! > {tmp_path}/child; wait"
    done: list[int] = []

    def run() -> None:
        done.append(processes.run(["sh", "-c", script]).returncode)

    import threading

    thread = threading.Thread(target=run)
    thread.start()
    until = time.monotonic() + 60
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert time.monotonic() < until
        time.sleep(0.01)
    processes.stop()
    thread.join(60)
    assert done == [-9]
    child = int((tmp_path / "child").read_text())
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_killed_process_takes_its_program_along(compiled: Callable[[str], Program], digits: Dataset) -> None:
    """SIGKILL while the compiled program runs."""
    program = compiled("double")
    code = "import subprocess, sys\nfrom spikeprune.backend.process import Processes\nProcesses().run(sys.argv[1:])\n"
    fifo = Path(os.environ["SPIKEPRUNE_CACHE"]) / f"fifo-{os.getpid()}"
    os.mkfifo(fifo)
    try:
        main = str(program.folder / "main")  # type: ignore[attr-defined]
        with subprocess.Popen([sys.executable, "-c", code, main, str(fifo), "/dev/null"]) as process:
            writer = os.open(fifo, os.O_WRONLY)  # opens when the program reads
            (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            process.kill()
        until = time.monotonic() + 20
        while Path(f"/proc/{child}").exists():
            assert time.monotonic() < until, "the program is still there"
            time.sleep(0.01)
        os.close(writer)
    finally:
        fifo.unlink()


def test_networks_are_trained_in_threads_of_a_process_that_has_not_imported_brian2() -> None:
    """Brian2 takes hold of Ctrl-C as it is imported, which only the main thread may; and there is one of it."""
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import spikeprune as sp
images, labels = np.random.default_rng(0).integers(0, 255, (8, 4, 4)).astype(np.uint8), np.arange(8) % 2
quick = {"presentation": 20, "rest": 5, "attempts": 1}
def train(seed):
    data = (images, labels, images, labels)
    return sp.train(data, "none", neurons=4, parameters=quick, backend="numpy", seed=seed).weights
assert "brian2" not in sys.modules
with ThreadPoolExecutor(3) as pool:
    side_by_side = list(pool.map(train, range(3)))
for seed, weights in enumerate(side_by_side):
    np.testing.assert_array_equal(weights, train(seed))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_cores_are_those_that_may_be_used(tmp_path: Path) -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
    assert _quota(tmp_path) is None
    for text, cores in (("150000 100000", 1.5), ("max 100000", None)):
        (tmp_path / "cpu.max").write_text(text)
        assert _quota(tmp_path) == cores
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    for quota, cores in (("-1", None), ("50000", 0.5)):
        (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
        (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
        assert _quota(tmp_path) == cores


def test_a_guess_is_a_warning(digits: Dataset) -> None:
    with pytest.warns(DataNote, match="rows of 64 pixels, taken as 8 x 8"):
        sp.Dataset.from_arrays(
            digits.train_images.reshape(200, -1), digits.train_labels, digits.test_images, digits.test_labels
        )
