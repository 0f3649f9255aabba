"""Single-precision constants, so that single-precision code is computed in single precision.

In Brian2's C++ code all literals and constants of the namespace are doubles.  With `float32` variables every expression
that contains one is then computed in double precision, at half the width of the vector units and with a conversion on
the way in and out.  NumPy computes the same expression in single precision, and so does the code generated here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
from brian2 import prefs
from brian2.codegen.statements import Statement
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant
from brian2.parsing.rendering import CPPNodeRenderer

from .expressions import names_in

__all__ = [
    "SinglePrecisionRenderer",
    "float_constants",
    "is_single_precision",
    "opaque_functions",
    "single_precision_names",
]

#: Functions with a version for `float` that vectorises or is inlined.
ELEMENTARY = frozenset(
    {"sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "exp", "expm1", "log", "log1p", "log10"}
    | {"sqrt", "ceil", "floor", "abs", "sign", "clip", "int"}
)


class SinglePrecisionRenderer(CPPNodeRenderer):
    """Renders Brian2 expressions as C++ in which real constants are of type `float`.

    Parameters
    ----------
    constants : set of str
        Names that the program declares as `double` constants.
    auto_vectorise : set of str, optional
        As in `CPPNodeRenderer`.
    opaque : set of str, optional
        Names of functions whose arguments keep their precision and whose result is rounded (see `opaque_functions`).
    """

    def __init__(
        self, constants: Set[str], auto_vectorise: set[str] | None = None, opaque: Set[str] = frozenset()
    ) -> None:
        super().__init__(auto_vectorise=auto_vectorise)
        self.constants = constants
        self.opaque = opaque

    def render_Constant(self, node: ast.Constant) -> str:
        text: str = super().render_Constant(node)
        return f"{text}f" if isinstance(node.value, float | np.floating) and _fits(float(node.value)) else text

    def render_Call(self, node: ast.Call) -> str:
        if isinstance(node.func, ast.Name) and node.func.id in self.opaque:
            exact = CPPNodeRenderer(auto_vectorise=self.auto_vectorise)
            return f"(float){exact.render_Call(node)}"
        return str(super().render_Call(node))

    def render_Name(self, node: ast.Name) -> str:
        text: str = super().render_Name(node)
        return f"(float){text}" if node.id in self.constants else text


def is_single_precision(statement: Statement, variables: Mapping[str, Any], local_names: Set[str]) -> bool:
    """Whether a vector statement uses nothing but single precision.

    That is so if it consists of `float32` and boolean variables, constants, elementary functions of them, and functions
    of integers.  Time, integer variables and other functions keep their precision.

    Parameters
    ----------
    statement : Statement
    variables : mapping of str to Variable or Function
        What the names in the statement stand for.
    local_names : set of str
        Further names, defined by earlier statements, that count as single precision (see `single_precision_names`).
    """
    if prefs.core.default_float_dtype is not np.float32:
        return False
    names = names_in(statement.expr, except_in_calls_of=opaque_functions(variables))
    return all(name in local_names or _is_single(name, variables.get(name)) for name in names)


def opaque_functions(variables: Mapping[str, Any]) -> set[str]:
    """Names of functions that make a real number of integers, such as random numbers that are addressed by counters."""
    return {
        name
        for name, function in variables.items()
        if isinstance(function, Function)
        and function._arg_types
        and all(kind == "integer" for kind in function._arg_types)
        and function._return_type == "float"
    }


def single_precision_names(statements: Iterable[Statement]) -> set[str]:
    """Names that `statements` define and that hold a float, a boolean, or an integer that is the same for all."""
    return {
        statement.var
        for statement in statements
        if statement.op == ":=" and (statement.scalar or np.dtype(statement.dtype) in (np.float32, np.bool_))
    }


def float_constants(variables: Mapping[str, Any]) -> set[str]:
    """Names of constants that are doubles in C++ and can be represented as a float."""
    return {
        name
        for name, variable in variables.items()
        if isinstance(variable, Constant) and np.dtype(variable.dtype).kind == "f" and _fits(float(variable.value))
    }


def _is_single(name: str, variable: Any) -> bool:
    if isinstance(variable, Function):
        return name in ELEMENTARY
    if isinstance(variable, Constant):
        # Integers up to 2^24 are floats.
        return np.dtype(variable.dtype).kind == "f" or abs(int(variable.value)) <= 2**24
    return isinstance(variable, ArrayVariable) and np.dtype(variable.dtype) in (np.float32, np.bool_)


def _fits(value: float) -> bool:
    limits = np.finfo(np.float32)
    return value == 0 or bool(limits.tiny <= abs(value) <= limits.max)
