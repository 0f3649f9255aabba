"""The network as a classifier and a transformer of scikit-learn: pipelines, cross validation, parameter search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from spikeprune.datasets import Dataset
from spikeprune.datasets.arrays import as_images
from spikeprune.datasets.order import come_in_runs, shuffled
from spikeprune.decoders import decide, fit, shares
from spikeprune.errors import ParameterError
from spikeprune.readout import NO_ANSWER
from spikeprune.run import Run
from spikeprune.training import train

__all__ = ["SpikingClassifier"]

#: Responses that assign neurons to classes are those to so many last images.
ASSIGNMENT_IMAGES = 10_000


class SpikingClassifier(ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseEstimator):
    """A spiking network that learns without labels, and prunes itself meanwhile; labels only name its neurons.

    Parameters
    ----------
    rule : PruningRule, class or str
        As for :func:`spikeprune.train`.
    neurons, epochs : int
    random_state : int
        Key of all random numbers.
    parameters : NetworkParameters or mapping, optional
        Constants of the network; see :func:`spikeprune.train`.
    shape : (int, int), optional
        Height and width of the images that the rows of `X` are: square, or one row of pixels, unless given.
    white : float, optional
        Value of a white pixel, above which all is white; the largest value of the first `X` unless given.
    readout : {'assignment', 'proportion', 'nearest', 'linear'}
        How classes are read out of the responses; see :mod:`spikeprune.decoders`.
    shuffle : bool
        Draw the order of the images anew for each epoch.
    backend, precision, chunk, allow_inert
        As for :func:`spikeprune.train`.
    workers : int, optional
        Programs that evaluate side by side, one a core unless given; 1 where scikit-learn itself runs several jobs.

    Attributes
    ----------
    run_ : Run
        The trained network.
    classes_ : ndarray [n_classes]
    responses_ : ndarray [images, neurons]
        Spikes in reply to the last training images, and in ``labels_`` the numbers of their classes.
    white_ : float
    n_features_in_ : int

    See Also
    --------
    spikeprune.train : The same with folders, checkpoints and histories.

    Notes
    -----
    Input spikes are random numbers of the seed and the image's place in `X`, so an image may be read differently alone
    than among others.  ``partial_fit`` goes on with the network; a rule's schedule begins anew with each call, and its
    shares are of the images of that call.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from spikeprune import SpikingClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> SpikingClassifier(neurons=100, epochs=3).fit(X[:1000], y[:1000]).score(X[1000:], y[1000:])  # doctest: +SKIP
    """

    classes_: NDArray[Any]
    responses_: NDArray[np.int32]
    labels_: NDArray[np.int64]

    def __init__(
        self,
        rule: Any = "adaptive",
        *,
        neurons: int = 100,
        epochs: int = 1,
        random_state: int = 0,
        parameters: Any = None,
        shape: tuple[int, int] | None = None,
        white: float | None = None,
        readout: str = "assignment",
        shuffle: bool = False,
        backend: str = "cpp_standalone",
        precision: str = "single",
        chunk: int | None = None,
        allow_inert: bool = False,
        workers: int | None = None,
    ) -> None:
        self.rule = rule
        self.neurons = neurons
        self.epochs = epochs
        self.random_state = random_state
        self.parameters = parameters
        self.shape = shape
        self.white = white
        self.readout = readout
        self.shuffle = shuffle
        self.backend = backend
        self.precision = precision
        self.chunk = chunk
        self.allow_inert = allow_inert
        self.workers = workers

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network.

        Parameters
        ----------
        X : array_like [n_images, pixels]
            Not negative.
        y : array_like [n_images]
            Labels of any kind.

        Raises
        ------
        ParameterError, DataError
            If a parameter or an image is not allowed; both are ``ValueError``.
        """
        X, y = validate_data(self, X, y, dtype="numeric")
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        return self._learn(X, numbers, None)

    def partial_fit(self, X: Any, y: Any, classes: Sequence[Any] | None = None) -> Self:
        """Go on with the network on more images, or begin.

        Parameters
        ----------
        X, y
            As for :meth:`fit`.
        classes : array_like [n_classes], optional
            All classes that will ever occur; needed in the first call.

        Raises
        ------
        ParameterError
            If the classes are not given at first, or others later.
        """
        first = not hasattr(self, "run_")
        X, y = validate_data(self, X, y, dtype="numeric", reset=first)
        check_classification_targets(y)
        if first:
            if classes is None:
                raise ParameterError("The first partial_fit needs all classes that will ever occur: pass classes=.")
            self.classes_ = np.unique(np.asarray(classes))
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ParameterError("classes are others than in the first partial_fit: leave them out, or begin with fit.")
        numbers = np.searchsorted(self.classes_, y).clip(0, len(self.classes_) - 1)
        if not np.array_equal(self.classes_[numbers], y):
            strange = y[self.classes_[numbers] != y][0]
            raise ParameterError(f"The class '{strange}' is none of those of the first partial_fit: begin with fit.")
        return self._learn(X, numbers, None if first else self.run_)

    def _learn(self, X: NDArray[Any], numbers: NDArray[Any], before: Run | None) -> Self:
        if before is None:
            self.white_ = float(X.max()) if self.white is None else float(self.white)
            side = math.isqrt(X.shape[1])
            self.image_shape_ = self.shape or ((side, side) if side * side == X.shape[1] else (1, X.shape[1]))
        pixels = self._pixels(X)
        order = shuffled(len(X)) if come_in_runs(numbers) else np.arange(len(X))
        pixels, numbers = pixels[order], numbers[order].astype(np.int64)
        # A data set has test images; these are not looked at.
        names = tuple(str(number) for number in range(len(self.classes_)))
        data = Dataset("scikit-learn", pixels, numbers, pixels[:1], numbers[:1], class_names=names, white=255.0)
        run = train(
            data, self.rule, neurons=self.neurons, epochs=self.epochs, parameters=self.parameters,
            seed=self.random_state if before is None else None, initial=before, shuffle=self.shuffle,
            backend=self.backend, precision=self.precision, chunk=self.chunk, allow_inert=self.allow_inert,
        )  # fmt: skip
        run.given = None
        responses, labels = run.responses, run.labels
        if before is not None:
            responses, labels = np.concatenate([self.responses_, responses]), np.concatenate([self.labels_, labels])
        self.responses_, self.labels_, self.run_ = responses[-ASSIGNMENT_IMAGES:], labels[-ASSIGNMENT_IMAGES:], run
        return self

    def transform(self, X: Any) -> NDArray[np.int32]:
        """Spikes of each neuron at each image, the network being frozen [n_images, neurons]."""
        check_is_fitted(self, "run_")
        X = validate_data(self, X, reset=False, dtype="numeric")
        return self.run_.respond(self._pixels(X), workers=self.workers)

    def predict(self, X: Any) -> NDArray[Any]:
        """Say to which class each image belongs [n_images]; at an image at which no neuron fires, the first one."""
        decided = decide(self._scores(X))
        found: NDArray[Any] = self.classes_[np.where(decided == NO_ANSWER, 0, decided)]
        return found

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Shares of the score of each class [n_images, n_classes]: no calibrated probabilities; rows sum to 1."""
        return shares(self._scores(X))

    def _scores(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self, "run_")
        X = validate_data(self, X, reset=False, dtype="numeric")
        responses = self.run_.respond(self._pixels(X), workers=self.workers)
        return fit(self.readout, self.responses_, self.labels_, len(self.classes_))(responses)

    def _pixels(self, X: NDArray[Any]) -> NDArray[np.uint8]:
        lowest = X.min()
        if lowest < 0:
            raise ParameterError(
                f"Negative values in data passed to SpikingClassifier (X has {lowest:g}): pixels are from 0 to white, "
                "so scale them, with MinMaxScaler(clip=True) for example."
            )
        white = self.white_ or 1.0
        pixels, _, _ = as_images(
            np.minimum(X, white), "given", "scikit-learn", shape=self.image_shape_, white=white, blank=True
        )
        return pixels

    @property
    def _n_features_out(self) -> int:
        return int(self.run_.settings.parameters.neurons)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = []  # spikes are counted
        tags.classifier_tags.poor_score = True  # of images that are no images
        return tags
