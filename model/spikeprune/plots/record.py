"""What pictures are drawn from: a trained network and the course of its training, as arrays.

A record comes from a run, or from a file that ``figures/record.py`` wrote while it trained a network.  The file holds
more than a run does: what became of every neuron, chunk by chunk, and one presentation step by step.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import DataError

if TYPE_CHECKING:
    from spikeprune.run import Run

__all__ = ["COURSE", "PRESENTATION", "Record"]

#: Arrays of a whole record [chunks, neurons]: what became of each neuron.
COURSE = ("course/threshold", "course/remaining", "course/spikes", "course/theta")
#: Arrays of one presentation to the trained network: spikes as time step and neuron [2, spikes], potentials in mV.
PRESENTATION = (
    "presentation/image", "presentation/input", "presentation/excitatory", "presentation/inhibitory",
    "presentation/traced", "presentation/v", "presentation/v_threshold",
)  # fmt: skip
#: How to make a file that has all of them.
REMEDY = "make one with 'python figures/record.py'"


@dataclass(frozen=True, eq=False)
class Record:
    """A trained network and the course of its training.

    Attributes
    ----------
    label : str
        What to call it.
    settings : dict
        Of the run, as :meth:`spikeprune.settings.Settings.as_dict` gives them.
    data : str
        Name of the data set.
    class_names : list of str
    image_shape : tuple of int
        Height and width, in pixels.
    seeds : list of int
        The network is that of the first; there is a history of each.
    histories : list of list of dict
        For each seed, one entry a chunk, as in the history of a run.
    evaluations : list of dict or None
        For each seed, the results of the evaluation (None where there is none).
    arrays : dict of str to ndarray
        ``weights`` [inputs, neurons], ``alive``, ``plastic`` (bool, likewise), ``assignment`` [neurons]; where known
        ``threshold`` [neurons], ``test_images``, ``predictions``, ``labels``, those of `COURSE`, those of
        `PRESENTATION`, and ``forming/neuron``, ``forming/weights`` [chunks + 1, inputs], ``forming/alive``.
    provenance : dict
    command : str
        What makes the record.
    """

    label: str
    settings: dict[str, Any]
    data: str
    class_names: list[str]
    image_shape: tuple[int, int]
    seeds: list[int]
    histories: list[list[dict[str, Any]]]
    evaluations: list[dict[str, Any] | None]
    arrays: dict[str, NDArray[Any]] = field(repr=False)
    provenance: dict[str, Any] = field(default_factory=dict)
    command: str = ""

    @classmethod
    def of(cls, run: Run, label: str | None = None) -> Record:
        """Take what a run holds."""
        rule = run.settings.rule
        arrays = {
            "weights": run.weights, "alive": run.alive, "assignment": run.assignment,
            "plastic": run.state.get("plastic.plastic", run.alive).reshape(run.weights.shape).astype(bool),
        }  # fmt: skip
        if run.thresholds is not None:
            arrays["threshold"] = run.thresholds
        evaluation = None
        if run.evaluation is not None:
            evaluation = run.evaluation.as_dict()
            arrays |= {
                "test_images": run.dataset.test_images, "labels": run.evaluation.labels,
                "predictions": run.evaluation.readout.predictions,
            }  # fmt: skip
        name = label or (run.folder.path.name if run.folder is not None else rule.name)
        return cls(
            name, run.settings.as_dict(), run.dataset.name, list(run.dataset.class_names), run.dataset.image_shape,
            [run.settings.seed], [run.history], [evaluation], arrays,
            command=f"spikeprune show {run.folder.path}" if run.folder is not None else "",
        )  # fmt: skip

    @classmethod
    def read(cls, path: str | Path) -> Record:
        """Read a file that :meth:`write` wrote.

        Raises
        ------
        DataError
            If it is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            # Half precision is for files: NumPy's sums and quantiles overflow in it.
            arrays |= {name: array.astype(np.float32) for name, array in arrays.items() if array.dtype == np.float16}
            about = json.loads(str(arrays.pop("about")))
            shape = arrays["weights"].shape
            for name in ("alive", "plastic"):
                arrays[name] = np.unpackbits(arrays[name], count=shape[0] * shape[1]).reshape(shape).astype(bool)
            about["image_shape"] = tuple(about["image_shape"])
            return cls(arrays=arrays, **about)
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            reason = "it is missing" if isinstance(error, FileNotFoundError) else "it is damaged"
            raise DataError(f"The record {path} cannot be read ({reason}): {REMEDY}.") from error

    def write(self, path: str | Path) -> None:
        """Write the record into an npz file, real numbers in half precision and flags as bits."""
        about = {name: value for name, value in vars(self).items() if name != "arrays"}
        packed = {
            name: np.packbits(array) if name in ("alive", "plastic")
            else array.astype(np.float16) if array.dtype.kind == "f" else array
            for name, array in self.arrays.items()
        }  # fmt: skip
        np.savez_compressed(path, about=np.array(json.dumps(about)), **packed)  # type: ignore[arg-type]

    @property
    def neurons(self) -> int:
        """Number of excitatory neurons."""
        return int(self.arrays["weights"].shape[1])

    @property
    def rule(self) -> Mapping[str, Any]:
        """The rule's name and parameters."""
        values: Mapping[str, Any] = self.settings["rule"]
        return values

    @property
    def images(self) -> NDArray[np.int64]:
        """Images seen at the end of each chunk [chunks]."""
        return np.array([entry["images"] for entry in self.histories[0]])

    @property
    def evaluated(self) -> list[dict[str, Any]]:
        """The evaluations of all seeds.

        Raises
        ------
        DataError
            If one is missing.
        """
        found = [evaluation for evaluation in self.evaluations if evaluation is not None]
        if len(found) < len(self.evaluations):
            where = self.command.removeprefix("spikeprune show ") or "RUN"
            raise DataError(
                f"'{self.label}' is not evaluated (no results.json): evaluate it with 'spikeprune resume {where}'."
            )
        return found

    def array(self, name: str) -> NDArray[Any]:
        """Return an array that not every record has.

        Raises
        ------
        DataError
            If it is not there.
        """
        if name not in self.arrays:
            raise DataError(f"'{self.label}' holds no {name}, which a run folder does not keep: {REMEDY}.")
        return self.arrays[name]
