"""Checks of what a TOML file holds; all raise ParameterError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeprune.errors import ParameterError, unknown_name

__all__ = ["distinct", "table", "text", "whole", "whole_numbers"]


def table(kind: str, value: Any, allowed: Any) -> dict[str, Any]:
    """Check the keys of a table."""
    if not isinstance(value, Mapping):
        raise ParameterError(f"'{kind}' is {value!r}: it must be a table of {', '.join(allowed)}.")
    for key in value:
        if key not in allowed:
            raise ParameterError(unknown_name(f"key of {kind}", key, allowed))
    return dict(value)


def text(key: str, value: Any) -> str:
    """Check that a value is a text."""
    if not isinstance(value, str):
        raise ParameterError(f"{key} is {value!r}: it must be a text.")
    return value


def distinct(what: str, values: list[Any]) -> None:
    """Refuse a list that has a value twice."""
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise ParameterError(f"The {what} have {twice!r} twice: give each value once.")


def whole(value: Any, least: int) -> bool:
    """Whether a value is a whole number, and not too small."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def whole_numbers(key: str, value: Any, least: int, once: bool = True) -> tuple[int, ...]:
    """Check a list of whole numbers."""
    if not isinstance(value, list) or not value or not all(whole(entry, least) for entry in value):
        raise ParameterError(f"{key} is {value!r}: it must be a list of whole numbers from {least} on.")
    if once:
        distinct(key, value)
    return tuple(value)
