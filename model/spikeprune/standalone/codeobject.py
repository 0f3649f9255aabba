"""C++ standalone code objects whose loops a compiler can vectorise.

Brian2's templates iterate over a list of synapses and load the indices of both neurons for each of them, and its code
generator knows nothing of the loop around its statements.  Here the generator also says which loops are free of
dependencies between iterations, and the templates next to this file use that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Any

from brian2 import prefs
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.codegen.permutation_analysis import OrderDependenceError, check_for_order_independence
from brian2.codegen.statements import Statement
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import ArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import get_device
from brian2.utils.stringtools import word_substitute

from .precision import SinglePrecisionRenderer, float_constants, is_single_precision, single_precision_names

__all__ = ["DENSE_TEMPLATE", "FastCPPCodeGenerator", "FastCPPStandaloneCodeObject", "fast_code_object"]

#: Template of a synaptic pathway between two whole groups; its loops define the two neuron indices themselves.
DENSE_TEMPLATE = "synapses_dense"

NEURON_INDICES = frozenset({"_presynaptic_idx", "_postsynaptic_idx"})


class FastCPPCodeGenerator(CPPCodeGenerator):
    """Brian2's C++ generator, which also tells the template what the vector code reads and writes.

    The template receives these additional keywords:

    ``independent_over``
        Set of index names ("_idx", "_presynaptic_idx", "_postsynaptic_idx").  A loop in which this index takes every
        value at most once has no dependence between its iterations, so that ``#pragma GCC ivdep`` is legal.
    ``order_matters``
        Whether the result may depend on the order of the iterations (as Brian2 judges it), for example because a
        random number is drawn; such code keeps Brian2's order.
    ``same_for_all``
        Whether the vector code has the same result in all iterations because it reads nothing but scalars.
    """

    #: Whether the statement being translated is computed in single precision.
    _single_precision = False
    _local_names: Set[str] = frozenset()

    def translate_statement(self, statement: Statement) -> str:
        # Scalar statements are computed once a step: there, double precision costs nothing.
        self._single_precision = not statement.scalar and is_single_precision(
            statement, self.variables, self._local_names
        )
        code: str = super().translate_statement(statement)
        self._single_precision = False
        return code

    def translate_expression(self, expr: str) -> str:
        if not self._single_precision:
            return str(super().translate_expression(expr))
        renderer = SinglePrecisionRenderer(float_constants(self.variables), auto_vectorise=self.auto_vectorise)
        return renderer.render_expr(word_substitute(expr, self.func_name_replacements)).strip()

    def translate_to_read_arrays(self, read: set[str], write: set[str], indices: set[str]) -> list[str]:
        if self.template_name != DENSE_TEMPLATE:
            return super().translate_to_read_arrays(read, write, indices)
        names = {self.get_array_name(self.variables[index]): index for index in NEURON_INDICES & set(self.variables)}
        lines = []
        loads = set()
        for name in sorted(read):
            # i and j are the arrays of the neuron indices under another name
            index = names.get(self.get_array_name(self.variables[name]))
            if index is None:
                loads.add(name)
            else:
                lines.append(f"const {self.c_data_type(self.variables[name].dtype)} {name} = {index};")
        return lines + super().translate_to_read_arrays(loads, write, indices - NEURON_INDICES)

    def translate_statement_sequence(
        self, sc_statements: dict[str | None, Sequence[Statement]], ve_statements: dict[str | None, Sequence[Statement]]
    ) -> tuple[dict[str | None, str], dict[str | None, str], dict[str, Any]]:
        statements = [statement for block in ve_statements.values() for statement in block]
        self._local_names = single_precision_names(
            [*statements, *(statement for block in sc_statements.values() for statement in block)]
        )
        scalar_code, vector_code, keywords = super().translate_statement_sequence(sc_statements, ve_statements)
        keywords["order_matters"] = self._order_matters(statements)
        keywords["same_for_all"] = not keywords["order_matters"] and self._is_scalar(statements)
        keywords["independent_over"] = {
            index for index in {"_idx", *NEURON_INDICES} if self._is_independent(statements, index)
        }
        return scalar_code, vector_code, keywords

    def _order_matters(self, statements: Sequence[Statement]) -> bool:
        try:
            check_for_order_independence(statements, self.variables, self.variable_indices)
        except OrderDependenceError:
            return True
        return False

    def _is_scalar(self, statements: Sequence[Statement]) -> bool:
        read, write, indices, _ = self.arrays_helper(statements)
        return not indices and all(self.variable_indices[name] == "0" for name in read | write)

    def _is_independent(self, statements: Sequence[Statement], inner: str) -> bool:
        """Whether a loop in which `inner` (and so also "_idx") never repeats has independent iterations."""
        read, write, _, _ = self.arrays_helper(statements)
        written = self._indices_of_arrays(write)
        used = self._indices_of_arrays(read | write)
        # One array can be reached under two indices (a group connected to itself), so count indices per array.
        return all(used[array] in ({"_idx"}, {inner}) for array in written)

    def _indices_of_arrays(self, names: Iterable[str]) -> dict[str, set[str]]:
        indices: dict[str, set[str]] = {}
        for name in names:
            variable = self.variables[name]
            if isinstance(variable, ArrayVariable):
                indices.setdefault(self.get_array_name(variable), set()).add(self.variable_indices[name])
        return indices


class FastCPPStandaloneCodeObject(CPPStandaloneCodeObject):
    """Code object for `NeuronGroup` and `DenseSynapses` with vectorisable loops.

    Templates that this package does not provide are Brian2's own.  In double precision the results are Brian2's; in
    single precision they differ by rounding, because constants are then floats (see the module `precision`).
    """

    templater = CPPStandaloneCodeObject.templater.derive("spikeprune.standalone")
    generator_class = FastCPPCodeGenerator


# Brian2's clip compares in double precision, which costs two conversions for every float.  Rounding the bounds to the
# type of the value first gives the same result: no value lies strictly between a bound and its nearest neighbour.
DEFAULT_FUNCTIONS["clip"].implementations.add_implementation(
    FastCPPStandaloneCodeObject,
    name="_clip",
    code="""
    template <typename T> static inline T _clip_between(const T value, const T low, const T high)
    {
        const T bounded = value < low ? low : value;
        return bounded > high ? high : bounded;
    }
    template <typename T> static inline T _clip(const T value, const double low, const double high)
    {
        return (T)_clip_between<double>(value, low, high);
    }
    static inline float _clip(const float value, const double low, const double high)
    {
        return _clip_between<float>(value, (float)low, (float)high);
    }
    """,
)


def fast_code_object() -> type[FastCPPStandaloneCodeObject] | None:
    """Code object class for groups on the active device.

    Returns
    -------
    type or None
        `FastCPPStandaloneCodeObject` when the active device generates plain C++ (without OpenMP), otherwise None,
        which Brian2 takes as the device's own choice.

    Examples
    --------
    >>> from brian2 import NeuronGroup, ms
    >>> group = NeuronGroup(
    ...     100, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact",
    ...     codeobj_class=fast_code_object(),
    ... )
    """
    # The identity, not the inheritance: devices for other hardware derive from the C++ one.
    plain_cpp = get_device().code_object_class() is CPPStandaloneCodeObject
    return FastCPPStandaloneCodeObject if plain_cpp and prefs.devices.cpp_standalone.openmp_threads == 0 else None
