"""A state updater for conditionally linear equations: exponential Euler with a rational decay.

An equation ``dx/dt = A x + B`` whose coefficients are frozen for one step has the solution
``x(t+dt) = x_inf + (x - x_inf) exp(-u)`` with ``x_inf = -B/A`` and ``u = -A dt`` [1]_.  Where `A` depends on the state
(a membrane with conductances), ``exp(-u)`` is replaced by the reciprocal Taylor polynomial ``1/(1 + u + u^2/2 +
u^3/6) = 1/(1 + u q)``: positive, monotonic and stable for any ``u >= 0``, third order, and made of additions, products
and one division only, ``x(t+dt) = (x + q B dt)/(1 + q u)``, so that compilers vectorise it and every back end rounds it
alike.  Where `A` is constant the exponential is exact and, if its value is known, written as a number.  Forward Euler,
by contrast, diverges when many neurons fire in one step (``u`` > 2).

References
----------
.. [1] S. Rotter and M. Diesmann, Biological Cybernetics 81:381-402 (1999); C. Boergers and A. R. Nectow, SIAM Journal
   on Scientific Computing 35:B623-B643 (2013) for exponential time differencing of conductance-based neurons.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp
from brian2.core.variables import Constant
from brian2.parsing.sympytools import sympy_to_str
from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException, extract_method_options
from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system

__all__ = ["RationalEuler", "rational_euler"]


class RationalEuler(StateUpdateMethod):
    """Exponential Euler whose state-dependent decays are the rational function ``1/(1 + u + u^2/2 + u^3/6)``."""

    def __call__(self, equations: Any, variables: Any = None, method_options: dict[str, Any] | None = None) -> str:
        """Return Brian2 abstract code that advances `equations` by ``dt``.

        The method option ``awake`` is a condition without which a neuron is known to stay nearly as it is; fast C++
        code (:mod:`spikeprune.standalone`) leaves out blocks of neurons for none of which it holds.

        Raises
        ------
        UnsupportedEquationsException
            If an equation is stochastic or not linear in its own variable.
        """
        awake = extract_method_options(method_options, {"awake": None})["awake"]
        if equations.is_stochastic:
            raise UnsupportedEquationsException("Cannot solve stochastic equations with rational Euler.")
        try:
            system = get_conditionally_linear_system(equations, variables)
        except ValueError:
            raise UnsupportedEquationsException("Can only solve conditionally linear equations.") from None

        # Brian2 passes what every name stands for, parameters of the namespace among them.
        varying = {name for name, variable in (variables or {}).items() if not isinstance(variable, Constant)}
        changing = (set(equations.diff_eq_names) | varying) - {"dt"}
        dt = sp.Symbol("dt", real=True, positive=True)
        lines = [f"_awake = {awake}"] if awake else []
        for name, (slope, offset) in system.items():
            x = sp.Symbol(name, real=True)
            if slope == 0:
                lines.append(f"_{name} = {sympy_to_str(x + dt * offset)}")
                continue
            depends_on_state = any(symbol.name in changing for symbol in slope.free_symbols)
            if depends_on_state:
                u, q = f"_u_{name}", f"_q_{name}"
                lines.append(f"{u} = {sympy_to_str(sp.factor(-slope * dt))}")
                lines.append(f"{q} = 1 + {u}*(0.5 + {u}*0.16666666666666666)")
                lines.append(f"_{name} = ({name} + {q}*({sympy_to_str(sp.factor(offset * dt))}))/(1 + {q}*{u})")
                continue
            decay = _exponential(slope * dt, variables or {})
            if offset == 0:
                lines.append(f"_{name} = {name}*{decay}")
            else:
                lines.append(f"_inf_{name} = {sympy_to_str(sp.factor(-offset / slope))}")
                lines.append(f"_{name} = _inf_{name} + ({name} - _inf_{name})*{decay}")
        lines += [f"{name} = _{name}" for name in system]
        return "\n".join(lines)


def _exponential(exponent: Any, variables: dict[str, Any]) -> str:
    """Return ``exp(exponent)``, as a number if all that it depends on has a value now, else as an expression."""
    values = {}
    for symbol in exponent.free_symbols:
        variable = variables.get(symbol.name)
        if not isinstance(variable, Constant) and not (symbol.name == "dt" and hasattr(variable, "get_value")):
            return f"exp({sympy_to_str(exponent)})"
        values[symbol] = float(np.asarray(variable.get_value()).item())
    return repr(math.exp(float(exponent.subs(values))))


rational_euler = RationalEuler()
StateUpdateMethod.register("rational_euler", rational_euler)
