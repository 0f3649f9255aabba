"""Conditions of generated C++ code taken apart: what is asked once, of all neurons or synapses, or of a few."""

from __future__ import annotations

import ast
from collections.abc import Sequence, Set
from itertools import chain

from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.codegen.statements import Statement
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant

from .expressions import conjunction, conjuncts, names_in

__all__ = ["Blocks", "ConditionGenerator"]

#: Statements of each block of a template.
Blocks = dict[str | None, Sequence[Statement]]


class ConditionGenerator(CPPCodeGenerator):
    """Brian2's C++ generator, with what splits the statements that define a condition."""

    def _split_condition(self, sc_statements: Blocks, ve_statements: Blocks) -> tuple[Blocks, Blocks, str]:
        """Split a threshold's ``_cond = A and B and C``: scalar parts into ``_guard``, all but one into ``_later``."""
        guarded, rest, later = dict(sc_statements), dict(ve_statements), ""
        for block, statements in ve_statements.items():
            old = statements[-1]
            parts = conjuncts(old.expr)
            alike, others = self._scalars_first(parts, sc_statements)
            # A condition on scalars alone is evaluated once anyway, and one that draws random numbers as written.
            if len(statements) > 1 or not others or not self._is_stateless(old):
                alike, others = [], parts
            else:
                others, later = self._put_off(old, others)
            guard = Statement("_guard", ":=", conjunction(alike), "", bool, constant=True, scalar=True)
            condition = Statement(old.var, old.op, conjunction(others), old.comment, old.dtype, old.constant)
            guarded[block], rest[block] = [*sc_statements[block], guard], [*statements[:-1], condition]
        return guarded, rest, later

    def _scalars_first(self, parts: list[ast.expr], sc_statements: Blocks) -> tuple[list[ast.expr], list[ast.expr]]:
        """Return the parts of a condition that depend on scalars alone, and the others."""
        scalars = {statement.var for statement in chain(*sc_statements.values())}
        scalars |= {name for name, index in self.variable_indices.items() if index == "0"}
        scalars |= {name for name, value in self.variables.items() if isinstance(value, Constant)}
        alike = [part for part in parts if names_in(part) <= scalars]
        return alike, [part for part in parts if part not in alike]

    def _split_where(self, sc_statements: Blocks, ve_statements: Blocks) -> tuple[Blocks, Blocks, str]:
        """Take a pathway's ``_where = A and B`` out: scalar parts into ``_guard``, the others as code for a synapse."""
        guarded, rest, code = dict(sc_statements), dict(ve_statements), ""
        for block, statements in ve_statements.items():
            for old in (statement for statement in statements if statement.var == "_where"):
                alike, others = self._scalars_first(conjuncts(old.expr), sc_statements)
                guard = Statement("_guard", ":=", conjunction(alike), "", bool, constant=True, scalar=True)
                code = self._for_one_neuron(Statement("_where", ":=", conjunction(others), "", bool))
                guarded[block] = [*sc_statements[block], guard]
                rest[block] = [statement for statement in statements if statement is not old]
        return guarded, rest, code

    def _split_fused(self, blocks: Blocks) -> tuple[Blocks, str]:
        """Split ``_cond = A and B`` at the end of a state update: all but the first part into ``_later``."""
        split, later = dict(blocks), ""
        for block, statements in blocks.items():
            if statements and statements[-1].var == "_cond":
                old = statements[-1]
                parts, later = self._put_off(old, conjuncts(old.expr), {statement.var for statement in statements})
                condition = Statement(old.var, old.op, conjunction(parts), old.comment, old.dtype)
                split[block] = [*statements[:-1], condition]
        return split, later

    def _put_off(
        self, old: Statement, parts: list[ast.expr], local: Set[str] = frozenset()
    ) -> tuple[list[ast.expr], str]:
        """Leave the first part of a condition, if the others can be asked of one neuron on its own: as ``_later``."""
        names = set().union(*map(names_in, parts[1:]))
        unknown = {name for name in names & local if not isinstance(self.variables.get(name), ArrayVariable)}
        indices = {self.variable_indices.get(name, "0") for name in names}
        if len(parts) < 2 or unknown or not self._is_stateless(old) or not indices <= {"_idx", "0"}:
            return parts, ""
        return parts[:1], self._for_one_neuron(Statement("_later", ":=", conjunction(parts[1:]), "", bool))

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
