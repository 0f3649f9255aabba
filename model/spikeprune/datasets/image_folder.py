"""Images in one folder a class.

Either ``train/<class>/*.png`` and ``test/<class>/*.png``, or ``<class>/*.png``, of which a fifth of each class becomes
the test part.  Besides PNG, the formats of `SUFFIXES` are read.  Names are sorted, so the same files give the same data
set on every machine.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spikeprune.datasets.arrays import Parts, grey_of
from spikeprune.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm")
Labelled = list[tuple[Path, str]]


def read(folder: Path, grey: bool = False) -> Parts:
    """Read a folder of images.

    Parameters
    ----------
    folder : Path
        With ``train`` and ``test``, or with one folder a class.
    grey : bool
        Turn colour images grey.

    Returns
    -------
    Parts
        Images as uint8 or uint16 [n_images, height, width], class by class; labels as strings.  No test images where
        the folder has no folder ``test``.

    Raises
    ------
    DataError
        If folders are missing or empty, or if an image is damaged, coloured or of another size.
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
        train, test = _list_classes(folder), []
        files = Counter(label for _, label in train)
        for path, label in train:
            if files[label] < 2:
                raise DataError(f"{path.parent} has one image only: add at least one, to train and to test with.")
    images = read_images([path for path, _ in train + test], grey)
    return Parts(
        images[: len(train)],
        np.array([label for _, label in train]),
        images[len(train) :] if test else None,
        np.array([label for _, label in test]) if test else None,
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


def read_images(paths: list[Path], grey: bool = False) -> NDArray[np.uint8 | np.uint16]:
    """Read image files of one size [n_images, height, width].

    Raises
    ------
    DataError
        If one is damaged, coloured (unless it is to be turned grey), constant, or of another size or depth.
    """
    first = _read_image(paths[0], grey)
    images = np.empty((len(paths), *first.shape), dtype=first.dtype)
    for k, path in enumerate(paths):
        image = _read_image(path, grey)
        if image.shape != first.shape:
            raise DataError(
                f"{path} is {image.shape[0]} x {image.shape[1]} pixels, expected {first.shape[0]} x {first.shape[1]} "
                f"as {paths[0]}: crop or scale all images to one size."
            )
        if image.dtype != first.dtype:
            depths = f"{8 * image.itemsize} bits a pixel, expected {8 * first.itemsize}"
            raise DataError(f"{path} has {depths} as {paths[0]}: save all images alike.")
        images[k] = image
    return images


def _read_image(path: Path, grey: bool) -> NDArray[np.uint8 | np.uint16]:
    try:
        with Image.open(path) as image:
            pixels = _pixels(image, path, grey)
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


def _pixels(image: Image.Image, path: Path, grey: bool) -> NDArray[np.uint8 | np.uint16]:
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise DataError(f"{path} holds {frames} images: save each of them as a file.")
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    if image.mode.startswith("I;16"):
        return np.array(image).astype(np.uint16)
    if image.mode == "I":  # how older versions of Pillow read 16 bits
        deep = np.array(image)
        if deep.min() >= 0 and deep.max() < 2**16:
            return deep.astype(np.uint16)
    if image.mode not in ("P", "PA", "LA", "RGB", "RGBA"):
        raise DataError(
            f"{path} is of Pillow's mode {image.mode}, but needs grey values of 8 or 16 bits: convert it to mode L."
        )
    return grey_of(
        np.array(image.convert("RGBA")), grey,
        f"{path} has transparent pixels: save it as a grey image without transparency.",
        f"{path} is a colour image: pass grey=True (on the command line --grey), or save it in grey (Pillow's mode L).",
    )  # fmt: skip
