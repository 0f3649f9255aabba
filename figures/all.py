"""Draw every figure: ``make figures``, or ``python figures/all.py [--out DIR] [RUN…]``."""

import importlib.util
from pathlib import Path

from spikeprune.plots.script import Draw, draw_all

HERE = Path(__file__).parent


def scripts() -> dict[str, Draw]:
    """Load the scripts beside this one that draw."""
    found: dict[str, Draw] = {}
    for path in sorted(HERE.glob("*.py")):
        if path.stem not in ("all", "gallery", "record"):
            spec = importlib.util.spec_from_file_location(f"figure_{path.stem}", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            found[path.stem] = module.draw
    return found


if __name__ == "__main__":
    draw_all(scripts(), __file__)
