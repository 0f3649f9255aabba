"""Errors that spikeprune raises at its boundaries.

Every message is one sentence: the value found, what is allowed, what to do.  The command line prints the message alone
and exits with a nonzero status; ``--debug`` adds the traceback.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BackendError",
    "DataError",
    "DataNote",
    "ParameterError",
    "RunFolderError",
    "SpikepruneError",
    "reason_of",
    "unknown_name",
]


class SpikepruneError(Exception):
    """Base of every error that a user can cause and mend."""


class ParameterError(SpikepruneError, ValueError):
    """A parameter has a value outside its range, or a name that does not exist."""


class DataError(SpikepruneError, ValueError):
    """Images or labels are missing, damaged or do not fit together."""


class DataNote(UserWarning):
    """Something about data was guessed; the warning says what, and how to say otherwise."""


class RunFolderError(SpikepruneError):
    """A run folder is occupied, incomplete, damaged or cannot be written."""


class BackendError(SpikepruneError, RuntimeError):
    """Code generation, the compiler or the compiled program failed."""


def unknown_name(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Say that `name` is not one of `allowed`, suggesting the nearest one.

    Parameters
    ----------
    kind : str
        What the name stands for, for example ``"data set"``.
    name : str
        The name that was given.
    allowed : iterable of str
        Every name that would have been accepted.

    Returns
    -------
    str
        One sentence for an error message.
    """
    choices = list(allowed)
    nearest = get_close_matches(str(name), choices, n=1)
    hint = f" (did you mean '{nearest[0]}'?)" if nearest else ""
    return f"Unknown {kind} '{name}'{hint}: choose one of {', '.join(choices)}."


def reason_of(error: Exception) -> str:
    """Say in a few words why something with files failed.

    Parameters
    ----------
    error : OSError or ValueError

    Examples
    --------
    >>> reason_of(OSError(28, "No space left on device")), reason_of(OSError("400 requested and 0 written"))
    ('No space left on device', 'No space left on device')
    """
    text = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
    # NumPy tells how many values it has written instead of why it has not written all.
    return os.strerror(errno.ENOSPC) if "requested and" in text else text.rstrip(".")
