"""Checksums that tie the files of a run together.

A JSON file that says what a run is carries the checksum of its own content, and those of the files that belong to it.
A file without one was written by an older version, and is taken as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["SEAL", "broken", "checksum_of", "plain", "sealed"]

#: Key of the checksum of the other entries.
SEAL = "checksum"


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, as JSON gives them back, with their checksum."""
    content = json.loads(json.dumps({key: value for key, value in values.items() if key != SEAL}, default=plain))
    return {**content, SEAL: _checksum(content)}


def broken(values: Mapping[str, Any]) -> bool:
    """Whether values carry a checksum that is not theirs."""
    return SEAL in values and values[SEAL] != _checksum({key: value for key, value in values.items() if key != SEAL})


def checksum_of(path: Path) -> str | None:
    """SHA-256 of a file, hexadecimal; None where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _checksum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def plain(value: Any) -> Any:
    """Turn NumPy's numbers and arrays into what JSON knows; TypeError for anything else."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
