"""Write ``docs/figures.md``: every figure with its caption and command, from what ``make figures`` has drawn.

    make figures && python figures/gallery.py
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
#: Pixels of the pictures' width: a page needs no more.  All colours stay, which colour bars need.
WIDTH = 1280

HEAD = """# Figures

Every figure of results is drawn by a script in `figures/` from files in the repository; nothing is simulated for it.

    make figures                                   # all of them into figures/out: PDF, PNG, a caption each
    python figures/front.py --out mine             # one of them
    python figures/fields.py runs/a runs/b         # from run folders of one's own

`spikeprune show RUN` and `spikeprune report RUN…` draw runs with the same code.  Records of trained networks, neuron by
neuron, are made by `python figures/record.py` (networks of `figures/networks.toml`), measurements by `make overhead`
and `make bench` with `--json`; results of experiments are those of `spikeprune sweep`.  This page is written by
`python figures/gallery.py`.
"""


def section(name: str, title: str, source: Path, target: Path) -> str:
    """Return the part of the page that shows a figure, and copy its picture."""
    lines = (source / f"{name}.md").read_text(encoding="utf-8").splitlines()
    caption = lines[2].replace("**", "")
    facts = dict(re.findall(r"^- \*\*(.+?):\*\* (.*)$", "\n".join(lines), flags=re.M))
    target.mkdir(parents=True, exist_ok=True)
    with Image.open(source / f"{name}.png") as picture:
        height = round(picture.height * WIDTH / picture.width)
        small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
        small.save(target / f"{name}.png", optimize=True)
    film = source / f"{name}.gif"
    if film.exists():
        (target / film.name).write_bytes(film.read_bytes())
    moving = f"\n\n![The same as a film](figures/{name}.gif)" if film.exists() else ""
    seeds = f"\n\nSeeds: {facts['Seeds']}." if "Seeds" in facts else ""
    command = facts["Drawn by"].strip("`")
    return f"## {title}\n\n![{title}](figures/{name}.png){moving}\n\n{caption}{seeds}\n\n    {command}\n"


def main() -> None:
    """Write page and pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawn", type=Path, default=ROOT / "figures" / "out", help="what 'make figures' has drawn")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder of the page")
    arguments = parser.parse_args()
    parts = []
    for script in ORDER:
        if not (arguments.drawn / f"{script}.md").is_file():
            command = f"python figures/{SCRIPTS.get(script, script)}.py"
            sys.exit(f"{arguments.drawn / script}.md is missing: draw it with '{command}'.")
        parts.append(section(script, ORDER[script], arguments.drawn, arguments.docs / "figures"))
    (arguments.docs / "figures.md").write_text("\n".join([HEAD, *parts]), encoding="utf-8")


#: Figures of the page in their order, and their titles.
ORDER = {
    "network": "Network and rule",
    "forming": "One receptive field forms and is pruned",
    "fields": "Receptive fields",
    "weights": "Weights and thresholds",
    "thresholds": "Threshold and synapses of every neuron",
    "course": "The course of training",
    "operations": "Synaptic operations by class",
    "energy": "Energy on chips",
    "front": "The front",
    "sizes": "Sizes and data sets",
    "overhead": "What the scheme itself costs",
    "confusion": "What the network confuses",
    "speed": "Time and memory over size",
}
#: Scripts of figures that have another name than theirs.
SCRIPTS = {"energy": "operations"}


if __name__ == "__main__":
    main()
