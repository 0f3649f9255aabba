"""A run: a training and what came of it, in memory.  :mod:`spikeprune.training` makes, stores and resumes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import Program, State
from spikeprune.datasets import DataDescription, Dataset, as_dataset, load_origin
from spikeprune.datasets.arrays import as_images, plain_array
from spikeprune.datasets.description import with_classes
from spikeprune.decoders import decide, fit, shares
from spikeprune.errors import RunFolderError
from spikeprune.evaluation import Evaluation, evaluate, respond
from spikeprune.operations import OperationCounts
from spikeprune.readout import NO_ANSWER, score
from spikeprune.recent import RecentResponses
from spikeprune.records import RunFolder
from spikeprune.settings import Settings
from spikeprune.state import check_state

__all__ = ["Run"]


@dataclass(repr=False)
class Run:
    """A training and what came of it.

    Attributes
    ----------
    settings : Settings
    data : DataDescription
        What the data were.
    given : Dataset or None
        The data; :attr:`dataset` loads them where they are not given.
    state : dict of str to ndarray
        State of the network.
    history : list of dict
        One entry a chunk.
    recent : RecentResponses
        Spikes in reply to the last training images, and their labels.
    folder : RunFolder or None
    evaluation : Evaluation or None
        The last evaluation on the whole test set.
    report : callable or None
        Called with a sentence before something that takes long.
    """

    settings: Settings
    data: DataDescription
    given: Dataset | None = None
    state: State = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    recent: RecentResponses = field(init=False)
    folder: RunFolder | None = None
    evaluation: Evaluation | None = None
    report: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        images = self.data.train_images
        keep = min(self.settings.assignment_images or min(10_000, images), self.settings.epochs * images)
        self.recent = RecentResponses(keep, self.settings.parameters.neurons, self.data.n_classes)

    def __repr__(self) -> str:
        settings, shown = self.settings, self.history[-1]["images"] if self.history else 0
        facts = [f"{shown:,} images shown"]
        if self.state:
            facts.append(f"{100 * (1 - self.alive.mean()):.1f} % of the weights removed")
        if self.evaluation is not None:
            facts.append(f"accuracy {self.evaluation.accuracy:.1f} %")
        place = f", in {self.folder.path}" if self.folder is not None else ""
        network = f"'{self.data.name}', {settings.rule.name}, {settings.parameters.neurons} neurons"
        return f"Run({network}, seed {settings.seed}: {', '.join(facts)}{place})"

    @property
    def dataset(self) -> Dataset:
        """The data; they are loaded again where a run was loaded without them.

        Raises
        ------
        RunFolderError
            If it is not known where they are, or they have changed.
        """
        if self.given is None:
            if self.data.origin is None:
                raise RunFolderError(
                    f"The run was trained on data of unknown origin ('{self.data.name}'): pass dataset= to load it."
                )
            loaded = load_origin(self.data.origin)
            if loaded.checksum != self.data.checksum:
                raise RunFolderError(
                    f"The data '{loaded.name}' are not those that the run began with (another checksum): restore them."
                )
            self.given = loaded
        return self.given

    def identity(self) -> dict[str, Any]:
        """Say which run this is, for the record of one that goes on with it."""
        described = self.folder.description() if self.folder is not None else {}
        return {"id": described.get("id"), "folder": self.folder and str(self.folder.path), "seed": self.settings.seed}

    @cached_property
    def program(self) -> Program:
        """The program of the network, built when first needed: a finished run can be read without a compiler."""
        return self.settings.program(self.report)

    @property
    def weights(self) -> NDArray[Any]:
        """Weights [inputs, neurons]."""
        return self.state["plastic.w"].reshape(-1, self.settings.parameters.neurons)

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which synapses exist [inputs, neurons]."""
        return self.state["plastic.alive"].reshape(-1, self.settings.parameters.neurons).astype(bool)

    @property
    def theta(self) -> NDArray[Any]:
        """Adaptive thresholds [neurons], in V."""
        return self.state["excitatory.theta"]

    @property
    def counts(self) -> OperationCounts:
        """Synaptic operations of the whole training."""
        return sum((OperationCounts.from_dict(entry["counts"]) for entry in self.history), OperationCounts.zero())

    @property
    def pruning_events(self) -> int:
        """Pruning events in the training, or so far."""
        return self.settings.rule.events_in(self.history[-1]["images"] if self.history else 0)

    @property
    def assignment(self) -> NDArray[np.int64]:
        """Class of each neuron [neurons]."""
        return self.recent.assignment

    @property
    def responses(self) -> NDArray[np.int32]:
        """Spikes of each neuron in reply to the last training images [images, neurons]."""
        return self.recent.responses.astype(np.int32)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Labels of these images [images]."""
        return self.recent.labels

    def evaluate(
        self,
        dataset: Dataset | None = None,
        *,
        workers: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Evaluation:
        """Show the test images to the frozen network and read their classes.

        Parameters
        ----------
        dataset : Dataset, optional
            Other data of the same image size and classes; the run's own unless given.
        workers : int, optional
            Programs that run at the same time, as many as there are cores unless given; the result is the same.
        progress : callable, optional
            Called with the number of images done.

        Returns
        -------
        Evaluation
            Also kept in the run's folder, where it has one and the data are its own.
        """
        check_state(self.state, self.program.layout)
        given = None if dataset is None else with_classes(as_dataset(dataset), self.data)
        own = given is None or given.checksum == self.data.checksum
        data = self.dataset if given is None else given
        result = evaluate(
            self.program, self.state, data, self.responses, self.labels, seed=self.settings.seed, workers=workers,
            progress=progress, pruning_events=self.pruning_events,
        )  # fmt: skip
        if own:
            self.evaluation = result
            if self.folder is not None:
                result.save(self.folder)
        return result

    def predict(self, images: Any, *, readout: str = "assignment", **options: Any) -> NDArray[Any]:
        """Say to which class each image belongs.

        Parameters
        ----------
        images : array_like [n_images, height, width]
            Or rows of pixels, or a single image, as for :meth:`spikeprune.Dataset.from_arrays`; no labels are needed.
        readout : {'assignment', 'proportion', 'nearest', 'linear'}
            How classes are read out of the responses; see :mod:`spikeprune.decoders`.
        **options
            ``workers`` and ``progress``, as for :meth:`evaluate`.

        Returns
        -------
        ndarray [n_images]
            Labels as those of the training images: integers or strings.  An image at which no neuron fires gets
            :attr:`no_answer`.

        Raises
        ------
        DataError
            If the images have another size, or no neuron is assigned to a class.
        ParameterError
            If there is no such read-out.
        """
        decided = decide(self._scores(images, readout, **options))
        return np.array([*self.data.classes, self.no_answer])[np.where(decided == NO_ANSWER, -1, decided)]

    def predict_proba(self, images: Any, *, readout: str = "assignment", **options: Any) -> NDArray[np.float64]:
        """Give each image a share for each class [n_images, n_classes]; rows sum to 1.

        They are shares of the score of :meth:`predict`, not calibrated probabilities, and equal at an image at which no
        neuron fires.  The columns are the classes ``run.data.classes``; for parameters see :meth:`predict`.
        """
        return shares(self._scores(images, readout, **options))

    def respond(
        self, images: Any, *, workers: int | None = None, progress: Callable[[int], None] | None = None
    ) -> NDArray[np.int32]:
        """Spikes of each neuron at each image, the network being frozen [n_images, neurons]; see :meth:`predict`."""
        check_state(self.state, self.program.layout)
        shape, array = self.data.image_shape, plain_array(images, "The images")
        if array.shape in (shape, (prod(shape),)):
            array = array[np.newaxis]  # a single one
        pixels, _, _ = as_images(
            array, "given", "predict", shape=shape, like=self.data.white, grey=self.data.grey, blank=True
        )
        flat = pixels.reshape(len(pixels), -1)
        return respond(
            self.program, self.state, flat, seed=self.settings.seed, workers=workers, progress=progress
        )[0]  # fmt: skip

    @property
    def no_answer(self) -> int | str:
        """What :meth:`predict` says of an image at which no neuron fires: ``""``, or an integer that is no label."""
        if isinstance(self.data.classes[0], str):
            return ""
        return min(-1, min(self.data.classes) - 1)

    def with_readout(self, evaluation: Evaluation, readout: str) -> Evaluation:
        """Read the classes of an evaluation in another way, from its responses; nothing is simulated.

        Parameters
        ----------
        evaluation : Evaluation
            Such as ``run.evaluation``.
        readout : {'assignment', 'proportion', 'nearest', 'linear'}
            See :mod:`spikeprune.decoders`.

        Raises
        ------
        ParameterError
            If there is no such read-out.
        """
        scores = fit(readout, self.responses, self.labels, self.data.n_classes)
        decided = decide(scores(evaluation.responses))
        accuracy, confusion = score(decided, evaluation.labels, self.data.n_classes)
        read = replace(evaluation.readout, accuracy=accuracy, predictions=decided, confusion=confusion)
        return replace(evaluation, readout=read)

    def _scores(self, images: Any, readout: str, **options: Any) -> NDArray[np.float64]:
        scores = fit(readout, self.responses, self.labels, self.data.n_classes)
        return scores(self.respond(images, **options))
