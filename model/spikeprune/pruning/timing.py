"""When a rule acts in a training: after numbers of images, or after shares of all images that the training shows.

As in scikit-learn, a whole number counts (``start=10_000``: images) and a float is a share (``start=0.25``: a quarter
of the training, all epochs together); ``1.0`` is the whole training and ``1`` one image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

from spikeprune.errors import ParameterError
from spikeprune.parameters import LARGEST

__all__ = ["ALWAYS", "SCHEDULE", "check_timing", "events_between", "images_of", "read_timing", "timing_text"]

#: The last image of a schedule without an end: more than any training shows, and the largest integer of Brian2.
ALWAYS = 2**31 - 1
#: Parameters that say when there are pruning events, and what each is without a word; a rule need not have them.
SCHEDULE: Mapping[str, int] = {"start": 0, "stop": ALWAYS, "interval": 1}


def read_timing(value: Any) -> Any:
    """Read a number of images or a share from its text; what is neither is returned for the check to refuse.

    Examples
    --------
    >>> [read_timing(text) for text in ("1000", "1e3", "0.25", "25%", "1/4")]
    [1000, 1000, 0.25, 0.25, 0.25]
    """
    number = value
    if isinstance(value, str):
        text = value.strip()
        try:
            number = int(text)
        except ValueError:
            try:
                if text.endswith("%"):
                    return float(Fraction(text[:-1].strip()) / 100)  # a share, if it is one at all
                number = float(Fraction(text))
            except (ValueError, ZeroDivisionError, OverflowError):
                return value
    whole = isinstance(number, float) and math.isfinite(number) and number > 1 and number == int(number)
    return int(number) if whole else number


def check_timing(name: str, value: Any, meaning: str = "") -> int | float:
    """Return a number of images or a share of a training as int or float.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    about = f" ({meaning})" if meaning else ""
    least = 1 if name == "interval" else 0
    number = not isinstance(value, bool)
    whole, share = number and isinstance(value, Integral), number and isinstance(value, Real)
    if whole:
        if value < least:
            raise ParameterError(f"Parameter '{name}' is {value}: it must be at least {least}{about}.")
        if value > LARGEST:
            raise ParameterError(f"Parameter '{name}' is {value}: it must be at most {LARGEST}{about}.")
        return int(value)
    if share and (0 < value <= 1 or value == least == 0):
        return float(value) if value else 0
    raise ParameterError(
        f"Parameter '{name}' is {value!r}: it must be a whole number of images, or a share of the training between 0 "
        f"and 1{about}."
    )


def images_of(name: str, value: float, images: int) -> int:
    """Return the images that a checked value stands for in a training that shows so many.

    Examples
    --------
    >>> images_of("interval", 1 / 60, 24_000), images_of("interval", 1000, 24_000), images_of("interval", 0.01, 10)
    (400, 1000, 1)
    """
    if isinstance(value, int):
        return value
    return max(1 if name == "interval" else 0, round(value * images))


def events_between(start: int, stop: int, interval: int, images: int) -> int:
    """Count the multiples of `interval` from `start` to `stop` that a training of so many images reaches."""
    return max(0, min(images, stop) // interval - max(start - 1, 0) // interval)


def timing_text(value: float) -> str:
    """Write a number of images or a share as people do.

    Examples
    --------
    >>> timing_text(1000), timing_text(0.25), timing_text(1 / 60)
    ('1000', '0.25', '1/60')
    """
    if isinstance(value, int):
        return str(value)
    part = Fraction(value).limit_denominator(100)
    return str(part) if float(part) == value and len(f"{value:.6g}") > 6 else f"{value:g}"
