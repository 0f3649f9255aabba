"""The same images through every door: one data set, one network, one accuracy.

Fashion-MNIST's test images stand for data of one's own: 8,000 to train with and 2,000 to test.
"""

from __future__ import annotations

import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import spikeprune as sp
from spikeprune import Dataset
from spikeprune.datasets import as_dataset, available
from spikeprune.errors import DataNote

TRAIN, TEST = 8_000, 2_000
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def sorted_by_class(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As a folder of images gives them."""
    order = np.argsort(labels, kind="stable")
    return images[order], labels[order]


def image_folder(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    for label in np.unique(labels):
        (folder / str(label)).mkdir(parents=True)
        for k, image in enumerate(images[labels == label]):
            Image.fromarray(image).save(folder / str(label) / f"{k:05}.png", compress_level=1)


def idx_file(path: Path, array: np.ndarray) -> None:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes())


def doors(folder: Path, x: np.ndarray, y: np.ndarray, x2: np.ndarray, y2: np.ndarray) -> dict[str, Any]:
    """Whatever ``train`` takes as data, made of the same images."""
    arrays = (x, y, x2, y2)
    for name, array in zip(NAMES, arrays, strict=True):
        idx_file(folder / name, array)
    np.savez(folder / "mine.npz", x_train=x, y_train=y, x_test=x2, y_test=y2)
    image_folder(folder / "png" / "train", x, y)
    image_folder(folder / "png" / "test", x2, y2)

    def rows(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)

    return {
        "arrays": arrays,
        "rows": (rows(x), y, rows(x2), y2),
        "channels": (x[..., np.newaxis], y, x2[..., np.newaxis], y2),
        "one-hot": (x, np.eye(10)[y], x2, np.eye(10)[y2]),
        "float labels": (x, y.astype(float), x2, y2.astype(float)),
        "floats to 1": (x / 255, y, x2 / 255, y2),
        "floats to 255": (x.astype(np.float32), y, x2.astype(np.float32), y2),
        "16 bits": (x.astype(np.uint16) * 257, y, x2.astype(np.uint16) * 257, y2),
        "frames": (pd.DataFrame(rows(x)), pd.Series(y).astype(str), pd.DataFrame(rows(x2)), pd.Series(y2).astype(str)),
        "colour": Dataset.from_arrays(np.stack([x] * 3, -1), y, np.stack([x2] * 3, -1), y2, grey=True),
        "torchvision": tuple(types.SimpleNamespace(data=a, targets=b.tolist()) for a, b in ((x, y), (x2, y2))),
        "npz": folder / "mine.npz",
        "IDX": folder,
        "image files": str(folder / "png"),
    }


@pytest.mark.mnist
@pytest.mark.long
@pytest.mark.slow
def test_the_accuracy_is_the_same_through_every_door(data_dir: Path, tmp_path: Path) -> None:
    if available(data_dir)["fashion-mnist"] is None:
        pytest.skip("Fashion-MNIST not found in SPIKEPRUNE_DATA")
    whole = Dataset.load("fashion-mnist", data_dir)
    images, labels = whole.test_images, whole.test_labels
    parts = (*sorted_by_class(images[:TRAIN], labels[:TRAIN]), *sorted_by_class(images[TRAIN:], labels[TRAIN:]))
    found, checksums = {}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNote)  # of what is guessed, such as the value of white
        for name, door in doors(tmp_path, *parts).items():
            data = as_dataset(door)
            assert (len(data.train_images), len(data.test_images)) == (TRAIN, TEST)
            checksums[name] = data.checksum
            run = sp.train(data, sp.AdaptivePruning(), neurons=20, seed=1)
            found[name] = run.evaluate().accuracy
    assert len(set(checksums.values())) == 1, checksums
    assert len(set(found.values())) == 1, found
    # Chance is 10 %; 20 neurons read 35 to 50 %.
    assert found["arrays"] > 30
