"""Compiler flags of the fast device, for each precision."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from brian2 import prefs
from brian2.codegen.cpp_prefs import default_buildopts

__all__ = ["FLAGS", "MODEL_FLAGS", "compiler_flags", "device_flags"]

# By default, compilers for x86 leave half of the widest vector units unused.
_WIDEST = ["-mprefer-vector-width=512"] if platform.machine().lower() in ("x86_64", "amd64") else []

#: Flags of this package's own programs for each precision.  Double precision follows IEEE rules strictly, so that every
#: processor, compiler and Brian2 target gives the same numbers (what the C library notes beside a number, `errno` and
#: traps, is not needed); single precision is for speed, and models that calculate with infinities must choose other
#: flags there.
FLAGS = {
    "single": ["-w", "-O3", "-ffast-math", "-fno-math-errno", "-march=native", *_WIDEST],
    "double": ["-w", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-march=native", *_WIDEST],
}
#: Flags of any other model: Brian2's own in double precision, with which exponentials are vectorised.
MODEL_FLAGS = {
    "single": FLAGS["single"],
    "double": [*(flag for flag in default_buildopts if not flag.startswith("-std=")), *_WIDEST],
}


def compiler_flags() -> list[str]:
    """Return what the preferences of Brian2 name, or else `MODEL_FLAGS` for the precision in use."""
    chosen = prefs.codegen.cpp.extra_compile_args
    if chosen is None:
        chosen = prefs.codegen.cpp.extra_compile_args_gcc
        if chosen == default_buildopts:
            chosen = MODEL_FLAGS["single" if prefs.core.default_float_dtype is np.float32 else "double"]
    return list(chosen)


@contextmanager
def device_flags() -> Iterator[None]:
    """Let Brian2 compile with `compiler_flags`."""
    before = prefs.codegen.cpp.extra_compile_args_gcc
    prefs.codegen.cpp.extra_compile_args_gcc = compiler_flags()
    try:
        yield
    finally:
        prefs.codegen.cpp.extra_compile_args_gcc = before
