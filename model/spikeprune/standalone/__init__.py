"""Brian2's C++ standalone mode near the speed of the hardware, for dense networks on one core.

Nothing here knows the networks of this package:

- the device ``"cpp_standalone_fast"`` (`FAST_DEVICE`) gives any Brian2 model vectorised state updates, thresholds and
  resets, and spends less time between two time steps; nothing else need be said;
- `DenseSynapses` replaces `Synapses` between two whole groups connected all-to-all without delays, `PairedSynapses`
  one-to-one;
- `LayerGroup` is a `NeuronGroup` whose threshold is tested in the loop that integrates it;
- `RenewalGroup` is a `NeuronGroup` of neurons that know when they will spike next;
- `fast_code_object` gives the `codeobj_class` with which groups get the fast code on the device ``"cpp_standalone"``.

On devices other than these two C++ ones, all of them leave Brian2 as it is.  What the user promises (`only`, `where`,
`lasting`) is checked step by step under ``prefs.devices.cpp_standalone_fast.check_promises = True``
(`BrokenPromiseError`), and what code assumes of the order of a time step before every run (`ScheduleError`).
"""

from . import functions as _functions  # noqa: F401  (gives Brian2's functions an implementation more)
from . import gsl as _gsl  # noqa: F401  (admits the fast device to a state updater)
from .codeobject import FastCPPStandaloneCodeObject, fast_code_object
from .device import FAST_DEVICE, FastCPPStandaloneDevice
from .flags import FLAGS, MODEL_FLAGS
from .layer import LayerGroup
from .promises import BrokenPromiseError
from .renewal import RenewalGroup
from .schedule import ScheduleError
from .synapses import DenseSynapses, PairedSynapses

__all__ = [
    "FAST_DEVICE",
    "FLAGS",
    "MODEL_FLAGS",
    "BrokenPromiseError",
    "DenseSynapses",
    "FastCPPStandaloneCodeObject",
    "FastCPPStandaloneDevice",
    "LayerGroup",
    "PairedSynapses",
    "RenewalGroup",
    "ScheduleError",
    "fast_code_object",
]
