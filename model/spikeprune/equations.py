"""Equations of one's own in the place of the package's: another neuron model, another STDP rule.

The strings of :mod:`spikeprune.neurons` and :mod:`spikeprune.plasticity` are the network.  Each can be replaced by its
name, for one network, and travels with its parameters: into the program and its key, into the run folder, into the
identity of a run in a sweep.  :mod:`spikeprune.variants` has sets of them that are published.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from spikeprune import neurons, plasticity
from spikeprune.errors import ParameterError, reason_of, unknown_name
from spikeprune.variants import VARIANTS

__all__ = ["NAMES", "Equations", "names_only"]

#: The strings that can be replaced, with the module that has them.
NAMES = {name: module for module in (neurons, plasticity) for name in module.__all__}


class Equations(Mapping[str, str]):
    """What a network has in the place of the strings of the package; nothing of them unless given.

    Parameters
    ----------
    changes : mapping of str to str
        New strings by the names of :mod:`spikeprune.neurons` and :mod:`spikeprune.plasticity`.

    Raises
    ------
    ParameterError
        If there is no string of a name, or a value is no text.

    Examples
    --------
    >>> Equations({"DEPRESS": "w = clip(w - learning_post*rate_pre*post1_post*w, 0, w_max)"})
    Equations(DEPRESS)
    """

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        changes = changes or {}
        for name, text in changes.items():
            if name not in NAMES:
                raise ParameterError(unknown_name("string of the model", name, NAMES))
            if not isinstance(text, str):
                raise ParameterError(f"The equations {name} are {text!r}: they must be a text of Brian2's language.")
        self._changes = {name: changes[name] for name in NAMES if name in changes}

    @classmethod
    def given(cls, value: Any, folder: Path | None = None) -> Equations:
        """Make equations of a mapping, the name of a variant, or the path of a TOML file with strings by name.

        A relative path starts at `folder`, or where the process is.

        Raises
        ------
        ParameterError
            If it is none of these, or names what is not there.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            return cls(value)
        if not isinstance(value, str | Path):
            raise ParameterError(
                f"equations is {value!r}: pass a mapping of names to strings, the name of a variant "
                f"({', '.join(VARIANTS)}), or a TOML file."
            )
        if str(value) in VARIANTS:
            return cls(VARIANTS[str(value)])
        path = (folder or Path()) / value
        if path.suffix != ".toml":
            raise ParameterError(unknown_name("variant of the equations", str(value), VARIANTS))
        try:
            return cls(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise ParameterError(
                f"The equations {path} cannot be read ({reason_of(error)}): give a TOML file with strings by name."
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ParameterError(f"The equations {path} are no valid TOML ({error}): correct them.") from error

    def text(self, name: str) -> str:
        """Return the string that the network has under a name: the given one, or that of the package."""
        return self._changes[name] if name in self._changes else getattr(NAMES[name], name)

    def strings(self) -> SimpleNamespace:
        """Return all strings of the network, each under its name."""
        return SimpleNamespace(**{name: self.text(name) for name in NAMES})

    def unchanged(self, *names: str) -> bool:
        """Whether all of these strings are the package's."""
        return all(self.text(name) == getattr(NAMES[name], name) for name in names)

    def promised(self, condition: str, statement: str) -> bool:
        """Whether a condition says when a statement can be left out: the package's of its own, or one given with it."""
        return self.unchanged(statement) or condition in self

    def __getitem__(self, name: str) -> str:
        return self._changes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._changes)

    def __len__(self) -> int:
        return len(self._changes)

    def __hash__(self) -> int:
        return hash(tuple(self._changes.items()))

    def __repr__(self) -> str:
        return f"Equations({', '.join(self._changes)})"


def names_only(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of a network (their ``as_dict``) with the names of its own equations only, for tables."""
    own = parameters.get("equations")
    return {**parameters, **({"equations": ", ".join(own)} if own else {})}
