"""A C++ code generator that tells templates which loops a compiler can vectorise.

Brian2's templates iterate over a list of synapses and load the indices of both neurons for each of them, and its code
generator knows nothing of the loop around its statements.  Here the generator also says which loops are free of
dependencies between iterations, and the templates next to this file use that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import chain
from typing import Any

from brian2.codegen.permutation_analysis import OrderDependenceError, check_for_order_independence
from brian2.codegen.statements import Statement
from brian2.core.variables import ArrayVariable
from brian2.groups.neurongroup import NeuronGroup
from brian2.utils.stringtools import word_substitute

from .conditions import Blocks, ConditionGenerator
from .expressions import names_in
from .precision import (
    SinglePrecisionRenderer,
    float_constants,
    is_single_precision,
    opaque_functions,
    single_precision_names,
)

__all__ = [
    "CALENDAR_TEMPLATE",
    "CREATION_TEMPLATE",
    "DENSE_TEMPLATE",
    "LASTING_TEMPLATE",
    "PAIRED_TEMPLATE",
    "FastCPPCodeGenerator",
]

#: Template that creates synapses in a known pattern.
CREATION_TEMPLATE = "synapses_create_regular"

#: Template of a synaptic pathway between two whole groups; its loops define the two neuron indices themselves.
DENSE_TEMPLATE = "synapses_dense"

#: Template of a synaptic pathway between the neurons of the same number in two groups.
PAIRED_TEMPLATE = "synapses_paired"

#: Template of the threshold of neurons that know their next spike.
CALENDAR_TEMPLATE = "calendar"

#: Template of the condition of an event that can only hold where it held before or another event has occurred.
LASTING_TEMPLATE = "lasting"

#: Templates of this package that loop over neurons or synapses.
LOOPS = frozenset({"stateupdate", "threshold", "reset", CALENDAR_TEMPLATE, DENSE_TEMPLATE, LASTING_TEMPLATE})

NEURON_INDICES = frozenset({"_presynaptic_idx", "_postsynaptic_idx"})

#: What depends on both neurons of a synapse, but not on the synapse.
PAIR = "_pair"


class FastCPPCodeGenerator(ConditionGenerator):
    """Brian2's C++ generator, which also tells the template what the vector code reads and writes.

    In the code of thresholds, the scalar ``_guard`` is the part of the condition that is the same for all neurons, and
    ``_cond`` the next part of it, so that rare ones should be named first.  The template receives these additional
    keywords:

    ``awake``
        In state updates with a variable ``_awake`` (whether a neuron needs the update at all), code for one neuron that
        defines it; else empty.
    ``independent_over``
        Set of index names ("_idx", "_presynaptic_idx", "_postsynaptic_idx").  A loop in which this index takes every
        value at most once has no dependence between its iterations, so that ``#pragma GCC ivdep`` is legal.
    ``later``
        In thresholds, and in state updates that define ``_cond`` at their end, code for one neuron that defines
        ``_later``, the rest of the condition; empty without a rest.
    ``loads``
        An index to the lines that load what is found under it, which the vector code then lacks: "0" (same for all)
        and, in dense pathways, "_presynaptic_idx" and "_postsynaptic_idx" with definitions that depend on it alone,
        and "_pair" with those that depend on nothing but both.
    ``order_matters``
        Whether the result may depend on the order of the iterations (as Brian2 judges it), for example because a
        random number is drawn; such code keeps Brian2's order.
    ``pairs``
        C++ type and name of what is defined under "_pair" in `loads`.
    ``same_for_all``
        Whether the vector code has the same result in all iterations because it reads nothing but scalars.
    ``written``
        C++ type and name of the arrays that the vector code writes.
    ``where``
        In dense pathways with a variable ``_where`` (whether a synapse needs to be visited at all), code for one
        synapse that defines it, where it is not the same for all and in the scalar ``_guard``; else empty.
    """

    #: Whether the statement being translated is computed in single precision.
    _single_precision = False
    _local_names: Set[str] = frozenset()
    #: Whether the code being translated is that which runs once, and what it has loaded.
    _scalar_code = False
    _loaded: Set[str] = frozenset()
    _loads: dict[str, list[str]]
    _pairs: list[tuple[str, str]]

    def translate_statement(self, statement: Statement) -> str:
        # Brian2 replaces products with booleans by branches, which random flags of synapses make expensive; but in a
        # branch, fewer random numbers are drawn.
        if self.template_name in (DENSE_TEMPLATE, PAIRED_TEMPLATE) and self._is_stateless(statement):
            statement.used_boolean_variables = statement.boolean_simplified_expressions = None
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
        opaque = {self.func_name_replacements.get(name, name) for name in opaque_functions(self.variables)}
        renderer = SinglePrecisionRenderer(
            float_constants(self.variables), auto_vectorise=self.auto_vectorise, opaque=opaque
        )
        return renderer.render_expr(word_substitute(expr, self.func_name_replacements)).strip()

    def translate_to_read_arrays(self, read: set[str], write: set[str], indices: set[str]) -> list[str]:
        scalar, self._scalar_code = self._scalar_code, False
        if scalar or self.template_name not in LOOPS:
            self._loaded = set(read)
            return list(super().translate_to_read_arrays(read, write, indices))
        lines: list[str] = []
        loads, outside = set(read), {"0"}
        for name in sorted(read):
            if _is_own_number(self.variables[name]) and self.variable_indices[name] == "_idx":
                # Loaded from an array, it would make an address of it that no vector can hold.
                lines.append(f"const {self.c_data_type(self.variables[name].dtype)} {name} = _idx;")
                loads.remove(name)
        if self.template_name == DENSE_TEMPLATE:
            # i and j are the arrays of the neuron indices under another name.
            names = {
                self.get_array_name(self.variables[index]): index for index in NEURON_INDICES & set(self.variables)
            }
            for name in sorted(read):
                index = names.get(self.get_array_name(self.variables[name]))
                if index is not None:
                    lines.append(f"const {self.c_data_type(self.variables[name].dtype)} {name} = {index};")
                    loads.remove(name)
            indices = indices - NEURON_INDICES
            outside |= NEURON_INDICES
        # What is the same for all, or belongs to a neuron, and is not written here needs to be loaded only once; the
        # compiler cannot know that no other array overlaps it.
        written = {self.get_array_name(self.variables[name]) for name in write}
        for index in outside:
            same = {name for name in loads if self.variable_indices[name] == index}
            same = {name for name in same if self.get_array_name(self.variables[name]) not in written}
            self._loads[index] += super().translate_to_read_arrays(same - self._loaded, write, set())
            loads -= same
        return lines + list(super().translate_to_read_arrays(loads, write, indices))

    def translate_to_statements(
        self, statements: Sequence[Statement], conditional_write_vars: dict[str, str]
    ) -> list[str]:
        if self.template_name != DENSE_TEMPLATE:
            return list(super().translate_to_statements(statements, conditional_write_vars))
        once = self._independent_of_synapses(statements)
        for statement, index in once:
            self._loads[index].append(self.translate_statement(statement))
            if index == PAIR:
                self._pairs.append((self.c_data_type(statement.dtype), statement.var))
        left = [statement for statement in statements if all(statement is not other for other, _ in once)]
        return list(super().translate_to_statements(left, conditional_write_vars))

    def _independent_of_synapses(self, statements: Sequence[Statement]) -> list[tuple[Statement, str]]:
        """Definitions that depend on one of the two neurons only, with its index, or on nothing but both."""
        _, write, _, _ = self.arrays_helper(statements)
        written = {self.get_array_name(self.variables[name]) for name in write}
        levels = {}
        for name, index in self.variable_indices.items():
            variable = self.variables.get(name)
            if isinstance(variable, ArrayVariable) and self.get_array_name(variable) in written:
                levels[name] = "_idx"
            elif isinstance(variable, ArrayVariable):
                levels[name] = index
        assigned = [statement.var for statement in statements]
        found = []
        for statement in statements:
            depends = {levels.get(name, "0") for name in names_in(statement.expr)} - {"0"}
            if statement.op != ":=" or statement.scalar:
                continue
            # What is assigned again, or drawn anew, belongs to the synapse.
            moves = assigned.count(statement.var) == 1 and self._is_stateless(statement)
            if not moves or not depends or not depends <= NEURON_INDICES | {PAIR}:
                levels[statement.var] = "_idx"
                continue
            levels[statement.var] = depends.pop() if len(depends) == 1 else PAIR
            found.append((statement, levels[statement.var]))
        return found

    def translate_statement_sequence(
        self, sc_statements: Blocks, ve_statements: Blocks
    ) -> tuple[dict[str | None, str], dict[str | None, str], dict[str, Any]]:
        later = awake = where = ""
        self._local_names = single_precision_names(chain(*ve_statements.values(), *sc_statements.values()))
        if self.template_name == "stateupdate":
            ve_statements, awake = self._take_out("_awake", ve_statements)
            ve_statements, later = self._split_fused(ve_statements)
        if self.template_name == DENSE_TEMPLATE:
            sc_statements, ve_statements, where = self._split_where(sc_statements, ve_statements)
        if self.template_name in ("threshold", LASTING_TEMPLATE):
            sc_statements, ve_statements, later = self._split_condition(sc_statements, ve_statements)
        statements = list(chain(*ve_statements.values()))
        self._scalar_code = True  # comes first
        self._loads = {index: [] for index in ("0", *NEURON_INDICES, PAIR)}
        self._pairs = []
        scalar_code, vector_code, keywords = super().translate_statement_sequence(sc_statements, ve_statements)
        keywords["awake"], keywords["later"], keywords["where"] = awake, later, where
        keywords["loads"] = {index: "\n".join(lines) for index, lines in self._loads.items()}
        keywords["pairs"] = self._pairs
        _, write, _, _ = self.arrays_helper(statements)
        arrays = {self.get_array_name(self.variables[name]): self.variables[name] for name in write}
        keywords["written"] = [(self.c_data_type(arrays[name].dtype), name) for name in sorted(arrays)]
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
            if isinstance(variable := self.variables[name], ArrayVariable):
                indices.setdefault(self.get_array_name(variable), set()).add(self.variable_indices[name])
        return indices


def _is_own_number(variable: Any) -> bool:
    """Whether a variable holds the number of each neuron of a whole group."""
    owner = getattr(variable, "owner", None)
    return isinstance(owner, NeuronGroup) and variable is owner.variables["i"]
