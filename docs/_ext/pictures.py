"""Pictures of the tutorial: sphinx-gallery finds those of pyplot only, and spikeprune's are plain figures."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

_shown: set[int] = set()
#: So that no later figure gets the number of one that was shown.
_kept: list[Figure] = []


def figures_of(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the figures that a block has bound to names, each once."""
    if block[0] != "code":
        return ""
    files = []
    for name, value in block_vars["example_globals"].items():
        if isinstance(value, Figure) and id(value) not in _shown and not name.startswith("_"):
            _shown.add(id(value))
            _kept.append(value)
            path = next(block_vars["image_path_iterator"])
            value.savefig(path, dpi=150)
            files.append(path)
    return figure_rst(files, gallery_conf["src_dir"])
