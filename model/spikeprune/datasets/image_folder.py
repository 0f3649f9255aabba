"""Grey images in one folder a class.

Either ``train/<class>/*.png`` and ``test/<class>/*.png``, or ``<class>/*.png``, of which a fifth of each class becomes
the test part.  Besides PNG, the formats of `SUFFIXES` are read.  Names are sorted before the fixed shuffle, so the same
files give the same data set on every machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spikeprune.datasets.arrays import Parts
from spikeprune.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm")
TEST_FRACTION = 0.2
# For RandomState, whose stream is frozen (unlike Generator's): the same order with every version of NumPy.
SHUFFLE_SEED = 0

Labelled = list[tuple[Path, str]]


def read(folder: Path) -> Parts:
    """Read a folder of images.

    Parameters
    ----------
    folder : Path
        With ``train`` and ``test``, or with one folder a class.

    Returns
    -------
    Parts
        Images as uint8 [n_images, height, width], shuffled; labels as strings; class names, sorted.

    Raises
    ------
    DataError
        If folders are missing or empty, or if an image is damaged, coloured, constant or of another size.
    """
    parts = [(folder / name).is_dir() for name in ("train", "test")]
    if all(parts):
        train, test = _list_classes(folder / "train"), _list_classes(folder / "test")
        unknown = {label for _, label in test} - {label for _, label in train}
        if unknown:
            raise DataError(
                f"{folder / 'test' / min(unknown)} has no counterpart in {folder / 'train'}: a class that is tested "
                "needs training images."
            )
    elif any(parts):
        there, absent = ("train", "test") if parts[0] else ("test", "train")
        raise DataError(f"{folder} has a folder '{there}' but no folder '{absent}': add it, or leave out both.")
    else:
        train, test = _split(_list_classes(folder))
    random = np.random.RandomState(SHUFFLE_SEED)
    train = [train[k] for k in random.permutation(len(train))]
    test = [test[k] for k in random.permutation(len(test))]
    images = _read_images([path for path, _ in train + test])
    return Parts(
        images[: len(train)],
        np.array([label for _, label in train]),
        images[len(train) :],
        np.array([label for _, label in test]),
    )


def _list_classes(folder: Path) -> Labelled:
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith((".", "__")))
    if not classes:
        raise DataError(f"{folder} has no class folders: put each image into a folder named after its class.")
    found: Labelled = []
    for label in classes:
        files = sorted(file for file in label.iterdir() if file.suffix.lower() in SUFFIXES and file.name[0] != ".")
        if not files:
            raise DataError(f"{label} has no images ({', '.join(SUFFIXES)}): add some or remove the folder.")
        found += [(file, label.name) for file in files]
    return found


def _split(labelled: Labelled) -> tuple[Labelled, Labelled]:
    random = np.random.RandomState(SHUFFLE_SEED)
    train: Labelled = []
    test: Labelled = []
    for label in sorted({label for _, label in labelled}):
        members = [item for item in labelled if item[1] == label]
        if len(members) < 2:
            raise DataError(f"{members[0][0].parent} has one image only: add at least one, to train and to test with.")
        n_test = max(1, round(TEST_FRACTION * len(members)))
        order = random.permutation(len(members))
        test += [members[k] for k in order[:n_test]]
        train += [members[k] for k in order[n_test:]]
    return train, test


def _read_images(paths: list[Path]) -> NDArray[np.uint8]:
    first = _read_image(paths[0])
    images = np.empty((len(paths), *first.shape), dtype=np.uint8)
    for k, path in enumerate(paths):
        image = _read_image(path)
        if image.shape != first.shape:
            raise DataError(
                f"{path} is {image.shape[0]} x {image.shape[1]} pixels, expected {first.shape[0]} x {first.shape[1]} "
                f"as {paths[0]}: crop or scale all images to one size."
            )
        images[k] = image
    return images


def _read_image(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            pixels = _grey(image, path)
    except DataError:
        raise
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more on damaged files.
        kind = type(error).__name__
        raise DataError(f"{path} cannot be read as an image ({kind}): save it again or remove it.") from error
    if (pixels == pixels[0, 0]).all():
        raise DataError(
            f"{path} is constant (every pixel is {pixels[0, 0]}), so it shows nothing to learn or recognise: remove it."
        )
    return pixels


def _grey(image: Image.Image, path: Path) -> NDArray[np.uint8]:
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise DataError(f"{path} holds {frames} images: save each of them as a file.")
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    if image.mode not in ("P", "PA", "LA", "RGB", "RGBA"):
        raise DataError(f"{path} is of Pillow's mode {image.mode}, but needs 8-bit grey values: convert it to mode L.")
    colours: NDArray[np.uint8] = np.array(image.convert("RGBA"))
    red, green, blue, alpha = (colours[..., k] for k in range(4))
    if (alpha < 255).any():
        raise DataError(f"{path} has transparent pixels: save it as a grey image without transparency.")
    if (red != green).any() or (red != blue).any():
        raise DataError(f"{path} is a colour image: convert it to grey values (Pillow's mode L).")
    return red
