"""A run: a training and what came of it, in memory.  :mod:`spikeprune.training` makes, stores and resumes them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.arguments import check_count
from spikeprune.backend import Program, State
from spikeprune.datasets import DataDescription, Dataset, as_dataset, load_origin
from spikeprune.datasets.description import with_classes
from spikeprune.errors import RunFolderError
from spikeprune.evaluation import Evaluation, evaluate
from spikeprune.exploring import TrainedNetwork
from spikeprune.history import History
from spikeprune.operations import OperationCounts
from spikeprune.progress import TrainingBar
from spikeprune.recent import RecentResponses
from spikeprune.records import RunFolder
from spikeprune.settings import Settings
from spikeprune.snapshots import Snapshot, read_snapshots
from spikeprune.state import check_state, rule_thresholds

__all__ = ["Run"]

#: Images that each of several copies of a network is shown by one start of their program.
IMAGES_OF_EACH = 100


@dataclass(repr=False)
class Run(TrainedNetwork):
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
    history : History
        One entry a chunk, a dictionary each; ``history.to_pandas()`` is a table of them.
    recent : RecentResponses
        Spikes in reply to the last training images, and their labels.
    folder : RunFolder or None
    evaluation : Evaluation or None
        The last evaluation on the whole test set.
    report : callable or None
        Called with a sentence before something that takes long.
    snapshot_at : tuple of int
        After how many images there are to be snapshots.
    """

    settings: Settings
    data: DataDescription
    given: Dataset | None = None
    state: State = field(default_factory=dict)
    history: History = field(default_factory=History)
    recent: RecentResponses = field(init=False)
    folder: RunFolder | None = None
    evaluation: Evaluation | None = None
    report: Callable[[str], None] | None = None
    snapshot_at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self.history = History(self.history)
        self._kept: list[Snapshot] = []
        self._recording: dict[Any, Program] = {}
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

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what belongs to this process: programs, which are found again, and whom to tell."""
        kept = {name: value for name, value in vars(self).items() if name != "program"}
        return kept | {"_recording": {}, "report": None}

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
    def thresholds(self) -> NDArray[np.float64] | None:
        """Thresholds of the rule, below which weights are removed or frozen [neurons]; None of a rule without."""
        return rule_thresholds(self.settings.rule, self.state, self.settings.parameters.neurons)

    @property
    def snapshots(self) -> list[Snapshot]:
        """Weights, masks and thresholds in the course of training, where ``train(snapshots=…)`` asked for them."""
        return self._kept if self.folder is None else read_snapshots(self.folder)

    def keep_snapshot(self) -> None:
        """Keep the network as it is now among the snapshots."""
        settings = self.settings
        made = Snapshot.of(self.state, settings.rule, settings.parameters.neurons, self.history[-1]["images"])
        if self.folder is None:
            self._kept.append(made)
        else:
            made.write(self.folder)

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

    def _several(self, replicas: int) -> Program:
        """Return the program of so many copies of the network, with room for some images of each."""
        rows = max(self.settings.chunk, IMAGES_OF_EACH * replicas)
        return self.settings.program(self.report, replicas=replicas, rows=rows)

    def evaluate(
        self,
        dataset: Dataset | None = None,
        *,
        workers: int | None = None,
        replicas: int = 1,
        progress: Callable[[int], None] | bool | None = None,
    ) -> Evaluation:
        """Show the test images to the frozen network and read their classes.

        Parameters
        ----------
        dataset : Dataset, optional
            Other data of the same image size and classes; the run's own unless given.
        workers : int, optional
            Programs that run at the same time, as many as there are cores unless given; the result is the same.
        replicas : int
            Copies of the network in one program, which are shown blocks of images at the same time: for a GPU.
        progress : callable or True, optional
            Called with the number of images done; True shows a bar.

        Returns
        -------
        Evaluation
            Also kept in the run's folder, where it has one and the data are its own.
        """
        check_count("replicas", replicas)
        check_state(self.state, self.program.layout)
        given = None if dataset is None else with_classes(as_dataset(dataset), self.data)
        own = given is None or given.checksum == self.data.checksum
        data = self.dataset if given is None else given
        bar = TrainingBar("Evaluating", len(data.test_images)) if progress is True else nullcontext(progress or None)
        program = self.program if replicas == 1 else self._several(replicas)
        with bar as shown:
            result = evaluate(
                program, self.state, data, self.responses, self.labels, seed=self.settings.seed, workers=workers,
                progress=shown, pruning_events=self.pruning_events,
            )  # fmt: skip
        if own:
            self.evaluation = result
            if self.folder is not None:
                result.save(self.folder)
        return result
