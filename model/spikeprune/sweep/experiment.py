"""An experiment as data: a TOML file that says which networks learn which data under which rules with which seeds.

::

    name = "c1"                        # of the result files; the file's own name unless given
    description = "One sentence."
    neurons = [800]
    seeds = [0, 1, 2]                  # or for each size: seeds = {100 = [0, 1, 2, 3, 4], 800 = [0, 1, 2]}
    scaled = false                     # true: constants that are not given follow the data and the number of neurons
    allow_inert = false                # true: run rules that never act in so many images
    epochs = 1                         # this and shuffle, precision, backend, chunk, assignment_images as in `train`

    [data]                             # or just: data = "mnist"
    name = "mnist"                     # or a path, as of `Dataset.load`; relative ones start at the folder of the file
    validation = 10000                 # evaluate on held-out training images, never on the test images
    images = 60000                     # at most so many training images
    test_images = 10000
    white = 16                         # and grey, shape: how to read images of your own

    [network]                          # other constants of the network than the defaults
    rest = 150
    equations = "clamped"              # a variant, a TOML file (relative to this one), or a table of strings by name

    [[rules]]
    name = "none"

    [[rules]]                          # a list of values stands for one rule each, several lists for all combinations
    name = "adaptive"
    label = "adaptive"                 # in tables; the rule's name unless given
    beta = [0.4, 0.5, 0.6]
    start = 0.1                        # a share of all images that the training shows; 1000 would be images
    network = {w_max = 0.8}            # for this rule alone
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path
from typing import Any

from spikeprune.arguments import scheduled
from spikeprune.backend import BACKENDS
from spikeprune.equations import Equations
from spikeprune.errors import ParameterError, reason_of, unknown_name
from spikeprune.parameters import PRESETS, NetworkParameters
from spikeprune.pruning import PruningRule, make_rule
from spikeprune.scaling import REFERENCE_IMAGES, scaled_values
from spikeprune.settings import Settings, usual_chunk
from spikeprune.sweep.checks import check_distinct, table_of, text_of, whole_numbers
from spikeprune.sweep.source import DataSource

__all__ = ["MODEL_VERSION", "DataSource", "Experiment", "PlannedRun", "Variant"]

#: Part of what identifies a run.  Raise it when equations, random numbers or the evaluation change in such a way that
#: the same settings give another result; runs of the version before are then no longer recognised.
MODEL_VERSION = 4

SETTINGS = ("epochs", "shuffle", "precision", "backend", "chunk", "assignment_images")
KINDS = {"precision": str, "backend": str, "shuffle": bool, "scaled": bool, "allow_inert": bool}
KEYS = ("name", "description", "data", "neurons", "seeds", "scaled", "allow_inert", "network", "rules", *SETTINGS)


@dataclass(frozen=True)
class Variant:
    """A rule with its parameters, what to call it, and network parameters that differ for it alone."""

    label: str
    rule: PruningRule
    network: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedRun:
    """One training of an experiment: what the experiment calls the rule, the settings, the checksum of the data."""

    label: str
    settings: Settings
    checksum: str

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that determines the result.

        The chunk does not; nor does the back end in double precision, in which all of them give the same spikes.
        """
        values = self.settings.as_dict()
        del values["chunk"]
        if not values["parameters"]["event_slots"]:  # runs of pixels keep the names of before there were events
            del values["parameters"]["event_slots"]
        # What a rule does counts, not where it is defined on this machine.
        values["rule_definition"] = values["rule_definition"]["strings"]
        if self.settings.precision == "double":
            del values["backend"]
        return {"model": MODEL_VERSION, "data": self.checksum, "settings": values}

    @property
    def name(self) -> str:
        """Name of the run folder: the same in every experiment that contains this run."""
        digest = hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:12]
        return f"n{self.settings.parameters.neurons}-{self.settings.rule.name}-s{self.settings.seed}-{digest}"


