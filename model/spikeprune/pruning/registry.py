"""Which rules there are, and how one is found again: by its name, its module or its file.

A rule is named ``adaptive`` (one of ours, or of a package that announces it under the entry-point group
``spikeprune.rules``), ``mypackage.rules:Mine`` (a class of a module that can be imported) or ``./mine.py:Mine`` (a
class of a file).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from spikeprune.errors import ParameterError, reason_of, unknown_name

__all__ = ["ENTRY_POINTS", "RULES", "as_rule", "find_rule", "known_rules", "make_rule", "rule_class", "specification"]

#: Entry-point group under which packages announce rules: the rule's name to ``module:Class``.
ENTRY_POINTS = "spikeprune.rules"

#: A rule, and the class of one: what they are is told in :mod:`spikeprune.pruning.base`, which registers them here.
Rule = Any
RuleClass = type[Any]

#: Every rule that has been defined in this process, by name.
RULES: dict[str, RuleClass] = {}

#: Modules made from files, by name, to the file.
_FILES: dict[str, Path] = {}


def add(rule: RuleClass) -> None:
    """Register a rule under its name.

    Raises
    ------
    ParameterError
        If it has no name of its own, or another rule has that name.
    """
    name = vars(rule).get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        example = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", rule.__name__).lower()
        given = f"the name {name!r}" if name is not None else "no name of its own"
        raise ParameterError(
            f"The rule {rule.__qualname__} has {given}: give it one of letters, digits, '-', '_' and '.' that no other "
            f'rule has, for example name = "{example}".'
        )
    other = RULES.get(name)
    # The same definition run again (a notebook's cell, a file that was edited) takes the place of the former.
    if other is not None and specification(other) != specification(rule):
        raise ParameterError(
            f"The name '{name}' of the rule {specification(rule)} belongs to {specification(other)}: choose another."
        )
    RULES[name] = rule


def specification(rule: RuleClass) -> str:
    """Return where a rule is defined, ``module:qualname`` or ``/path/file.py:qualname``."""
    file = _FILES.get(rule.__module__) or _script(rule.__module__)
    return f"{file or rule.__module__}:{rule.__qualname__}"


def _script(module: str) -> Path | None:
    """Return the file of a script that is running, by which other processes find the rules that it defines."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).resolve() if module == "__main__" and file and file.endswith(".py") else None


def known_rules() -> list[str]:
    """Return the names of all rules, those that installed packages announce included."""
    return [*RULES, *sorted({entry.name for entry in metadata.entry_points(group=ENTRY_POINTS)} - set(RULES))]


def rule_class(name: str) -> RuleClass:
    """Return the rule with a name, or the one that ``module:Class`` or ``file.py:Class`` stands for.

    Raises
    ------
    ParameterError
        If there is none, or its module cannot be imported.
    """
    if ":" in name:
        return _imported(name)
    if name not in RULES:
        for entry in metadata.entry_points(group=ENTRY_POINTS):
            if entry.name == name:
                found = _imported(entry.value)
                if found.name != name:
                    raise ParameterError(
                        f"The rule {entry.value}, announced as '{name}', has the name '{found.name}': give it one name."
                    )
                return found
        raise ParameterError(unknown_name("rule", name, known_rules()))
    return RULES[name]


def make_rule(name: str, values: Mapping[str, Any] | None = None) -> Rule:
    """Build a rule from its name and parameters.

    Parameters
    ----------
    name : str
        A name, ``module:Class`` or ``file.py:Class``.
    values : mapping of str to value or its text

    Raises
    ------
    ParameterError
        If the rule or one of its parameters is unknown, or a value is not allowed.

    Examples
    --------
    >>> make_rule("adaptive", {"beta": "0.6"}).beta
    0.6
    """
    return rule_class(name).from_values(values or {})


def as_rule(rule: Any) -> Rule:
    """Return a rule for what stands for one: itself, its class (with all defaults), its name, or nothing.

    Raises
    ------
    ParameterError
        If it stands for none.
    """
    if rule is None:
        return make_rule("none")
    if isinstance(rule, str):
        return make_rule(rule)
    if rule in RULES.values():
        return rule()
    if isinstance(rule, tuple(RULES.values())):
        return rule
    raise ParameterError(
        f"rule={rule!r} is no pruning rule: give one, such as AdaptivePruning(beta=0.6), its class or its name."
    )


def find_rule(name: str, where: str | None) -> RuleClass:
    """Return the rule that a stored run was trained with.

    Parameters
    ----------
    name : str
    where : str or None
        Its :func:`specification`; None for one that has none because only this package's own rules were stored then.

    Raises
    ------
    ParameterError
        If it is not there any more, or another rule has the name.
    """
    known = RULES.get(name)
    if known is not None and where in (None, specification(known)):
        return known
    if where is None:
        return rule_class(name)
    try:
        found = _imported(where)
    except ParameterError as error:
        raise ParameterError(
            f"The rule '{name}' was defined in {where.rpartition(':')[0]}, and is not found there now: {error}"
        ) from error
    if found.name != name:
        raise ParameterError(f"The rule {where} was named '{name}' and is named '{found.name}' now: name it as before.")
    return found


def rebuild(name: str, where: str, values: Mapping[str, Any]) -> Rule:
    """Build a rule in another process than the one it comes from."""
    return find_rule(name, where)(**values)


def _imported(text: str) -> RuleClass:
    """Import the class that ``module:Class`` or ``file.py:Class`` names."""
    place, _, qualname = text.rpartition(":")
    if not place or not qualname:
        raise ParameterError(f"'{text}' names no rule: write module:Class or ./file.py:Class.")
    found: Any = _module_of_file(Path(place)) if place.endswith(".py") else _module(place)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if found not in RULES.values():
        raise ParameterError(
            f"{place} has no pruning rule '{qualname}': define one there as a subclass of spikeprune.PruningRule."
        )
    return found


def _module(name: str) -> ModuleType:
    if name == "__main__":
        raise ParameterError("A rule that was defined in a script or notebook exists there only: move it to a file.")
    # A command does not look into the folder that it was started in, where a module of one's own usually is.
    here = str(Path.cwd())
    beside = here not in sys.path
    if beside:
        sys.path.append(here)
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise _cannot_import(f"The module {name}", error) from error
    finally:
        if beside:
            sys.path.remove(here)


def _module_of_file(path: Path) -> ModuleType:
    """Run a file as a module, once for each version of it."""
    path = path.expanduser().resolve()
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ParameterError(
            f"The file {path} with the rule cannot be read ({reason_of(error)}): put it there again."
        ) from error
    name = f"spikeprune_rules_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    known = sys.modules.get(name)
    if known is not None and getattr(known, "_text", None) == text:
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    _FILES[name] = path
    sys.modules[name] = module  # dataclasses look their own module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _cannot_import(f"The file {path}", error) from error
    module._text = text  # type: ignore[attr-defined]
    return module


def _cannot_import(what: str, error: Exception) -> ParameterError:
    if isinstance(error, ParameterError):
        return error
    return ParameterError(
        f"{what} cannot be imported ({type(error).__name__}: {error}): install it, put it back or mend it."
    )
