"""Whether a new folder can be made at a place, asked before anything is computed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from spikeprune.errors import RunFolderError, reason_of

__all__ = ["check_place"]


def check_place(path: Path, leftover: re.Pattern[str]) -> None:
    """Raise RunFolderError unless a folder can be made here, or is there and empty; nothing is written.

    Files with names like `leftover`, those of a process that was killed, do not count.
    """
    try:
        _check(path, leftover)
    except (OSError, ValueError) as error:  # a loop of links, a null character
        raise RunFolderError(f"The run folder {path} cannot be made ({reason_of(error)}): choose another.") from error


def _check(path: Path, leftover: re.Pattern[str]) -> None:
    if "\0" in str(path):
        raise ValueError("its name holds a null character")  # Python before 3.12 takes such a path for absent
    limit = 255
    if any(len(os.fsencode(part)) > limit for part in path.parts):
        raise RunFolderError(f"The run folder {path} has a name of more than {limit} bytes: choose a shorter one.")
    for part in (path, *path.parents):
        if part.is_symlink() and not part.exists():
            part.stat()  # says what is wrong with it
    if path.exists() and not path.is_dir():
        raise RunFolderError(f"{path} exists already and is a file: choose a folder.")
    if path.exists() and not all(leftover.fullmatch(each.name) for each in path.iterdir()):
        raise RunFolderError(f"The folder {path} exists already and holds other things: choose another folder.")
    above = next(parent for parent in [path, *path.absolute().parents] if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        reason = f"{above} is not {'writable' if above.is_dir() else 'a folder'}"
        raise RunFolderError(f"The run folder {path} cannot be written ({reason}): choose another place.")
