"""Constants of the network that follow the data, the number of neurons and the length of the training.

Diehl and Cook's constants fit 400 neurons on MNIST.  Three things change with data, size and length:

*Drive.*  An input spikes in proportion to its pixel, so the conductance that an image causes grows with the summed
weight times the mean ink.  Fashion-MNIST has twice the ink of MNIST; at the same sum, every neuron answers everything.
So the sum follows the ink [1]_::

    weight_share = DRIVE / ink

*Homeostasis.*  In balance a neuron's theta loses in the time of an image what its spikes add::

    theta = (spikes of an image / N) * theta_plus * tau_theta / (time of an image)

The spikes of an image hardly change with N, because inhibition sees to them; so theta_plus grows with N, and theta
stays where it is at `REFERENCE_NEURONS`.  At N = 6400 with the gain of N = 400, theta sinks below its start, and
neurons answer everything.

*Time.*  Each neuron has 1/N of the spikes of an image, and so of the steps in which its field forms and its theta comes
into balance.  Where a training has fewer images for a neuron than 60,000 for `REFERENCE_NEURONS`, learning rates grow,
up to `MOST` times: larger steps would replace the field by one image.  And theta_plus is not less than what brings a
neuron that fires as often as the others into balance within the training: with less, few neurons answer everything.

References
----------
.. [1] Y. Hao et al., "A biologically plausible supervised learning method for spiking neural networks using the
   symmetric STDP rule", arXiv 1812.06574: sums of 78.4 for MNIST and 19.6 for Fashion-MNIST; the gain of theta and the
   learning rates depend on the size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeprune.errors import ParameterError
from spikeprune.parameters import NetworkParameters

__all__ = ["DRIVE", "MOST", "REFERENCE_IMAGES", "REFERENCE_NEURONS", "scaled_parameters", "scaled_values"]

#: Summed weight as a share of the inputs, times mean ink: 0.07 on MNIST, whose ink is 0.1307 (search-network-800).
DRIVE = 0.07 * 0.1307
#: The size, and the images shown, at which Diehl & Cook's gain of theta and learning rates are the best.
REFERENCE_NEURONS, REFERENCE_IMAGES = 800, 60_000
#: Share of the gain at the reference with which theta comes into balance in so short a time; with less, pruned networks
#: collapse, though unpruned ones may be better (search-network-digits).
BALANCED = 0.575
#: Largest factor of the learning rates.
MOST = 4.0
#: Share of the median theta that neurons which were recruited exceed.
RECRUITED = 0.67
#: Largest summed weight as a share of the inputs, for data with hardly any ink.
LARGEST_SHARE = 0.5


def scaled_values(neurons: int, ink: float, images: int = REFERENCE_IMAGES) -> dict[str, float]:
    """Return the constants that follow the number of neurons, the data and the length of the training.

    Parameters
    ----------
    neurons : int
    ink : float
        Mean pixel of the training images, 0 to 1.
    images : int
        Images that the training shows, all epochs together.

    Raises
    ------
    ParameterError
        If the ink is not above 0 and at most 1.

    Examples
    --------
    >>> scaled_values(neurons=1600, ink=0.1307)
    {'weight_share': 0.07, 'theta_plus': 0.1, 'rate_pre': 0.0002, 'rate_post': 0.02, 'theta_recruited': 0.67}
    """
    if not 0 < ink <= 1:
        raise ParameterError(f"The mean ink is {ink!r}: it must be above 0 and at most 1; are the images empty?")
    plain = NetworkParameters()
    size = neurons / REFERENCE_NEURONS
    fewer = min(size * REFERENCE_IMAGES / max(images, 1), 2 * MOST)  # than the images for a neuron at the reference
    rates = min(max(fewer, 1.0), MOST)
    return {
        # Rounded, so that data with the same ink to three digits share one compiled program.
        "weight_share": round(min(DRIVE / ink, LARGEST_SHARE), 3),
        "theta_plus": round(plain.theta_plus * max(size, BALANCED * fewer), 3 if fewer > 1 else 6),
        "rate_pre": plain.rate_pre * round(rates, 1),
        "rate_post": plain.rate_post * round(rates, 1),
        "theta_recruited": RECRUITED,
    }


def scaled_parameters(
    neurons: int, inputs: int, ink: float, images: int, given: Mapping[str, Any] | None = None
) -> NetworkParameters:
    """Return all constants for so many neurons, such data and so many images; what is given stays as it is.

    Parameters
    ----------
    neurons, inputs : int
    ink : float
        Mean pixel of the training images, 0 to 1.
    images : int
        Images that the training shows, all epochs together.
    given : mapping of str to number, optional
        Constants that do not follow (names of :class:`~spikeprune.parameters.NetworkParameters`).

    Raises
    ------
    ParameterError
        If the ink is not above 0 and at most 1, or a given constant is unknown or not allowed.
    """
    sizes = {"neurons": neurons, "inputs": inputs}
    return NetworkParameters.from_dict({**scaled_values(neurons, ink, images), **(given or {}), **sizes})
