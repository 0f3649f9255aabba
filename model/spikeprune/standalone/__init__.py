"""Brian2's C++ standalone mode near the speed of the hardware, for dense networks on one core.

Nothing here knows the networks of this package:

- `DenseSynapses` replaces `Synapses` between two whole groups connected all-to-all without delays;
- `fast_code_object` gives the `codeobj_class` with which a `NeuronGroup` gets vectorised state updates and thresholds.

On devices other than plain C++ standalone, both leave Brian2 as it is.
"""

from .codeobject import FastCPPStandaloneCodeObject, fast_code_object
from .synapses import DenseSynapses

__all__ = ["DenseSynapses", "FastCPPStandaloneCodeObject", "fast_code_object"]
