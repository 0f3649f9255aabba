"""The strings of a rule, about one synapse, in the names that they have in a host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.events import statements
from spikeprune.synapses.masks import PREFIX, assigned, mask_weight, renamed
from spikeprune.synapses.neurons import FUNCTIONS, check_names

__all__ = ["CHANGED", "EXISTED", "LEARNED", "UNIT", "RuleLanguage", "pruning_statements"]

#: Name of the constant that weights are multiples of.
UNIT = f"{PREFIX}unit"
#: What the flags of a synapse were before the rule's statements, and whether these have changed them.
EXISTED, LEARNED = f"{PREFIX}existed", f"{PREFIX}learned"
CHANGED = f"int({EXISTED} > int(alive) or {LEARNED} > int(plastic))"
#: What a rule may name without having declared it, besides the variables of neurons (with ``_post``).
KNOWN = frozenset({"w", "w_before", "alive", "plastic", "i", "j", "N", "host", *FUNCTIONS})

#: What a host may have set back to 0 before synapses are updated.
GONE = ("total_post", "fan_in_post")


@dataclass(frozen=True)
class RuleLanguage:
    """How the names of a rule are said in a host.

    Attributes
    ----------
    weight : str
        The host's name of what the rule calls ``w``.
    signed : bool
        Whether weights may be negative: the rule sees their magnitudes.
    plain : bool
        Whether the rule may see weights as they are, being numbers that are never negative.
    """

    weight: str
    signed: bool
    plain: bool

    def magnitude(self, name: str) -> str:
        """Return the expression of a weight's magnitude."""
        if self.plain:
            return name
        return f"{f'abs({name})' if self.signed else name}/{UNIT}"

    def translated(
        self, rule: PruningRule, what: str, variables: Iterable[str], block: tuple[int, int] | None = None
    ) -> str:
        """Return one of a rule's strings in the names of the host's synapses, which have these variables.

        With several networks side by side, `block` is the number of sources and of targets of each.

        Raises
        ------
        ParameterError
            If the string names what nobody knows.
        """
        code, variables = getattr(rule, what), set(variables)
        ours = {name[len(PREFIX) :]: name for name in variables if name.startswith(PREFIX)}
        ours |= {name: f"{PREFIX}{name}" for name in ("N", "host")}
        if block is not None:
            rows, columns = block
            ours |= {"i": f"(i % {rows})", "j": f"(j % {columns})", "host": f"({PREFIX}host + j // {columns})"}
        for name in GONE:  # a rule has to copy them to a variable of its own
            ours.pop(name, None)
        check_names(rule, what, code, {*ours, *KNOWN, *variables})
        before = f"({self.magnitude(f'{PREFIX}w_before')})"
        names = {"w": self.magnitude(self.weight), "w_before": before, **ours}
        own = assigned(code) - {"alive", "plastic"} - set(ours)
        # Names of its own must not be those of the user's variables.
        names |= {name: f"{PREFIX}{name}" for name in own - {"w"}}
        if "w" not in own:
            return renamed(code, names)
        return self._with_weight(code, names)

    def _with_weight(self, code: str, names: dict[str, str]) -> str:
        """Let a rule set a weight: it works on the magnitude, which then gets its sign back."""
        if self.plain:
            return renamed(code, names | {"w": self.weight})
        magnitude = f"{PREFIX}magnitude"
        sign = f"(1 - 2*int({self.weight} < 0*{UNIT}))*" if self.signed else ""
        return statements(
            f"{magnitude} = {self.magnitude(self.weight)}",
            renamed(code, names | {"w": magnitude}),
            f"{self.weight} = {sign}{magnitude}*{UNIT}",
        )


def pruning_statements(update: str, weight: str, follows: str) -> str:
    """Return what synapses do at a pruning event: the rule's statements, and what the host makes of them.

    Whatever the rule says, what is gone stays gone, and what is removed weighs nothing and learns no more.
    """
    return statements(
        f"{EXISTED} = int(alive)\n{LEARNED} = int(plastic)",
        update,
        f"alive = alive and {EXISTED} > 0\nplastic = plastic and alive and {LEARNED} > 0",
        mask_weight("", weight, freezes=False),
        follows,
    )
