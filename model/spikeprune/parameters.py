"""Parameters of the Diehl & Cook (2015) network: value, unit, meaning and source of every constant.

The names of the fields are the names in the equation strings of :mod:`spikeprune.neurons` and
:mod:`spikeprune.plasticity`.  Values are plain numbers in the unit of the field; :mod:`spikeprune.network` attaches the
Brian2 units.

References
----------
.. [1] P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using spike-timing-dependent plasticity",
   Frontiers in Computational Neuroscience 9:99 (2015), doi 10.3389/fncom.2015.00099.
.. [2] The program that the authors of [1] published with the paper.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from spikeprune.equations import Equations
from spikeprune.errors import ParameterError, unknown_name

__all__ = ["LARGEST", "PRESETS", "NetworkParameters", "parameter"]

#: Named networks: what they change of the defaults.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType({
    "diehl-cook": {},
    # Neurons of less summed weight, of whose weights a spike changes a larger share, and whose receptive fields
    # normalisation alone keeps in shape: half of all operations of training are spared.
    "undepressed": {"weight_share": 0.07, "depression": False},
})  # fmt: skip

#: No equation but those of the package.
THE_PACKAGES = Equations()
#: Largest integer of Brian2's variables, and number of its synapses.
LARGEST = 2**31 - 1
_CHECKS = {
    "positive": (lambda x: x > 0, "must be greater than 0"),
    "not negative": (lambda x: x >= 0, "must not be negative"),
    "share": (lambda x: 0 <= x <= 1, "must lie between 0 and 1"),
    "any": (lambda x: True, ""),
}


def parameter(default: Any, unit: str, meaning: str, source: str, allowed: str = "any") -> Any:
    """Declare a dataclass field that carries its unit, meaning, source and allowed range.

    Parameters
    ----------
    default : float, int or bool
        Default value, in `unit`.
    unit : str
        Name of the Brian2 unit (``"ms"``, ``"mV"``) or ``"1"``.
    meaning, source : str
        What the parameter is, and where the default comes from.
    allowed : {'any', 'positive', 'not negative', 'share'}
        Range of allowed values.
    """
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "source": source, "allowed": allowed})


def check_fields(parameters: Any, apart: Collection[str] = ()) -> None:
    """Raise ParameterError unless every field of a parameter dataclass has its type and lies in its range.

    Whole numbers become floats where the default is one: 60 and 60.0 are to have one text, and so one program.  Fields
    that are named in `apart` are left to the caller.
    """
    for entry in fields(parameters):
        value: Any = getattr(parameters, entry.name)
        kind: Any = type(entry.default)
        if kind not in (bool, int, float) or entry.name in apart:
            continue  # a field of another kind is its rule's own business
        if kind is bool or isinstance(value, bool):
            good = kind is bool and isinstance(value, bool)
        else:
            good = isinstance(value, int if kind is int else (int, float)) and math.isfinite(value)
        if not good:
            name = {bool: "true or false", int: "a whole number"}.get(kind, "a finite number")
            raise ParameterError(f"Parameter '{entry.name}' is {value!r}: it must be {name}{_meaning(entry)}.")
        test, sentence = _CHECKS[entry.metadata.get("allowed", "any")]
        if not test(value):
            raise ParameterError(f"Parameter '{entry.name}' is {value!r}: it {sentence}{_meaning(entry)}.")
        if kind is int and not -LARGEST <= value <= LARGEST:
            raise ParameterError(
                f"Parameter '{entry.name}' is {value!r}: it must be at most {LARGEST}{_meaning(entry)}."
            )
        if kind is float:
            object.__setattr__(parameters, entry.name, float(value))


def _meaning(entry: Any) -> str:
    """What a field is, in brackets; a plain field of a user's own rule may not say."""
    return f" ({entry.metadata['meaning']})" if "meaning" in entry.metadata else ""


