"""The classifier of scikit-learn: its own protocol, and the same network as that of `train`."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters, SpikingClassifier
from spikeprune.errors import ParameterError

#: Fires within the few steps that it is shown an image, so that a check of scikit-learn takes a second.
QUICK: dict[str, Any] = {
    "presentation": 10, "rest": 5, "attempts": 1, "pixel_per_hertz": 0.5, "theta_0": 2.0, "weight_share": 0.9,
}  # fmt: skip

ORDER = "input spikes are random numbers of the image's place among the others, so its response depends on it"
#: What check_estimator asks for and the network does not do, and why.
EXPECTED = {
    "check_methods_sample_order_invariance": ORDER,
    "check_methods_subset_invariance": ORDER,
    "check_sample_weights_invariance": "there are no sample weights: an image is shown or not",
}


def classifier(**options: Any) -> SpikingClassifier:
    settings: dict[str, Any] = {"neurons": 4, "parameters": QUICK, "backend": "numpy", "chunk": 20, "allow_inert": True}
    return SpikingClassifier(**settings | options)


@pytest.mark.long
@parametrize_with_checks([classifier()], expected_failed_checks=lambda estimator: EXPECTED)
def test_the_protocol_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def fitted(small: NetworkParameters, small_rule: Any, digits: Dataset) -> SpikingClassifier:
    """Trained on 40 digits whose labels are words."""
    return SpikingClassifier(
        small_rule, neurons=12, parameters=small, backend="numpy", precision="double", chunk=20, random_state=5
    ).fit(digits.train_images[:40].reshape(40, -1), words(digits.train_labels[:40]))  # fmt: skip


def words(labels: np.ndarray) -> np.ndarray:
    """Labels as texts; in their order, by which ties are broken."""
    return np.array([f"digit {k}" for k in range(10)])[labels]


@pytest.mark.long
def test_the_network_is_that_of_train(
    fitted: SpikingClassifier, small: NetworkParameters, small_rule: Any, digits: Dataset
) -> None:
    run = sp.train(
        digits.subset(train=40), small_rule, parameters=small, backend="numpy", precision="double", chunk=20, seed=5
    )  # fmt: skip
    np.testing.assert_array_equal(fitted.run_.weights, run.weights)
    rows = digits.test_images[:20].reshape(20, -1)
    responses = fitted.transform(rows)
    np.testing.assert_array_equal(responses, run.respond(digits.test_images[:20]))
    answered = responses.sum(axis=1) > 0
    assert answered.sum() > 10
    np.testing.assert_array_equal(fitted.predict(rows)[answered], words(run.predict(digits.test_images[:20])[answered]))
    proba = fitted.predict_proba(rows)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert list(fitted.classes_) == sorted(set(words(digits.train_labels[:40])))
    assert fitted.get_feature_names_out()[-1] == "spikingclassifier11"
    # Brighter than white is white; what is scaled alike is read alike.
    np.testing.assert_array_equal(fitted.transform(2.0 * rows), fitted.transform(np.minimum(2.0 * rows, 255)))


def test_it_is_stored_and_goes_on(fitted: SpikingClassifier, digits: Dataset) -> None:
    """Classes that a batch lacks are known; responses of earlier batches assign neurons too."""
    again = pickle.loads(pickle.dumps(fitted))
    rows, labels = digits.train_images[40:60].reshape(20, -1), words(digits.train_labels[40:60])
    np.testing.assert_array_equal(again.transform(rows[:5]), fitted.transform(rows[:5]))
    some = labels != "digit 7"
    again.partial_fit(rows[some], labels[some])
    assert "digit 7" in again.classes_
    assert len(again.responses_) == 40 + some.sum()
    assert np.any(again.run_.weights != fitted.run_.weights)
    assert (again.run_.alive <= fitted.run_.alive).all()
    with pytest.raises(ParameterError, match="'digit 10' is none of those of the first partial_fit"):
        again.partial_fit(rows[:1], ["digit 10"])
    fresh = clone(fitted)
    assert not hasattr(fresh, "run_")
    with pytest.raises(ParameterError, match="pass classes="):
        fresh.partial_fit(rows, labels)
    with pytest.raises(NotFittedError):
        fresh.predict(rows)
    with pytest.raises(ValueError, match="Negative values in data passed to SpikingClassifier"):
        fitted.predict(-rows.astype(float))


@pytest.mark.long
def test_in_pipelines_and_searches(digits: Dataset) -> None:
    """Rules as values of a search; responses as features of another classifier."""
    rows, labels = digits.train_images[:30].reshape(30, -1).astype(float), digits.train_labels[:30] % 3
    grid = {"spikingclassifier__rule": [sp.NoPruning(), sp.ConstantPruning(h=0.9, interval=5)]}
    search = GridSearchCV(make_pipeline(MinMaxScaler(clip=True), classifier()), grid, cv=2, error_score="raise")
    search.fit(rows, labels)
    assert len(search.cv_results_["params"]) == 2
    pruned = clone(search.estimator).set_params(spikingclassifier__rule=sp.ConstantPruning(h=0.9, interval=5))
    assert pruned.fit(rows, labels)[-1].run_.pruning_events == 6
    both = make_pipeline(MinMaxScaler(clip=True), classifier(), LogisticRegression(max_iter=500)).fit(rows, labels)
    assert both.score(rows, labels) > 1 / 3
