"""Labels and votes follow Diehl & Cook's rule, break ties downwards and count silence as an error."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from spikeprune.errors import DataError, ParameterError
from spikeprune.readout import (
    NO_ANSWER,
    UNASSIGNED,
    assign_labels,
    class_sums,
    read_out,
    shared_vote,
    silent_neurons,
    vote,
)
from spikeprune.recent import RecentResponses


def test_neuron_gets_the_class_of_the_highest_mean_not_of_the_highest_sum() -> None:
    # Class 0 has three images and sum 6, mean 2; class 1 has one image, sum and mean 3.
    assert assign_labels([[2], [2], [2], [3]], [0, 0, 0, 1], 2).tolist() == [1]


def test_silent_neuron_is_unassigned_and_listed() -> None:
    responses = [[0, 1, 0], [0, 0, 0]]
    assert assign_labels(responses, [0, 1], 2).tolist() == [UNASSIGNED, 0, UNASSIGNED]
    assert silent_neurons(responses).tolist() == [0, 2]


def test_assignment_tie_goes_to_the_lowest_class() -> None:
    # Means 2/4 of class 1 and 1/2 of class 2 are equal though sums and numbers of images differ.
    responses = [[1], [1], [0], [0], [1], [0]]
    assert assign_labels(responses, [1, 1, 1, 1, 2, 2], 4).tolist() == [1]


def test_class_without_images_is_assigned_to_no_neuron() -> None:
    assert assign_labels([[1, 5]], [2], 4).tolist() == [2, 2]


def test_vote_takes_the_mean_over_the_neurons_of_a_class() -> None:
    # Three neurons of class 0 fire 2 + 2 + 2 (mean 2), the only one of class 1 fires 3.
    assert vote([[2, 2, 2, 3]], [0, 0, 0, 1], 2).tolist() == [1]


def test_vote_tie_goes_to_the_lowest_class() -> None:
    # Means: class 1 (1 + 0)/2, class 2 (2 + 0 + 0 + 0)/4; class 0 has no neurons.
    assert vote([[2, 0, 0, 0, 1, 0]], [2, 2, 2, 2, 1, 1], 3).tolist() == [1]


def test_only_assigned_neurons_answer() -> None:
    responses = [[0, 0, 9], [0, 1, 9], [0, 0, 0]]
    assert vote(responses, [0, 1, UNASSIGNED], 3).tolist() == [NO_ANSWER, 1, NO_ANSWER]


def test_no_neuron_assigned_means_no_answer() -> None:
    assert vote([[5, 5]], [UNASSIGNED, UNASSIGNED], 2).tolist() == [NO_ANSWER]


def test_order_of_neurons_and_images_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    responses, labels = rng.poisson(0.7, (60, 15)), rng.integers(0, 4, 60)
    images, neurons = rng.permutation(60), rng.permutation(15)
    assignment = assign_labels(responses, labels, 4)
    shuffled = assign_labels(responses[images][:, neurons], labels[images], 4)
    assert np.array_equal(shuffled, assignment[neurons])
    assert np.array_equal(vote(responses[images][:, neurons], shuffled, 4), vote(responses, assignment, 4)[images])


def test_shared_vote_by_hand() -> None:
    # Mean responses to classes 0 and 1: neuron 0 (3, 1), neuron 1 (0, 2), so shares (3/4, 1/4) and (0, 1).
    sums, images = class_sums([[3, 0], [1, 2]], [0, 1], 2)
    # Spikes (4, 1): class 0 gets 3/(3/4) = 4, class 1 (1 + 1)/(5/4) = 1.6.  Spikes (1, 1): 1 and 1.  (1, 2): 1 and 1.8.
    assert shared_vote([[4, 1], [1, 1], [1, 2], [0, 0]], sums, images).tolist() == [0, 0, 1, NO_ANSWER]


def test_shared_vote_of_neurons_that_answer_one_class_each_is_the_vote() -> None:
    rng = np.random.default_rng(2)
    assignment = rng.integers(0, 4, 15)
    labels = rng.integers(0, 4, 60)
    responses = rng.poisson(2, (60, 15)) * (assignment == labels[:, np.newaxis])
    other = rng.poisson(0.7, (200, 15))
    assert np.array_equal(shared_vote(other, *class_sums(responses, labels, 4)), vote(other, assignment, 4))


def test_read_out_by_hand() -> None:
    # Neuron 0 answers class 0, neuron 1 class 1, neuron 2 never fires while labels are read.
    result = read_out(
        train_responses=[[3, 1, 0], [0, 2, 0]],
        train_labels=[0, 1],
        test_responses=[[4, 1, 0], [0, 1, 0], [1, 2, 0], [0, 0, 7]],
        test_labels=[0, 1, 0, 1],
        n_classes=2,
    )
    assert result.assignment.tolist() == [0, 1, UNASSIGNED]
    assert result.silent.tolist() == [2]
    assert result.predictions.tolist() == [0, 1, 1, NO_ANSWER]
    assert result.accuracy == 50.0  # images 0 and 1 of four
    # Shares: neuron 0 (1, 0), neuron 1 (1/3, 2/3); image 0 gets (13/3)/(4/3) = 3.25 for class 0 and 1 for class 1,
    # image 1 1/4 and 1, image 2 (5/3)/(4/3) = 1.25 and 2, image 3 no answer.
    assert result.shared_accuracy == 50.0
    # Rows: label 0 is read as 0 once and as 1 once; label 1 is read as 1 once and not at all once.
    assert result.confusion.tolist() == [[1, 1, 0], [0, 1, 1]]


def test_confusion_agrees_with_accuracy_and_keeps_its_shape_without_some_classes() -> None:
    rng = np.random.default_rng(2)
    responses, labels = rng.poisson(0.2, (200, 12)), rng.integers(0, 5, 200)
    result = read_out(responses, labels, responses, labels, n_classes=10)
    assert result.confusion.shape == (10, 11)
    assert result.confusion.sum() == 200
    assert result.confusion.sum(axis=1)[:5].tolist() == np.bincount(labels, minlength=5).tolist()
    assert result.confusion[:, -1].sum() == np.count_nonzero(result.predictions == NO_ANSWER) > 0
    assert result.accuracy == pytest.approx(100 * np.trace(result.confusion) / 200)


def test_separable_responses_are_read_perfectly() -> None:
    labels = np.repeat(np.arange(10), 3)
    responses = np.where(labels[:, None] == np.arange(20) % 10, 9, 1)
    assert read_out(responses, labels, responses, labels, 10).accuracy == 100.0


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.int32, np.int64])
def test_narrow_counts_do_not_overflow(dtype: type[np.integer]) -> None:
    # 400 images of 200 spikes: the sum 80000 exceeds uint8 and int16.
    responses = np.full((800, 2), 100, dtype=dtype)
    responses[400:, 1] = 101
    assert assign_labels(responses, np.repeat([0, 1], 400), 2).tolist() == [0, 1]
    assert vote(np.full((1, 400), 127, dtype=dtype), np.zeros(400, dtype=int), 2).tolist() == [0]


def test_no_wide_copy_of_the_responses_is_made() -> None:
    responses = np.ones((4000, 500), dtype=np.int16)
    labels = np.arange(4000) % 10
    tracemalloc.start()
    vote(responses, assign_labels(responses, labels, 10), 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * responses.nbytes  # a float64 copy would need four times as much


def test_read_only_arrays_are_accepted_and_left_alone() -> None:
    responses = np.array([[1, 0], [0, 1]])
    responses.flags.writeable = False
    assert read_out(responses, [0, 1], responses, [0, 1], 2).accuracy == 100.0


@pytest.mark.parametrize(
    ("responses", "labels", "message"),
    [
        ([1, 2], [0, 1], "1 dimensions"),
        ([[0.5], [1.0]], [0, 1], "float64"),
        ([[1], [-2]], [0, 1], "A response is -2"),
        ([[1], [2]], [0], r"shape \(1,\) instead of \(2,\)"),
        ([[1], [2]], [[0, 1]], "shape"),
        ([[1], [2]], [0, -2], "from -2 to 0"),
        ([[1], [2]], [0, 2], "-1 to 1 are allowed"),
        ([[1], [2]], [0.0, 1.0], "labels are float64"),
    ],
)
def test_misfits_are_refused_in_one_sentence(responses: list, labels: list, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        assign_labels(responses, labels, 2)
    assert str(error.value).endswith(".")


def test_assignment_must_fit_the_responses() -> None:
    with pytest.raises(DataError, match="assignments have shape"):
        vote([[1, 2]], [0], 2)
    with pytest.raises(DataError, match="-1 to 1 are allowed"):
        vote([[1, 2]], [0, -2], 2)
    with pytest.raises(DataError, match="shape"):
        read_out([[1, 2]], [0], [[1, 2, 3]], [0], 2)


def test_there_must_be_classes_and_test_images() -> None:
    with pytest.raises(ParameterError, match="n_classes is 0"):
        assign_labels([[1]], [0], 0)
    with pytest.raises(DataError, match="0 test images"):
        read_out([[1]], [0], np.empty((0, 1), dtype=int), [], 2)


@pytest.mark.parametrize("chunks", [[3, 3, 3, 3], [1, 9, 2], [10, 10], [25], [4, 30, 4], []])
def test_recent_responses_are_the_last_ones_and_assign_as_they_do(chunks: list[int]) -> None:
    keep, neurons, classes = 10, 6, 3
    rng = np.random.default_rng(0)
    responses = rng.poisson(1.0, (sum(chunks), neurons)).astype(np.int32)
    labels = rng.integers(0, classes, sum(chunks))
    recent = RecentResponses(keep, neurons, classes)
    for end, number in zip(np.cumsum(chunks), chunks, strict=True):
        recent.extend(responses[end - number : end], labels[end - number : end])
        kept, classed = responses[:end][-keep:], labels[:end][-keep:]
        assert len(recent) == len(kept)
        np.testing.assert_array_equal(recent.responses, kept)
        np.testing.assert_array_equal(recent.labels, classed)
        np.testing.assert_array_equal(recent.assignment, assign_labels(kept, classed, classes))
    assert len(recent) == min(sum(chunks), keep)
