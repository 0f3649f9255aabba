"""How a rule looks in every picture: its colour, marker and line, told apart in colour, in grey and by shape alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import Any, NamedTuple

__all__ = ["CLASSES", "Look", "looks", "rule_text"]


class Look(NamedTuple):
    """Colour, marker and line style of a rule."""

    color: str
    marker: str
    line: Any


# Okabe & Ito's colours.  Neighbours in this list differ in marker and line too, for print in grey.
LOOKS: Mapping[str, Look] = {
    "none": Look("#000000", "o", "-"),
    "soft": Look("#E69F00", "s", (0, (5, 1.5))),
    "adaptive": Look("#0072B2", "^", (0, (7, 1))),
    "focused": Look("#009E73", "D", (0, (4, 1, 1, 1))),
    "critical-period": Look("#D55E00", "v", (0, (1.2, 0.9))),
    "random": Look("#CC79A7", "X", (0, (2.5, 1.5))),
    "post-training": Look("#777777", "P", (0, (1, 2))),
    "settling": Look("#56B4E9", ">", (0, (6, 1, 1, 1, 1, 1))),
    "focused-settling": Look("#4B7A2B", "<", (0, (3, 1, 3, 1, 1, 1))),
    "constant": Look("#8C564B", "h", (0, (1, 1))),
}
#: For rules that are not in the table, in the order in which they come.
OTHERS = (
    Look("#332288", "p", "-."), Look("#AA4499", "*", ":"), Look("#117733", "d", "--"), Look("#88CCEE", "8", "-."),
    Look("#882255", "H", ":"), Look("#999933", "1", "--"),
)  # fmt: skip

#: Ten colours for classes of images, as different as ten can be.
CLASSES = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777",
)  # fmt: skip

SYMBOLS = {"beta": "β", "eta": "η", "a_max": "a_max", "given_back": "given back"}


def looks(rules: Iterable[str]) -> dict[str, Look]:
    """Return the look of each rule by its name.

    Examples
    --------
    >>> looks(["adaptive", "mine"])["adaptive"].marker
    '^'
    """
    spare = cycle(OTHERS)
    return {name: LOOKS[name] if name in LOOKS else next(spare) for name in dict.fromkeys(rules)}


def rule_text(rule: Mapping[str, Any]) -> str:
    """Write a rule with its parameters, as captions do.

    Examples
    --------
    >>> rule_text({"name": "adaptive", "beta": 0.5, "interval": 1000})
    'adaptive (β = 0.5, interval = 1000)'
    """
    values = [f"{SYMBOLS.get(name, name)} = {value:g}" if isinstance(value, int | float) else f"{name} = {value}"
              for name, value in rule.items() if name != "name"]  # fmt: skip
    return str(rule["name"]) + (f" ({', '.join(values)})" if values else "")
