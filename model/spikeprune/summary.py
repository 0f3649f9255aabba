"""The numbers of a finished run, read from its folder.

Nothing is simulated, compiled or drawn, and Brian2 is not imported: what a table needs is in the JSON files.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikeprune.errors import RunFolderError
from spikeprune.operations import OperationCounts
from spikeprune.prices import PRICES, energy
from spikeprune.pruning.timing import SCHEDULE, events_between
from spikeprune.readout import silent_neurons
from spikeprune.records import RunFolder

if TYPE_CHECKING:
    from spikeprune.evaluation import Evaluation

__all__ = ["Summary", "read_all"]


@dataclass(frozen=True)
class Summary:
    """What came of a run.

    Attributes
    ----------
    name : str
        What to call the run; the name of its folder unless told otherwise.
    folder : Path
    data : str
        Name of the data set.
    settings : dict
        The settings of the training, with all parameters of network and rule.
    provenance : dict
        Versions, commit and machine.
    training : OperationCounts
        Operations of the whole training.
    seconds : float
        Time that the training took, without compiling.
    pruning_events : int or None
        Pruning events in the training; None of an old run with a rule that does not say.
    removed_share, frozen_share : float
        Share of the plastic synapses that were removed, and that still transmit but no longer learn; 0 to 1.
    accuracy : float or None
        Test images given their own label, in percent; None before an evaluation, as all that follows.
    shared_accuracy : float or None
        The same, read by :func:`spikeprune.readout.shared_vote`; None of an evaluation from before it was there.
    test_images : int or None
        Images of the evaluation.
    silent_neurons : int or None
        Neurons that never fired at the images that assign them to classes, the last 10,000 of training unless told
        otherwise: the network was still learning.
    dead_neurons : int or None
        Neurons that never fired at the images of the evaluation: the network was frozen.  Both look at the accepted
        presentation of each image.
    inference : OperationCounts or None
        Operations of the evaluation.
    neurobench : dict or None
        Effective_ACs, Effective_MACs, Dense and connection sparsity.
    """

    name: str
    folder: Path
    data: str
    settings: dict[str, Any]
    provenance: dict[str, Any]
    training: OperationCounts
    seconds: float
    pruning_events: int | None
    removed_share: float
    frozen_share: float
    accuracy: float | None = None
    shared_accuracy: float | None = None
    test_images: int | None = None
    silent_neurons: int | None = None
    dead_neurons: int | None = None
    inference: OperationCounts | None = None
    neurobench: dict[str, float] | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str], name: str | None = None) -> Summary:
        """Read the folder of a finished run.

        Parameters
        ----------
        path : path-like
        name : str, optional
            What to call the run.

        Raises
        ------
        RunFolderError
            If it is no run folder, or the run is unfinished or damaged.
        """
        record = RunFolder.open(path)
        if not record.complete:
            raise RunFolderError(f"The run in {path} is unfinished: continue it with 'spikeprune resume {path}'.")
        record.check_files()
        description, history = record.description(), record.read_json("history.json")
        results = record.read_json("results.json") if record.has("results.json") else None
        try:
            counts = (OperationCounts.from_dict(entry["counts"]) for entry in history)
            summary = cls(
                name=name or record.path.resolve().name,
                folder=record.path,
                data=description["data"]["name"],
                settings=description["settings"],
                provenance=description["provenance"],
                training=sum(counts, OperationCounts.zero()),
                seconds=sum(entry["seconds"] for entry in history),
                pruning_events=_pruning_events(description["settings"]["rule"], history[-1]),
                removed_share=_removed_share(record, history, results),
                frozen_share=history[-1]["frozen_share"],
            )
            if results is None:
                return summary
            if "dead_neurons" not in results:  # written before they were counted
                results["dead_neurons"] = len(silent_neurons(record.read_arrays("evaluation.npz")["responses"]))
            return summary._with_results(results)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise RunFolderError(
                f"The run folder {path} is damaged ({type(error).__name__}: {error}): restore it from a copy."
            ) from error

    def with_evaluation(self, evaluation: Evaluation) -> Summary:
        """Return the same run with another evaluation, of other images perhaps."""
        return self._with_results(evaluation.as_dict())

    def _with_results(self, results: dict[str, Any]) -> Summary:
        return replace(
            self,
            accuracy=results["accuracy"],
            shared_accuracy=results.get("shared_accuracy"),
            test_images=results["images"],
            silent_neurons=results["silent_neurons"],
            dead_neurons=results["dead_neurons"],
            inference=OperationCounts.from_dict(results["counts"]),
            neurobench=results["neurobench"],
        )

    @property
    def neurons(self) -> int:
        """Number of excitatory neurons."""
        return int(self.settings["parameters"]["neurons"])

    @property
    def images_per_second(self) -> float:
        """Images trained with in a second, retries included."""
        return self.training.images / self.seconds if self.seconds else 0.0

    def energy(self, price: str) -> tuple[float, float | None]:
        """Energy of one image in training and in inference, in J: operations times the price.

        Raises
        ------
        ParameterError
            If no price has this name.
        """
        inference = self.inference.per_image()["inference_sops"] if self.inference else None
        return (
            energy(self.training.per_image()["training_sops"], price),
            None if inference is None else energy(inference, price),
        )

    def change_against(self, baseline: Summary) -> dict[str, float | None]:
        """Change against another run: of the accuracy in points, of the operations of an image in percent."""
        known = self.accuracy is not None and baseline.accuracy is not None
        inference = self.inference.change_against(baseline.inference) if self.inference and baseline.inference else {}
        return {
            "accuracy_points": self.accuracy - baseline.accuracy if known else None,  # type: ignore[operator]
            "training_sops_percent": self.training.change_against(baseline.training)["training_sops"],
            "inference_sops_percent": inference.get("inference_sops"),
        }

    def as_dict(self, price: str, baseline: Summary | None = None) -> dict[str, Any]:
        """Return all numbers, for JSON.

        Parameters
        ----------
        price : str
            Name of an energy price.
        baseline : Summary, optional
            Add the change against this run.
        """
        in_training, in_inference = self.energy(price)
        values: dict[str, Any] = {
            "run": self.name,
            "folder": str(self.folder),
            "data": self.data,
            "settings": self.settings,
            "accuracy": self.accuracy,
            "shared_accuracy": self.shared_accuracy,
            "test_images": self.test_images,
            "silent_neurons": self.silent_neurons,
            "dead_neurons": self.dead_neurons,
            "pruning_events": self.pruning_events,
            "removed_share": self.removed_share,
            "frozen_share": self.frozen_share,
            "seconds": self.seconds,
            "images_per_second": self.images_per_second,
            "training": {"counts": self.training.as_dict(), "per_image": self.training.per_image()},
            "inference": self.inference
            and {"counts": self.inference.as_dict(), "per_image": self.inference.per_image()},
            "neurobench": self.neurobench,
            "energy": {
                "price": price,
                "picojoule_per_sop": PRICES[price].picojoule_per_sop,
                "training_joule_per_image": in_training,
                "inference_joule_per_image": in_inference,
            },
        }
        if baseline is not None:
            values["change"] = {"against": baseline.name, **self.change_against(baseline)}
        return values


def read_all(paths: Sequence[str | os.PathLike[str]]) -> list[Summary]:
    """Read several runs, named by their folders, or by their paths where folders share a name."""
    summaries = [Summary.read(path) for path in paths]
    names = [summary.name for summary in summaries]
    return [
        replace(summary, name=str(path)) if names.count(summary.name) > 1 else summary
        for path, summary in zip(paths, summaries, strict=True)
    ]


def _pruning_events(rule: dict[str, Any], last: dict[str, Any]) -> int | None:
    if "pruning_events" in last:
        return int(last["pruning_events"])
    if rule["name"] in ("none", "post-training"):
        return 0
    if "interval" not in rule:
        return None
    when = {name: int(rule.get(name, default)) for name, default in SCHEDULE.items()}
    return events_between(when["start"], when["stop"], when["interval"], last["images"])


def _removed_share(record: RunFolder, history: list[dict[str, Any]], results: dict[str, Any] | None) -> float:
    if results is not None:
        return float(results["neurobench"]["connection_sparsity_plastic"])
    if record.description()["settings"]["rule"]["name"] != "post-training":
        return float(history[-1]["removed_share"])
    return float(1 - record.read_arrays("network.npz")["alive"].mean())  # removed after the last entry
