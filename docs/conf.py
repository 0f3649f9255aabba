"""Sphinx configuration of the documentation; `make docs` builds it into docs/_build/html.

The build needs no network.  Tables of parameters, rules, commands and results are made from their sources by
``_ext/generated.py``; the tutorial is run, and its pictures drawn, by sphinx-gallery.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ.setdefault("PYTHONHASHSEED", "0")
# Brian2 and Dask warn of each other's libraries while they are imported; a reader of the build log should not.
warnings.filterwarnings("ignore", category=DeprecationWarning)

import spikeprune  # noqa: E402

project = "spikeprune"
author = "spikeprune maintainers"
copyright = "spikeprune maintainers, MIT licence"
version = release = spikeprune.__version__

extensions = [
    "generated",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_ext", "_templates", "gallery"]
root_doc = "index"

# Every internal link and every name that a docstring refers to has to be there.
nitpicky = True
nitpick_ignore_regex = [
    # What is documented elsewhere: no inventory of another project is fetched.
    (r"py:.*", r"(?!spikeprune\b).*"),
]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = [
    "config.cache",  # the gallery's configuration holds functions
    "ref.citation",  # the references of a module are quoted by its classes and functions
]

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings give types, with shapes and units
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False
python_use_unqualified_type_names = True
smartquotes = False  # it would make one dash of the two of an option

sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["tutorial"],
    "filename_pattern": r"/tutorial_",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "capture_repr": (),
    "min_reported_time": 3600,
    "image_scrapers": ("pictures.figures_of",),
}

html_theme = "furo"
html_title = f"spikeprune {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sourcelink = False
html_copy_source = False
