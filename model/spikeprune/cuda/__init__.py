"""Brian2's networks as CUDA programs whose results do not depend on the order of threads.

Nothing here knows the networks of this package.  The device ``"cuda_standalone_ordered"`` (`ORDERED_DEVICE`) derives
from brian2cuda's, which must be installed, with templates of its own:

- the events of a time step are listed in ascending order;
- what several spikes change together, one thread changes, spike by spike in that order, so that there are no atomic
  additions and every sum of floats is added up as in C++;
- a program that runs in a known rhythm does not start what cannot have anything to do (`OrderedCUDADevice.rhythm`);
- monitors grow in device memory, so that nothing is copied in an ordinary time step.

Importing this package registers the device.
"""

from .device import ORDERED_DEVICE, OrderedCUDADevice, Rhythm

__all__ = ["ORDERED_DEVICE", "OrderedCUDADevice", "Rhythm"]