@dataclass(frozen=True)
class NetworkParameters:
    """Every constant of the network, compiled into the program.

    Raises
    ------
    ParameterError
        If a value has the wrong type or lies outside its range.

    Examples
    --------
    >>> NetworkParameters(neurons=400).weight_sum
    78.4
    """

    neurons: int = parameter(100, "1", "number of excitatory (and of inhibitory) neurons N", "[1]", "positive")
    inputs: int = parameter(784, "1", "number of input neurons, one a pixel", "[1]", "positive")
    dt: float = parameter(0.5, "ms", "time step", "[2]", "positive")

    tau_e: float = parameter(100.0, "ms", "membrane time constant, excitatory", "[1]", "positive")
    v_rest_e: float = parameter(-65.0, "mV", "resting potential, excitatory", "[2]")
    v_reset_e: float = parameter(-65.0, "mV", "reset potential, excitatory", "[2]")
    v_threshold_e: float = parameter(-52.0, "mV", "base threshold, excitatory", "[2]")
    refractory_e: float = parameter(
        5.0, "ms", "no spike for this long after a spike, excitatory", "[2]", "not negative"
    )
    E_exc_e: float = parameter(0.0, "mV", "reversal potential of excitation, excitatory", "[2]")
    E_inh_e: float = parameter(-100.0, "mV", "reversal potential of inhibition, excitatory", "[2]")

    tau_i: float = parameter(10.0, "ms", "membrane time constant, inhibitory", "[2]", "positive")
    v_rest_i: float = parameter(-60.0, "mV", "resting potential, inhibitory", "[2]")
    v_reset_i: float = parameter(-45.0, "mV", "reset potential, inhibitory", "[2]")
    v_threshold_i: float = parameter(-40.0, "mV", "threshold, inhibitory", "[2]")
    refractory_i: float = parameter(
        2.0, "ms", "no spike for this long after a spike, inhibitory", "[2]", "not negative"
    )
    E_exc_i: float = parameter(0.0, "mV", "reversal potential of excitation, inhibitory", "[2]")

    tau_g_exc: float = parameter(1.0, "ms", "decay of excitatory conductances", "[2]", "positive")
    tau_g_inh: float = parameter(2.0, "ms", "decay of inhibitory conductances", "[2]", "positive")
    v_offset: float = parameter(-40.0, "mV", "initial potential above rest", "[2]")

    theta_0: float = parameter(20.0, "mV", "initial adaptive threshold theta", "[2]")
    theta_plus: float = parameter(0.05, "mV", "rise of theta at a spike", "[2]", "not negative")
    tau_theta: float = parameter(1e7, "ms", "decay of theta", "[2]", "positive")
    theta_recruited: float = parameter(
        0.0, "1", "share of the median theta below which a neuron was not recruited: its least theta in evaluation",
        "project", "share",
    )  # fmt: skip
    theta_offset: float = parameter(20.0, "mV", "subtracted from the base threshold where theta is added", "[2]")

    w_exc_inh: float = parameter(10.4, "1", "weight excitatory to inhibitory (one to one)", "[2]", "not negative")
    w_inh_exc: float = parameter(17.0, "1", "weight inhibitory to excitatory (all but itself)", "[2]", "not negative")
    w_max: float = parameter(1.0, "1", "upper bound of plastic weights", "[1]", "positive")
    w_scale: float = parameter(0.3, "1", "initial weights are w_scale (U(0,1) + w_floor)", "[2]", "not negative")
    w_floor: float = parameter(0.01, "1", "initial weights are w_scale (U(0,1) + w_floor)", "[2]", "not negative")
    weight_share: float = parameter(
        0.1,
        "1",
        "summed weight of a neuron as a share of the inputs",
        "design (78.4 at 784 inputs; [2] uses 78)",
        "positive",
    )

    depression: bool = parameter(True, "1", "whether input spikes depress synapses", "[1]")

    tau_pre: float = parameter(20.0, "ms", "decay of the presynaptic trace", "[2]", "positive")
    tau_post1: float = parameter(20.0, "ms", "decay of the fast postsynaptic trace", "[2]", "positive")
    tau_post2: float = parameter(40.0, "ms", "decay of the slow postsynaptic trace", "[2]", "positive")
    rate_pre: float = parameter(1e-4, "1", "learning rate at an input spike (depression)", "[2]", "not negative")
    rate_post: float = parameter(
        1e-2, "1", "learning rate at an excitatory spike (potentiation)", "[2]", "not negative"
    )

    presentation: float = parameter(350.0, "ms", "time that an image is shown", "[1]", "positive")
    rest: float = parameter(150.0, "ms", "time without input after a presentation", "[1]", "not negative")
    simulate_rest: bool = parameter(False, "1", "step through the rest instead of its closed form", "project")
    intensity: float = parameter(2.0, "1", "intensity of the first attempt", "[2]", "positive")
    intensity_step: float = parameter(1.0, "1", "added to the intensity of each further attempt", "[1]", "not negative")
    minimum_spikes: int = parameter(
        5, "1", "with fewer excitatory spikes the image is shown again", "[1]", "not negative"
    )
    attempts: int = parameter(30, "1", "at most this many attempts an image", "project", "positive")
    event_slots: int = parameter(
        0, "1", "times of an input in an image of event data, one more than events; 0 for pixels", "project",
        "not negative",
    )  # fmt: skip
    pixel_per_hertz: float = parameter(8.0, "1", "pixel value that stands for 1 Hz at intensity 1", "[1]", "positive")
    equations: Equations = parameter(
        THE_PACKAGES, "1", "strings by name in place of the package's, a variant, or a TOML file of strings", "project"
    )

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "equations", Equations.given(self.equations))
        for name in ("presentation", "rest", "refractory_e", "refractory_i"):
            steps = getattr(self, name) / self.dt
            if abs(steps - round(steps)) > 1e-6:
                raise ParameterError(
                    f"Parameter '{name}' is {getattr(self, name)} ms: it must be a multiple of "
                    f"the time step of {self.dt} ms."
                )
        if self.neurons * self.inputs > LARGEST:
            raise ParameterError(
                f"{self.neurons:,} neurons with {self.inputs:,} inputs have more than {LARGEST:,} synapses: choose at "
                f"most {LARGEST // self.inputs:,} neurons."
            )

    @property
    def weight_sum(self) -> float:
        """Sum to which the weights of each excitatory neuron are normalised."""
        return self.weight_share * self.inputs

    @property
    def depresses(self) -> bool:
        """Whether input spikes depress synapses: asked for, and with an equation for it."""
        return self.depression and bool(self.equations.text("DEPRESS").strip())

    @property
    def image_bytes(self) -> int:
        """Bytes of an image: a pixel is one, of event data each of its times two."""
        return self.inputs * (2 * self.event_slots or 1)

    @property
    def presentation_steps(self) -> int:
        """Time steps of a presentation."""
        return round(self.presentation / self.dt)

    @property
    def slot_steps(self) -> int:
        """Time steps simulated for one presentation, with the rest where it is simulated."""
        return self.presentation_steps + (round(self.rest / self.dt) if self.simulate_rest else 0)

    @property
    def steps_between_presentations(self) -> int:
        """Time steps from the start of a presentation to that of the next, simulated or not."""
        return round((self.presentation + self.rest) / self.dt)

    @classmethod
    def preset(cls, name: str, **changes: Any) -> NetworkParameters:
        """Return a named network (:data:`PRESETS`), with changes.

        Raises
        ------
        ParameterError
            If there is none of that name, or a change is not allowed.

        Examples
        --------
        >>> NetworkParameters.preset("undepressed", neurons=400).depression
        False
        """
        if name not in PRESETS:
            raise ParameterError(unknown_name("preset of network parameters", name, PRESETS))
        return cls(**{**PRESETS[name], **changes})

    def as_dict(self) -> dict[str, Any]:
        """Return all fields, for JSON; equations only where they are not the package's."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        equations = dict(values.pop("equations"))
        return values | ({"equations": equations} if equations else {})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NetworkParameters:
        """Build from a mapping of field names to values; ``preset`` names what the others change.

        Raises
        ------
        ParameterError
            If a name is unknown or a value is not allowed.
        """
        values = dict(values)
        return cls.preset(str(values.pop("preset", "diehl-cook")), **convert_fields(cls, values))


def convert_fields(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check names against the fields of `cls` and convert numbers (or their text) to the type of each default."""
    known = {entry.name: entry for entry in fields(cls)}
    converted: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ParameterError(unknown_name(f"parameter of {cls.__name__}", name, known))
        kind = type(known[name].default)
        try:
            if kind is bool and isinstance(value, str):
                converted[name] = {"true": True, "false": False}[value.lower()]
            elif kind is int and float(value) == int(float(value)) and not isinstance(value, bool):
                converted[name] = int(float(value))
            else:
                converted[name] = kind(value) if kind is float and not isinstance(value, bool) else value
        except (KeyError, TypeError, ValueError, OverflowError):
            converted[name] = value
    return converted
