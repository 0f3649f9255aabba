"""What the values in the file of an experiment must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikeprune.errors import ParameterError, unknown_name

__all__ = ["check_distinct", "is_whole", "table_of", "text_of", "whole_numbers"]


def table_of(kind: str, value: Any, allowed: Any) -> dict[str, Any]:
    """Return a table as a dictionary; ParameterError unless it is one with allowed keys."""
    if not isinstance(value, Mapping):
        raise ParameterError(f"'{kind}' is {value!r}: it must be a table of {', '.join(allowed)}.")
    for key in value:
        if key not in allowed:
            raise ParameterError(unknown_name(f"key of {kind}", key, allowed))
    return dict(value)


def text_of(key: str, value: Any) -> str:
    """Return a text; ParameterError unless it is one."""
    if not isinstance(value, str):
        raise ParameterError(f"{key} is {value!r}: it must be a text.")
    return value


def check_distinct(what: str, values: list[Any]) -> None:
    """Raise ParameterError if a value is there twice."""
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise ParameterError(f"The {what} have {twice!r} twice: give each value once.")


def is_whole(value: Any, least: int) -> bool:
    """Whether this is a whole number from `least` on."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def whole_numbers(key: str, value: Any, least: int, distinct: bool = True) -> tuple[int, ...]:
    """Return a list of whole numbers as a tuple; ParameterError unless it is one, without repetition if `distinct`."""
    if not isinstance(value, list) or not value or not all(is_whole(entry, least) for entry in value):
        raise ParameterError(f"{key} is {value!r}: it must be a list of whole numbers from {least} on.")
    if distinct:
        check_distinct(key, value)
    return tuple(value)
