"""What goes into a compiled program and what comes out of it: one binary file each, written by NumPy and by C++.

A program is started as ``main IN OUT``.  IN holds the variables of the state one after another, as they are in memory,
and the pixels of the images, a byte each; OUT holds, for each variable, the number of its values and the values.  This
takes a fraction of the time of Brian2's own files, one for each of some 170 arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from brian2.core.variables import ArrayVariable

__all__ = ["NUMBER", "UNWRITTEN", "Layout", "read_code", "read_output", "write_code", "write_input"]

#: What a program says of the file OUT where there is no room for it.
UNWRITTEN = " cannot be written."
#: C++ variable with the number of pixels that have been read.
NUMBER = "_number_of_pixels"
#: Variables in the order of the files: name to type and number of values, none where the program decides.
Layout = dict[str, tuple[str, int | None]]


def _memory(device: Any, variable: ArrayVariable) -> tuple[str, str]:
    """Where the values of a variable lie, and their number, in C++."""
    from brian2.core.variables import DynamicArrayVariable

    name = device.get_array_name(variable, access_data=False)
    growing = isinstance(variable, DynamicArrayVariable)
    return (f"{name}.data()", f"{name}.size()") if growing else (name, str(variable.size))


def read_code(device: Any, variables: Iterable[tuple[ArrayVariable, int]], pixels: str, size: int, image: int) -> str:
    """C++ statements for the main function that read the file IN, before the network runs.

    Parameters
    ----------
    device : Brian2 device
    variables : iterable of (ArrayVariable, int)
        In the order of the file, with the number of their values.
    pixels : str
        Name of the C++ array that takes the pixels.
    size : int
        Number of pixels that it has room for.
    image : int
        Number of pixels of an image.
    """
    reads = "\n".join(
        f"    _in.read(reinterpret_cast<char*>({memory}), {number}*sizeof(*{memory}));"
        for variable, number in variables
        for memory, _ in [_memory(device, variable)]
    )
    return f"""
#ifdef PR_SET_PDEATHSIG
prctl(PR_SET_PDEATHSIG, SIGKILL); // whatever kills a run takes its program along
#endif
if (args.size() != 2)
{{
    std::cerr << "This program takes two arguments: the file to read and the file to write." << std::endl;
    return 2;
}}
int64_t {NUMBER};
{{
    std::ifstream _in(args[0].c_str(), std::ios::binary);
{reads}
    const bool _whole = bool(_in);
    std::vector<unsigned char> _pixels({size});
    _in.read(reinterpret_cast<char*>(_pixels.data()), {size}); // or as many images as there are
    const int64_t _given = _in.gcount();
    if (!_whole || _given == 0 || _given % {image} != 0)
    {{
        std::cerr << "The file " << args[0] << " is too short." << std::endl;
        return 2;
    }}
    // One more, for networks that have been shown all of theirs.
    {NUMBER} = std::min<int64_t>(_given + {image}, {size});
    std::copy_n(_pixels.begin(), {NUMBER}, {pixels});
    args.clear(); // Brian2 takes what is left for the names of variables
}}
"""


def write_code(device: Any, variables: Iterable[ArrayVariable]) -> str:
    """C++ statements for the main function that write the file OUT and end the program.

    Parameters
    ----------
    device : Brian2 device
    variables : iterable of ArrayVariable
        In the order of the file.
    """
    writes = "\n".join(f"    {_write(device, variable)}" for variable in variables)
    return f"""
{{
    using namespace brian;
    std::ofstream _out(argv[2], std::ios::binary);
    auto _write = [&_out](const void* values, const int64_t number, const size_t bytes)
    {{
        _out.write(reinterpret_cast<const char*>(&number), sizeof(number));
        _out.write(static_cast<const char*>(values), number*bytes);
    }};
{writes}
    _out.close();
    if (!_out)
        std::cerr << "The file " << argv[2] << "{UNWRITTEN}" << std::endl;
    return _out ? 0 : 2;
}}
"""


def _write(device: Any, variable: ArrayVariable) -> str:
    """C++ statement that writes a variable; what a monitor has recorded of many neurons goes out step by step."""
    from brian2.codegen.generators.cpp_generator import c_data_type

    if getattr(variable, "ndim", 1) == 1:
        memory, number = _memory(device, variable)
        return f"_write({memory}, {number}, sizeof(*{memory}));"
    name, monitor = device.get_array_name(variable, access_data=False), variable.owner
    steps = _memory(device, monitor.variables["t"])[1]
    return (
        f"{{ std::vector<{c_data_type(variable.dtype)}> _flat; "
        f"for (int64_t _k = 0; _k < {steps}; _k++) for (int64_t _i = 0; _i < {monitor.n_indices}; _i++) "
        f"_flat.push_back({name}(_k, _i)); _write(_flat.data(), _flat.size(), sizeof(_flat[0])); }}"
    )


def write_input(path: Path, layout: Layout, values: Mapping[str, ArrayLike], pixels: NDArray[np.uint8]) -> None:
    """Write the file IN.

    Parameters
    ----------
    path : Path
    layout : dict
        Variables that go in.
    values : mapping of str to array_like
        Their values; one value may stand for all.
    pixels : ndarray of uint8
    """
    with path.open("wb") as file:
        for name, (kind, size) in layout.items():
            np.ascontiguousarray(np.broadcast_to(values[name], (size or 0,)), dtype=kind).tofile(file)
        pixels.tofile(file)


def read_output(path: Path, layout: Layout) -> dict[str, NDArray[Any]]:
    """Read the file OUT.

    Parameters
    ----------
    path : Path
    layout : dict
        Variables that come out.

    Returns
    -------
    dict of str to ndarray
    """
    output = {}
    with path.open("rb") as file:
        for name, (kind, _) in layout.items():
            (number,) = np.fromfile(file, dtype=np.int64, count=1)
            output[name] = np.fromfile(file, dtype=kind, count=number)
    return output