@dataclass(frozen=True)
class Experiment:
    """What the file says.

    Attributes
    ----------
    name, description : str
    data : DataSource
    sizes : mapping of int to tuple of int
        Seeds of each number of excitatory neurons.
    variants : tuple of Variant
    options : dict
        Further arguments of :class:`spikeprune.training.Settings`.
    scaled : bool
        Whether constants that are not given follow data and size (:mod:`spikeprune.scaling`).
    allow_inert : bool
        Whether rules may be there that never act in a training.

    Raises
    ------
    ParameterError
        If a key is unknown or a value is not allowed.
    """

    name: str
    data: DataSource
    sizes: Mapping[int, tuple[int, ...]]
    variants: tuple[Variant, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    scaled: bool = False
    allow_inert: bool = False

    @classmethod
    def read(cls, path: str | Path) -> Experiment:
        """Read a TOML file; every error names it."""
        path = Path(path)
        try:
            return cls.from_dict(tomllib.loads(path.read_text(encoding="utf-8")), path.stem, path.absolute().parent)
        except OSError as error:
            reason = reason_of(error)
            raise ParameterError(f"The experiment {path} cannot be read ({reason}): give a TOML file.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ParameterError(f"The experiment {path} is no valid TOML ({error}): correct it.") from error
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}") from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], name: str = "experiment", folder: Path | None = None) -> Experiment:
        """Check the contents of a file; `name` is for those that have none, `folder` is where relative paths start."""
        table = table_of("experiment", values, KEYS)
        for key in ("data", "neurons", "rules"):
            if key not in table:
                raise ParameterError(f"The experiment has no '{key}': add it.")
        name = text_of("name", table.get("name", name))
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise ParameterError(f"The name '{name}' cannot name files: use letters, digits, '-', '_' and '.'.")
        options = {key: table[key] for key in SETTINGS if key in table}
        for key, kind in KINDS.items():
            if key in table and not isinstance(table[key], kind):
                raise ParameterError(
                    f"{key} is {table[key]!r}: it must be {'a text' if kind is str else 'true or false'}."
                )
        if options.get("backend", BACKENDS[0]) not in BACKENDS:
            raise ParameterError(unknown_name("back end", options["backend"], BACKENDS))
        start = folder or Path.cwd()
        network = _network(table.get("network", {}), start)
        if not isinstance(table["rules"], list) or not table["rules"]:
            raise ParameterError("The experiment has no rules: write each as a table [[rules]] with a name.")
        experiment = cls(
            name=name,
            data=DataSource.from_value(table["data"], start),
            sizes=_sizes(table["neurons"], table.get("seeds", [0])),
            variants=tuple(variant for entry in table["rules"] for variant in _variants(entry, network, start)),
            options=options,
            description=text_of("description", table.get("description", "")),
            scaled=table.get("scaled", False),
            allow_inert=table.get("allow_inert", False),
        )
        check_distinct("labels", [variant.label for variant in experiment.variants])
        experiment.plan("", NetworkParameters().inputs)  # checks the settings
        return experiment

    def plan(self, checksum: str, inputs: int, ink: float = 1.0, images: int | None = None) -> list[PlannedRun]:
        """List all runs on data of this checksum, number of pixels and mean ink: for each size and seed, every rule.

        With the number of training `images`, schedules are in images, without it as the file has them.

        Raises
        ------
        ParameterError
            If a rule would never act, and the experiment does not allow that.
        """
        shown = None if images is None else images * self.options.get("epochs", 1)
        options = {**({} if shown is None else {"chunk": usual_chunk(shown)}), **self.options}
        rules = {
            variant.label: variant.rule if shown is None else scheduled(variant.rule, shown, self.allow_inert)
            for variant in self.variants
        }
        return [
            PlannedRun(variant.label, Settings(parameters, rules[variant.label], seed=seed, **options), checksum)
            for neurons, seeds in self.sizes.items()
            for scaled in [scaled_values(neurons, ink, shown or REFERENCE_IMAGES) if self.scaled else {}]
            for seed in seeds
            for variant in self.variants
            for values in [{**scaled, **variant.network, "neurons": neurons, "inputs": inputs}]
            for parameters in [NetworkParameters.from_dict(values)]
        ]


def _sizes(neurons: Any, seeds: Any) -> dict[int, tuple[int, ...]]:
    sizes = whole_numbers("neurons", neurons, 1)
    if not isinstance(seeds, Mapping):
        return dict.fromkeys(sizes, whole_numbers("seeds", seeds, 0))
    if set(seeds) != {str(size) for size in sizes}:
        raise ParameterError(
            f"The table seeds has entries for {', '.join(seeds) or 'no size'}: it needs one for each of {list(sizes)}."
        )
    return {size: whole_numbers(f"seeds.{size}", seeds[str(size)], 0) for size in sizes}


def _network(value: Any, folder: Path) -> dict[str, Any]:
    """Check a table of network parameters; the file of its equations is sought from `folder` on."""
    allowed = [entry.name for entry in fields(NetworkParameters) if entry.name not in ("neurons", "inputs")]
    given = value if isinstance(value, Mapping) else {}
    preset = given.get("preset", "diehl-cook")
    table = table_of("network", value, [*allowed, *({"preset"} & set(given))])
    if "equations" in table:
        table["equations"] = Equations.given(table["equations"], folder)
    NetworkParameters.from_dict(table)
    return {**PRESETS[preset], **{name: table[name] for name in table if name != "preset"}}


def _variants(entry: Any, network: Mapping[str, Any], folder: Path) -> Iterator[Variant]:
    """Expand the lists in the table of a rule into all combinations."""
    if not isinstance(entry, Mapping) or "name" not in entry:
        raise ParameterError(f'The rule {entry!r} has no name: write [[rules]] and name = "…" below it.')
    values = dict(entry)
    name, own = text_of("name of a rule", values.pop("name")), _network(values.pop("network", {}), folder)
    label = text_of(f"label of rule '{name}'", values.pop("label", name))
    lists = {key: value for key, value in values.items() if isinstance(value, list)}
    for key, value in lists.items():
        if not value:
            raise ParameterError(f"Parameter '{key}' of rule '{name}' is an empty list: give at least one value.")
        check_distinct(f"values of '{key}' of rule '{name}'", value)
    for combination in product(*lists.values()):
        chosen = dict(zip(lists, combination, strict=True))
        text = ", ".join([label, *(f"{key}={value}" for key, value in chosen.items())])
        yield Variant(text, make_rule(name, values | chosen), {**network, **own})
