"""What determines a run, apart from the data: parameters, rule, seed, order of the images, back end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import COMPILED, PRECISIONS, Program, make_program
from spikeprune.errors import ParameterError
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning import PruningRule, find_rule

__all__ = ["Settings", "usual_chunk"]

#: Unless told otherwise, a training has so many chunks, points of its course, of so many images at least and at most:
#: fewer, and starting the program and writing the checkpoint take a share of the time; more, and a crash costs more.
CHUNKS, SMALLEST, LARGEST = 40, 100, 1000


def usual_chunk(images: int) -> int:
    """Return the images between two checkpoints of a training that shows so many.

    Examples
    --------
    >>> [usual_chunk(images) for images in (500, 8_000, 60_000)]
    [100, 200, 1000]
    """
    return min(max(1, round(images / CHUNKS / SMALLEST)) * SMALLEST, LARGEST)


@dataclass(frozen=True)
class Settings:
    """What determines a run, apart from the data.

    Attributes
    ----------
    parameters : NetworkParameters
    rule : PruningRule
        In a run, with its schedule in images.
    seed : int
        Key of all random numbers, 0 to 2**31 - 1.
    epochs : int
        How often every training image is shown.
    shuffle : bool
        Whether the images are shown in an order drawn anew for each epoch.
    backend, precision, chunk
        See :func:`spikeprune.backend.make_program`; `chunk` does not influence the result.
    assignment_images : int
        Neurons are assigned to classes by their responses to this many last training images; 0 stands for 10,000 or
        one epoch, whichever is less (responses to images shown before the network was formed mean little).
    """

    parameters: NetworkParameters
    rule: PruningRule
    seed: int = 0
    epochs: int = 1
    shuffle: bool = False
    backend: str = "cpp_standalone"
    precision: str = "single"
    chunk: int = 1000
    assignment_images: int = 0

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("epochs", 1), ("chunk", 1), ("assignment_images", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value < 2**31:
                raise ParameterError(f"{name} is {value!r}: it must be a whole number from {least} to 2147483647.")
        if self.precision not in PRECISIONS:
            raise ParameterError(f"Unknown precision '{self.precision}': choose one of {', '.join(PRECISIONS)}.")

    def as_dict(self) -> dict[str, Any]:
        """Return all settings, for JSON."""
        own = {key: value for key, value in vars(self).items() if key not in ("parameters", "rule")}
        rule = {"rule": self.rule.as_dict(), "rule_definition": self.rule.definition()}
        return own | {"parameters": self.parameters.as_dict(), **rule}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Read what :meth:`as_dict` wrote; the rule is imported from where it is defined.

        Raises
        ------
        ParameterError
            If the rule is not there any more, or a value is not allowed.
        """
        rule = dict(values["rule"])
        # Runs of the time when there were only this package's rules do not say where theirs is defined.
        kind = find_rule(rule.pop("name"), values.get("rule_definition", {}).get("class"))
        others = {key: value for key, value in values.items() if key != "rule_definition"}
        parameters = NetworkParameters.from_dict(values["parameters"])
        return cls(**(others | {"parameters": parameters, "rule": kind.from_values(rule)}))

    def program(
        self, report: Callable[[str], None] | None = None, *, replicas: int = 1, rows: int | None = None
    ) -> Program:
        """Build the program of these settings, or find it.

        Parameters
        ----------
        report : callable, optional
            Called with a sentence before something that takes long.
        replicas : int
            Number of networks side by side.
        rows : int, optional
            Number of different images that it holds at once; `chunk` unless given.
        """
        options: dict[str, Any] = {"report": report} if self.backend in COMPILED and report else {}
        options |= {"replicas": replicas} if replicas > 1 else {}
        return make_program(self.backend, self.parameters, self.rule, rows or self.chunk, self.precision, **options)

    def order(self, images: int, epoch: int) -> NDArray[np.intp]:
        """Return the order in which an epoch shows `images` images."""
        if not self.shuffle:
            return np.arange(images)
        return np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(images)
