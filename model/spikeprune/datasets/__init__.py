"""Labelled grey images: named data sets, scikit-learn's digits and the user's own.

>>> from spikeprune.datasets import Dataset
>>> digits = Dataset.load("digits")
>>> digits
Dataset('digits': 1437 training and 360 test images of 28 x 28 pixels, 10 classes)
"""

from spikeprune.datasets.catalogue import NAMES, available, data_folder
from spikeprune.datasets.dataset import Dataset
from spikeprune.datasets.description import DataDescription
from spikeprune.datasets.doors import as_dataset, load_origin
from spikeprune.datasets.download import fetch
from spikeprune.datasets.event_data import event_data

__all__ = [
    "NAMES", "DataDescription", "Dataset", "as_dataset", "available", "data_folder", "event_data", "fetch",
    "load_origin",
]  # fmt: skip
