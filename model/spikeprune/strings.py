"""All strings of the model together, which name its compiled program."""

from __future__ import annotations

from spikeprune import neurons, plasticity, presenter, waiting

__all__ = ["equation_strings"]


def equation_strings() -> dict[str, str]:
    """Return every string of the model as it is now, by module and name: with the constants, what Brian2 is given."""
    return {
        f"{module.__name__}.{name}": text
        for module in (neurons, plasticity, presenter, waiting)
        for name, text in sorted(vars(module).items())
        if isinstance(text, str) and not name.startswith("_")
    }
