"""Brian2's C++ standalone mode near the speed of the hardware, for dense networks on one core.

Nothing here knows the networks of this package:

- `DenseSynapses` replaces `Synapses` between two whole groups connected all-to-all without delays, `PairedSynapses`
  one-to-one;
- `LayerGroup` is a `NeuronGroup` whose threshold is tested in the loop that integrates it;
- `RenewalGroup` is a `NeuronGroup` of neurons that know when they will spike next;
- `fast_code_object` gives the `codeobj_class` with which a `NeuronGroup` gets vectorised state updates and thresholds;
- the device ``"cpp_standalone_fast"`` (`FAST_DEVICE`) spends less time between two time steps.

On devices other than these two C++ ones, the first five leave Brian2 as it is.
"""

from . import functions as _functions  # noqa: F401  (gives Brian2's functions an implementation more)
from .codeobject import FastCPPStandaloneCodeObject, fast_code_object
from .device import FAST_DEVICE, FastCPPStandaloneDevice
from .layer import LayerGroup
from .renewal import RenewalGroup
from .synapses import DenseSynapses, PairedSynapses

__all__ = [
    "FAST_DEVICE",
    "DenseSynapses",
    "FastCPPStandaloneCodeObject",
    "FastCPPStandaloneDevice",
    "LayerGroup",
    "PairedSynapses",
    "RenewalGroup",
    "fast_code_object",
]
