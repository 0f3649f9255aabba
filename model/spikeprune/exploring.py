"""A trained network, asked what it makes of images: spikes, classes, presentations step by step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import COMPILED, Program, State, make_program
from spikeprune.datasets import DataDescription
from spikeprune.decoders import decide, fit, shares
from spikeprune.errors import DataError
from spikeprune.evaluation import Evaluation
from spikeprune.frozen import respond
from spikeprune.presenting import Presentation, Spikes, present, recorded, recording_backend
from spikeprune.readout import NO_ANSWER, score
from spikeprune.settings import Settings
from spikeprune.state import check_state

__all__ = ["TrainedNetwork"]


class TrainedNetwork(ABC):
    """What can be asked of a network and of the responses that assign its neurons to classes.

    Attributes
    ----------
    settings : Settings
    data : DataDescription
    state : dict of str to ndarray
    report : callable or None
        Called with a sentence before something that takes long.
    """

    settings: Settings
    data: DataDescription
    state: State
    report: Callable[[str], None] | None
    _recording: dict[Any, Program]

    @property
    @abstractmethod
    def program(self) -> Program:
        """The program of the network."""

    @property
    @abstractmethod
    def responses(self) -> NDArray[np.int32]:
        """Spikes of each neuron in reply to images whose labels assign the neurons [images, neurons]."""

    @property
    @abstractmethod
    def labels(self) -> NDArray[np.int64]:
        """Labels of these images [images]."""

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
        flat = self.data.pixels(images)
        return respond(
            self.program, self.state, flat, seed=self.settings.seed, workers=workers, progress=progress
        )[0]  # fmt: skip

    def present(
        self, image: Any, *, record: Sequence[str] | str = (), number: int = 0, backend: str | None = None,
        precision: str | None = None,
    ) -> Presentation:  # fmt: skip
        """Show an image to the frozen network and record every spike, and variables of the neurons step by step.

        Parameters
        ----------
        image : array_like [height, width]
            As for :meth:`predict`, which reads the same response from it.
        record : sequence of str
            Variables of the excitatory neurons (``v``, ``g_e``, ``theta``), or of others by their group
            (``inhibitory.v``).
        number : int
            Number of the image, which with the seed determines the input spikes.
        backend : {'cpp_standalone', 'cython', 'numpy'}, optional
            That of the run unless given.  C++ compiles a program for each choice of variables; NumPy none.
        precision : {'single', 'double'}, optional
            That of the run unless given.

        Returns
        -------
        Presentation

        Raises
        ------
        ParameterError
            If there is no such variable, or the back end cannot record.
        DataError
            If it is not one image, or has another size.
        """
        pixels = self.data.pixels(image)
        if len(pixels) != 1:
            raise DataError(f"{len(pixels)} images are given, but one is presented: choose one, such as images[0].")
        settings, names = self.settings, recorded(record)
        key = (recording_backend(settings.backend, backend), precision or settings.precision, names)
        if key not in self._recording:
            options: dict[str, Any] = {"report": self.report} if key[0] in COMPILED and self.report else {}
            self._recording[key] = make_program(
                key[0], settings.parameters, settings.rule, 1, key[1], record=names, **options
            )
        return present(self._recording[key], self.state, pixels[0], seed=settings.seed, number=number)

    def raster(self, image: Any, **options: Any) -> Mapping[str, Spikes]:
        """Return the spikes of one presentation: of ``input``, ``excitatory``, ``inhibitory``, times in ms and neurons.

        For parameters see :meth:`present`.
        """
        return self.present(image, **options).spikes

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
