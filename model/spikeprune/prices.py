"""Estimate energy as operations × price.

The result is an estimate, not a measurement: no network of this package has run on any of these chips.  The prices
differ by orders of magnitude, between technologies and even for one chip, because each source includes something else
in "one operation" (the arithmetic alone, or memory, routing, leakage and the clock as well); TrueNorth, 26 pJ here, is
quoted at 2.5 pJ elsewhere [3].  So compare networks at one price, never two prices with each other, and give the count
beside the energy.  The numbered references are spelled out in the `source` of each price.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from spikeprune.errors import ParameterError, unknown_name
from spikeprune.operations import OperationCounts

__all__ = ["PRICES", "EnergyPrice", "energy", "energy_per_image"]

JOULE_PER_PICOJOULE = 1e-12


@dataclass(frozen=True)
class EnergyPrice:
    """The energy of one synaptic operation, according to one source.

    Attributes
    ----------
    name : str
        Name that selects the price.
    picojoule_per_sop : float
        Energy of one operation, in pJ.
    technology : str
        Process and supply voltage of the circuit.
    source : str
        Full reference.
    note : str
        What the price includes and leaves out.

    Raises
    ------
    ParameterError
        If the price is not a positive number.
    """

    name: str
    picojoule_per_sop: float
    technology: str
    source: str
    note: str

    def __post_init__(self) -> None:
        if not 0 < self.picojoule_per_sop < math.inf:
            raise ParameterError(f"The price {self.name} is {self.picojoule_per_sop} pJ: give a positive number of pJ.")


_DAVIES = (
    "[1] M. Davies et al., Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro 38(1):82–99 "
    "(2018), doi:10.1109/MM.2018.112130359, table 2."
)
_FRENKEL = (
    "[2] C. Frenkel, M. Lefebvre, J.-D. Legat and D. Bol, A 0.086-mm² 12.7-pJ/SOP 64k-synapse 256-neuron "
    "online-learning digital spiking neuromorphic processor in 28-nm CMOS, IEEE Transactions on Biomedical Circuits "
    "and Systems 13(1):145–158 (2019), doi:10.1109/TBCAS.2018.2880425."
)
_TANG = (
    "[3] G. Tang et al., SENECA: building a fully digital neuromorphic processor, design trade-offs and challenges, "
    "Frontiers in Neuroscience 17:1187252 (2023), doi:10.3389/fnins.2023.1187252, table 3, which cites "
    "[4] S. Höppner et al., The SpiNNaker 2 processing element architecture for hybrid digital neuromorphic computing, "
    "arXiv:2103.08392 (2021)."
)
_MEROLLA = (
    "[5] P. A. Merolla et al., A million spiking-neuron integrated circuit with a scalable communication network and "
    "interface, Science 345(6197):668–673 (2014), doi:10.1126/science.1254642."
)
_HOROWITZ = (
    "[6] M. Horowitz, Computing's energy problem (and what we can do about it), IEEE International Solid-State "
    "Circuits Conference, Digest of Technical Papers, 10–14 (2014), doi:10.1109/ISSCC.2014.6757323."
)
_45_NM = "45 nm CMOS, 0.9 V"
_ARITHMETIC_ONLY = "One addition alone, rounded in the source; no memory access, routing, control, clock or leakage."

#: Published prices of one operation, by the names that commands take.
PRICES: Mapping[str, EnergyPrice] = MappingProxyType(
    {
        price.name: price
        for price in (
            EnergyPrice(
                "loihi",
                23.6,
                "14 nm FinFET CMOS, 0.75 V",
                _DAVIES,
                "Smallest energy of one synaptic spike operation, from simulation before silicon; routing and neuron "
                "updates come on top, and the source prices a weight update at 120 pJ, so training costs more.",
            ),
            EnergyPrice(
                "odin",
                12.7,
                "28 nm FDSOI CMOS, 0.55 V",
                _FRENKEL,
                "Measured whole-chip energy per operation at the highest operation rate, leakage and idle power "
                "included; the incremental energy is 8.43 pJ, and at biological speed leakage raises the sum to 54 pJ.",
            ),
            EnergyPrice(
                "spinnaker2",
                10.0,
                "22 nm FDSOI CMOS",
                _TANG,
                "Rounded, quoted from a table that compares chips; an operation is software on a processor core, so "
                "its energy depends on the model, and the table warns that its definition differs between chips.",
            ),
            EnergyPrice(
                "truenorth",
                26.0,
                "28 nm CMOS, 0.775 V",
                _MEROLLA,
                "Measured whole-chip power, static power included, divided by the rate of synaptic events, for neurons "
                "that fire at 20 Hz with 128 active synapses each; the chip does not learn.",
            ),
            EnergyPrice("45nm-float32-add", 0.9, _45_NM, _HOROWITZ, _ARITHMETIC_ONLY),
            EnergyPrice(
                "45nm-float32-multiply", 3.7, _45_NM, _HOROWITZ, _ARITHMETIC_ONLY.replace("addition", "multiplication")
            ),
            EnergyPrice("45nm-int32-add", 0.1, _45_NM, _HOROWITZ, _ARITHMETIC_ONLY),
            EnergyPrice("45nm-int8-add", 0.03, _45_NM, _HOROWITZ, _ARITHMETIC_ONLY),
            EnergyPrice(
                "45nm-sram-read",
                5.0,
                _45_NM,
                _HOROWITZ,
                "One 32-bit read from an 8 kB SRAM alone, half of the source's 64-bit access (10 pJ); no arithmetic.",
            ),
        )
    }
)


def energy(operations: OperationCounts | float, price: EnergyPrice | str = "loihi") -> float:
    """Energy of synaptic operations at a price.

    Parameters
    ----------
    operations : OperationCounts or number
        Counts, of which transmissions and updates are priced alike (in inference there are no updates), or a number of
        operations.
    price : EnergyPrice or str
        A price, or the name of one of `PRICES`; Loihi's, as in the commands, unless given.

    Returns
    -------
    float
        Estimated energy, in J.

    Raises
    ------
    ParameterError
        If no price has this name, or the number of operations is not a finite number from 0 up.

    Examples
    --------
    >>> f"{energy(1_000_000, 'loihi'):.3g} J"
    '2.36e-05 J'
    """
    if isinstance(price, str):
        if price not in PRICES:
            raise ParameterError(unknown_name("energy price", price, PRICES))
        price = PRICES[price]
    number = operations.training_sops if isinstance(operations, OperationCounts) else operations
    if not 0 <= number < math.inf:
        raise ParameterError(f"The number of operations is {number}: pass a finite number, at least 0.")
    return number * price.picojoule_per_sop * JOULE_PER_PICOJOULE


def energy_per_image(counts: OperationCounts, price: EnergyPrice | str) -> float:
    """Energy of one image, that of its retries included.

    Parameters
    ----------
    counts : OperationCounts
        Counts of at least one image.
    price : EnergyPrice or str
        A price, or the name of one of `PRICES`.

    Returns
    -------
    float
        Estimated energy, in J per image.

    Raises
    ------
    ParameterError
        If no price has this name.
    DataError
        If no image was accepted.
    """
    return energy(counts.per_image()["training_sops"], price)
