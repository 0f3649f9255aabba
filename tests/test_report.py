"""The report: one page that opens without a network, says the stored numbers, and reads well at any width."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

import spikeprune as sp
from spikeprune import cli
from spikeprune.errors import DataError, ParameterError, RunFolderError
from spikeprune.plots.svg import svg
from spikeprune.report import render, run_folders, write_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in BROWSERS if (found := shutil.which(name))), "")
#: A name that is no HTML unless somebody forgets to escape it.
EVIL = "a&<script>alert(1)<b>"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two evaluated runs of six images on the NumPy back end; the second has a name to be escaped."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 80, (9, 8, 8)).astype(np.uint8)
    labels = np.arange(9) % 2
    images[labels == 0, :4] += 170
    images[labels == 1, 4:] += 170
    root = tmp_path_factory.mktemp("runs")
    np.savez(root / "data.npz", train_images=images[:6], train_labels=labels[:6], test_images=images[6:],
             test_labels=labels[6:])  # fmt: skip
    data = sp.Dataset.load(str(root / "data.npz"))
    p = sp.NetworkParameters(presentation=20, rest=10, attempts=1, intensity=30)
    made = []
    for name, rule in (("whole", sp.NoPruning()), (EVIL, sp.ConstantPruning(h=0.1, interval=2))):
        run = sp.train(data, rule, neurons=3, parameters=p, backend="numpy", chunk=2, folder=root / name,
                       origin={"name": str(root / "data.npz")})  # fmt: skip
        run.evaluate()
        made.append(root / name)
    return made


@pytest.fixture(scope="module")
def page(folders: list[Path]) -> str:
    return render(folders)


class Elements(HTMLParser):
    """Collects text, tags and attributes, and complains of tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_page_is_whole_and_needs_no_network(page: str) -> None:
    found = Elements(page)
    assert found.open == []
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in found.tags}
    for tag, attributes in found.tags:
        for name in ("src", "href", "xlink:href"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:image/png;base64,")), (tag, name, target)
    anchors = {str(attributes["href"])[1:] for tag, attributes in found.tags if tag == "a"}
    names = [str(attributes["id"]) for _, attributes in found.tags if "id" in attributes]
    assert anchors <= set(names)
    assert len(names) == len(set(names))
    used = set(re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', page))
    assert used <= set(names)


def test_what_users_name_is_escaped(page: str) -> None:
    assert "<script" not in page
    assert "a&amp;&lt;script&gt;alert(1)&lt;b&gt;" in page
    assert any(EVIL in text for text in Elements(page).text)


def test_page_says_the_stored_numbers(folders: list[Path], page: str) -> None:
    text = "".join(Elements(page).text)
    for folder in folders:
        results = json.loads((folder / "results.json").read_text())
        history = json.loads((folder / "history.json").read_text())
        assert f"{results['accuracy']:.2f}" in text
        # A point of the course of training says its value where the pointer rests.
        assert f"{100 * history[-1]['removed_share']:.4g}" in text
        transmitted = results["counts"]["input_to_excitatory"] / results["counts"]["images"]
        assert (f"{transmitted / 1e3:.3g} k" if transmitted >= 1e3 else f"{transmitted:.3g}") in text
    pruned = 100 * json.loads((folders[1] / "history.json").read_text())[-1]["removed_share"]
    assert f"constant (h = 0.1, start = 0, interval = 2) on data.npz, 3 neurons, 1 seed: {pruned:.0f} % of the" in text
    for words in ("Unpruned on data.npz", "recall, %", "threshold of all neurons", "brian2", "Provenance"):
        assert words in text


def test_hidden_values_lie_on_their_points() -> None:
    figure = Figure(figsize=(4, 3), dpi=200)
    ax = figure.add_axes((0.25, 0.25, 0.5, 0.5))
    ax.plot([0, 1], [0, 10], label="mine & yours")
    ax.bar([0.5], [4], 0.2, label="bars")
    ax.set(xlim=(0, 1), ylim=(0, 10), xlabel="time\n(ms)")
    text = svg(figure, "f", "a title")
    # 4 × 3 inches are 288 × 216 points; the axes begin at (72, 54) from below and are 144 × 108 large.
    circles = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+"><title>([^<]*)</title>', text)
    assert [(float(x), float(y)) for x, y, _ in circles] == [(72, 162), (216, 54)]
    assert circles[1][2] == "mine &amp; yours\ntime (ms): 1\ny: 10"
    box = re.search(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"><title>bars\n4<', text)
    assert box is not None
    assert [float(value) for value in box.groups()] == pytest.approx([129.6, 118.8, 28.8, 43.2], abs=0.06)


def test_runs_and_folders_of_runs_are_found(folders: list[Path], tmp_path: Path) -> None:
    assert run_folders([folders[0].parent]) == sorted(folders)
    assert run_folders([folders[0], folders[0]]) == [folders[0]]
    with pytest.raises(RunFolderError, match=r"neither a run folder \(it has no run\.json\)"):
        run_folders([tmp_path])


def test_what_a_run_does_not_hold_is_one_sentence(folders: list[Path], tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(folders[0], bare)
    (bare / "results.json").unlink()
    target = tmp_path / "report.html"
    with pytest.raises(DataError, match=r"not evaluated \(no results\.json\): evaluate it with 'spikeprune resume"):
        write_report([bare], target)
    with pytest.raises(ParameterError, match=r"end in \.html"):
        write_report(folders, tmp_path / "report.pdf")
    with pytest.raises(RunFolderError, match="no such folder"):
        write_report(folders, tmp_path / "nowhere" / "report.html")
    result = CliRunner().invoke(cli.app, ["report", str(bare), "-o", str(target)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["bare"]


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium: install it to see the report as readers do")
@pytest.mark.parametrize("width", [400, 1400])
def test_page_reads_well_in_a_browser(page: str, tmp_path: Path, width: int) -> None:
    def browse(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
            f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},2000", *options, path.as_uri(),
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    assert "CONSOLE" not in browse(path, f"--screenshot={tmp_path / 'page.png'}").stderr
    # What is measured here needs a script, which the page itself forbids.
    measure = (
        "<script>document.title = [document.documentElement.scrollWidth, innerWidth,"
        "Math.min(...[...document.querySelectorAll('p, li, td, figcaption')].map(e => "
        "parseFloat(getComputedStyle(e).fontSize))),"
        "Math.min(...[...document.querySelectorAll('figure svg')].map(e => e.getBoundingClientRect().width))].join(' "
        "')</script>"
    )
    open_page = re.sub(r"<meta http-equiv[^>]*>", "", page).replace("</body>", measure + "</body>")
    path.write_text(open_page, encoding="utf-8")
    title = re.search(r"<title>([\d. ]+)</title>", browse(path, "--dump-dom").stdout)
    assert title is not None
    content, window, smallest, figure = map(float, title[1].split())
    assert content <= window  # nothing but tables and figures scrolls sideways, each in a frame of its own
    assert smallest >= 13
    assert figure >= 500
