"""C++ standalone code objects whose loops a compiler can vectorise.

Brian2's templates iterate over a list of synapses and load the indices of both neurons for each of them, and its code
generator knows nothing of the loop around its statements.  Here the generator also says which loops are free of
dependencies between iterations, and the templates next to this file use that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import chain
from typing import Any

from brian2 import prefs
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.codegen.permutation_analysis import OrderDependenceError, check_for_order_independence
from brian2.codegen.statements import Statement
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import get_device
from brian2.utils.stringtools import word_substitute

from .expressions import conjunction, conjuncts, names_in
from .precision import (
    SinglePrecisionRenderer,
    float_constants,
    is_single_precision,
    opaque_functions,
    single_precision_names,
)

__all__ = [
    "CALENDAR_TEMPLATE",
    "DENSE_TEMPLATE",
    "PAIRED_TEMPLATE",
    "FastCPPCodeGenerator",
    "FastCPPStandaloneCodeObject",
    "fast_code_object",
]

#: Template of a synaptic pathway between two whole groups; its loops define the two neuron indices themselves.
DENSE_TEMPLATE = "synapses_dense"

#: Template of a synaptic pathway between the neurons of the same number in two groups.
PAIRED_TEMPLATE = "synapses_paired"

#: Template of the threshold of neurons that know their next spike.
CALENDAR_TEMPLATE = "calendar"

#: Templates of this package that loop over neurons or synapses.
LOOPS = frozenset({"stateupdate", "threshold", "reset", CALENDAR_TEMPLATE, DENSE_TEMPLATE})

#: Statements of each block of a template.
Blocks = dict[str | None, Sequence[Statement]]

NEURON_INDICES = frozenset({"_presynaptic_idx", "_postsynaptic_idx"})


class FastCPPCodeGenerator(CPPCodeGenerator):
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
        In thresholds, code for one neuron that defines ``_later``, the rest of the condition; empty without a rest.
    ``loads``
        An index to the lines that load what is found under it, which the vector code then lacks: "0" (same for all)
        and, in dense pathways, "_presynaptic_idx" and "_postsynaptic_idx" with definitions that depend on it alone.
    ``order_matters``
        Whether the result may depend on the order of the iterations (as Brian2 judges it), for example because a
        random number is drawn; such code keeps Brian2's order.
    ``same_for_all``
        Whether the vector code has the same result in all iterations because it reads nothing but scalars.
    """

    #: Whether the statement being translated is computed in single precision.
    _single_precision = False
    _local_names: Set[str] = frozenset()
    #: Whether the code being translated is that which runs once, and what it has loaded.
    _scalar_code = False
    _loaded: Set[str] = frozenset()
    _loads: dict[str, list[str]]

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
        once = self._once_a_neuron(statements)
        for statement, index in once:
            self._loads[index].append(self.translate_statement(statement))
        left = [statement for statement in statements if all(statement is not other for other, _ in once)]
        return list(super().translate_to_statements(left, conditional_write_vars))

    def _once_a_neuron(self, statements: Sequence[Statement]) -> list[tuple[Statement, str]]:
        """Definitions that depend on one of the two neurons only, with its index."""
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
            alone = len(depends) == 1 and assigned.count(statement.var) == 1 and self._is_stateless(statement)
            levels[statement.var] = depends.pop() if alone else "_idx"
            if levels[statement.var] in NEURON_INDICES:
                found.append((statement, levels[statement.var]))
        return found

    def translate_statement_sequence(
        self, sc_statements: Blocks, ve_statements: Blocks
    ) -> tuple[dict[str | None, str], dict[str | None, str], dict[str, Any]]:
        later = awake = ""
        self._local_names = single_precision_names(chain(*ve_statements.values(), *sc_statements.values()))
        if self.template_name == "stateupdate":
            ve_statements, awake = self._take_out("_awake", ve_statements)
        if self.template_name == "threshold":
            sc_statements, ve_statements, later = self._split_condition(sc_statements, ve_statements)
        statements = list(chain(*ve_statements.values()))
        self._scalar_code = True  # comes first
        self._loads = {index: [] for index in ("0", *NEURON_INDICES)}
        scalar_code, vector_code, keywords = super().translate_statement_sequence(sc_statements, ve_statements)
        keywords["awake"], keywords["later"] = awake, later
        keywords["loads"] = {index: "\n".join(lines) for index, lines in self._loads.items()}
        keywords["order_matters"] = self._order_matters(statements)
        keywords["same_for_all"] = not keywords["order_matters"] and self._is_scalar(statements)
        keywords["independent_over"] = {
            index for index in {"_idx", *NEURON_INDICES} if self._is_independent(statements, index)
        }
        return scalar_code, vector_code, keywords

    def _split_condition(self, sc_statements: Blocks, ve_statements: Blocks) -> tuple[Blocks, Blocks, str]:
        """Split ``_cond = A and B and C``: scalar parts into ``_guard``, others but the first into ``_later``."""
        scalars = {statement.var for statement in chain(*sc_statements.values())}
        scalars |= {name for name, index in self.variable_indices.items() if index == "0"}
        scalars |= {name for name, value in self.variables.items() if isinstance(value, Constant)}
        guarded, rest, later = dict(sc_statements), dict(ve_statements), ""
        for block, statements in ve_statements.items():
            old = statements[-1]
            parts = conjuncts(old.expr)
            alike = [part for part in parts if names_in(part) <= scalars]
            others = [part for part in parts if part not in alike]
            # A condition on scalars alone is evaluated once anyway.
            whole = len(statements) > 1 or not others
            if whole:
                alike, others = [], parts
            indices = {self.variable_indices.get(name, "0") for part in others for name in names_in(part)}
            if not whole and len(others) > 1 and self._is_stateless(old) and indices <= {"_idx", "0"}:
                later = self._for_one_neuron(Statement("_later", ":=", conjunction(others[1:]), "", bool))
                others = others[:1]
            guard = Statement("_guard", ":=", conjunction(alike), "", bool, constant=True, scalar=True)
            condition = Statement(old.var, old.op, conjunction(others), old.comment, old.dtype, old.constant)
            guarded[block], rest[block] = [*sc_statements[block], guard], [*statements[:-1], condition]
        return guarded, rest, later

    def _take_out(self, name: str, blocks: Blocks) -> tuple[Blocks, str]:
        """Take the definition of `name` out of the statements, and return it as code for one neuron on its own."""
        code = ""
        for statement in chain(*blocks.values()):
            if statement.var == name:
                code = self._for_one_neuron(statement)
        return {block: [s for s in statements if s.var != name] for block, statements in blocks.items()}, code

    def _for_one_neuron(self, statement: Statement) -> str:
        """Code of a statement for one neuron on its own, with what it reads."""
        lines = []
        for name in sorted(names_in(statement.expr)):
            if isinstance(variable := self.variables.get(name), ArrayVariable):
                array = f"{self.get_array_name(variable)}[{self.variable_indices[name]}]"
                lines.append(f"const {self.c_data_type(variable.dtype)} {name} = {array};")
        return "\n".join([*lines, self.translate_statement(statement)])

    def _is_stateless(self, statement: Statement) -> bool:
        functions = [self.variables.get(name) for name in names_in(statement.expr)]
        return all(function.stateless for function in functions if isinstance(function, Function))

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


class FastCPPStandaloneCodeObject(CPPStandaloneCodeObject):
    """Code object for `NeuronGroup` and `DenseSynapses` with vectorisable loops.

    Templates that this package does not provide are Brian2's own.  In double precision the results are Brian2's; in
    single precision they differ by rounding, because constants are then floats (see the module `precision`).
    """

    templater = CPPStandaloneCodeObject.templater.derive("spikeprune.standalone")
    generator_class = FastCPPCodeGenerator


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
