"""How the package's own programs are compiled, known without Brian2: the device, and the flags for each precision."""

from __future__ import annotations

import platform

__all__ = ["FAST_DEVICE", "FLAGS", "WIDEST"]

#: Name of the Brian2 device (:mod:`spikeprune.standalone`).
FAST_DEVICE = "cpp_standalone_fast"

#: By default, compilers for x86 leave half of the widest vector units unused.
WIDEST = ["-mprefer-vector-width=512"] if platform.machine().lower() in ("x86_64", "amd64") else []

#: Flags of this package's own programs for each precision.  Double precision follows IEEE rules strictly, so that every
#: processor, compiler and Brian2 target gives the same numbers (what the C library notes beside a number, `errno` and
#: traps, is not needed); single precision is for speed, and models that calculate with infinities must choose other
#: flags there.
FLAGS = {
    "single": ["-w", "-O3", "-ffast-math", "-fno-math-errno", "-march=native", *WIDEST],
    "double": ["-w", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-march=native", *WIDEST],
}
