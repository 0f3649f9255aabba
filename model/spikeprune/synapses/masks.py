"""Brian2 statements rewritten so that they do nothing at removed synapses, whatever their author wrote."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from brian2.core.functions import Function

__all__ = ["ONLY_IF", "PREFIX", "assigned", "mask_outside", "mask_weight", "only_if", "renamed"]

#: Of every name that a host adds to a user's synapses.
PREFIX = "pruning_"
#: Name of :data:`only_if` in rewritten statements.
ONLY_IF = f"{PREFIX}only_if"


def _only_if(condition: Any, value: Any) -> Any:
    """Return `value` where `condition` holds and 0 elsewhere, also where `value` is not finite there."""
    return np.where(condition, value, np.zeros_like(value))


# A product with int(condition) would say the same of finite values only: a removed synapse may divide by its weight.
only_if = Function(
    _only_if,
    arg_units=[None, None],
    return_unit=lambda condition, value: value,
    arg_types=["boolean", "any"],
    return_type="highest",
    arg_names=["condition", "value"],
)
only_if.implementations.add_numpy_implementation(_only_if)
only_if.implementations.add_implementation(
    "cython",
    """
ctypedef fused _only_if_number:
    int
    long
    float
    double
cdef inline _only_if_number _only_if(bint condition, _only_if_number value):
    return value if condition else <_only_if_number>0
""",
    name="_only_if",
)
for _target, _qualifiers in (("cpp", "static inline"), ("cuda", "__host__ __device__ static inline")):
    only_if.implementations.add_implementation(
        _target,
        f"""
#ifndef SPIKEPRUNE_ONLY_IF
#define SPIKEPRUNE_ONLY_IF
template <typename T> {_qualifiers} T _only_if(const bool condition, const T value)
{{
    return condition ? value : (T)0;
}}
#endif
""",
        name="_only_if",
    )


def _parse(code: str) -> list[ast.stmt]:
    """Return the statements; what Brian2 will refuse with its own words counts as none."""
    try:
        return ast.parse(textwrap.dedent(code)).body
    except SyntaxError:
        return []


def assigned(code: str) -> set[str]:
    """Names that statements assign."""
    names = (node for node in ast.walk(ast.Module(_parse(code), [])) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def renamed(code: str, names: Mapping[str, str]) -> str:
    """Return statements with other names (or expressions, where a name is only read).

    Examples
    --------
    >>> renamed("w = w + h_post", {"h_post": "pruning_h_post"})
    'w = w + pruning_h_post'
    """

    class Renamer(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return ast.parse(names[node.id], mode="eval").body if node.id in names else node

    return "\n".join(ast.unparse(Renamer().visit(statement)) for statement in _parse(code))


def mask_outside(code: str, alive: str, outside: Callable[[str], bool], boolean: Callable[[str], bool]) -> str:
    """Rewrite statements so that they change nothing outside a synapse unless it is alive.

    Parameters
    ----------
    code : str
        Statements of a synapse.
    alive : str
        Name of the flag.
    outside, boolean : callable
        Whether a name is a variable of a neuron; whether it is one of type boolean.

    Returns
    -------
    str

    Examples
    --------
    >>> mask_outside("g_post += w", "alive", lambda name: name == "g_post", lambda name: False)
    'g_post += pruning_only_if(alive, w)'
    """
    lines = []
    for statement in _parse(code):
        line = ast.unparse(statement)
        target = statement.target if isinstance(statement, ast.AugAssign) else getattr(statement, "targets", [None])[0]
        if isinstance(target, ast.Name) and outside(target.id):
            line = _masked(statement, target.id, alive, boolean(target.id))
        lines.append(line)
    return "\n".join(lines) if lines else code


def _masked(statement: Any, name: str, alive: str, boolean: bool) -> str:
    value = ast.unparse(statement.value)
    operator = statement.op if isinstance(statement, ast.AugAssign) else None
    if isinstance(operator, ast.Add | ast.Sub):
        sign = "+" if isinstance(operator, ast.Add) else "-"
        return f"{name} {sign}= {ONLY_IF}({alive}, {value})"
    if isinstance(operator, ast.Mult | ast.Div):
        sign = "*" if isinstance(operator, ast.Mult) else "/"
        return f"{name} {sign}= {ONLY_IF}({alive}, {value}) + int(not {alive})"
    if operator is not None:
        value = ast.unparse(ast.BinOp(ast.Name(name, ast.Load()), operator, statement.value))
    if boolean:
        return f"{name} = ({alive} and ({value})) or (not {alive} and {name})"
    return f"{name} = {ONLY_IF}({alive}, {value}) + {ONLY_IF}(not {alive}, {name})"


def mask_weight(code: str, weight: str, freezes: bool) -> str:
    """Put around statements what keeps the weight of a removed synapse at 0 and that of a frozen one as it was."""
    if not freezes:
        return f"{code}\n{weight} = {ONLY_IF}(alive, {weight})"
    before = f"{PREFIX}frozen_weight"
    kept = f"{ONLY_IF}(plastic, {weight}) + {ONLY_IF}(alive and not plastic, {before})"
    return f"{before} = {weight}\n{code}\n{weight} = {kept}"
