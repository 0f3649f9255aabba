"""From whatever arrays a user has to 8-bit grey images, or one sentence on why not."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import DataError

__all__ = ["Parts", "as_images", "grey_of", "plain_array", "white_of"]

#: Images whose brightest pixel is darker than this hardly make an input fire: another white than 255 was meant.
DARK = 64
#: What white is without a guess.
SURE = (1.0, 255.0)
#: Brightest pixel that is still taken for that of a picture (16 bits).
BRIGHTEST = 65_535


class Parts(NamedTuple):
    """What every reader returns: images and labels of the two parts, not yet checked."""

    train_images: Any
    train_labels: Any
    test_images: Any
    test_labels: Any
    class_names: Sequence[str] | None = None


def plain_array(values: Any, whose: str) -> NDArray[Any]:
    """Turn lists, frames, tensors, sparse matrices and lists of pictures into one array."""
    if values is None:
        raise DataError(f"{whose} are missing: give an array [images, height, width].")
    try:
        array = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
        if array.dtype.kind == "O" and array.ndim:
            rows = [np.asarray(row) for row in array]
            if any(row.ndim and row.dtype.kind == "O" for row in rows):
                rows = [row.astype(float) for row in rows]  # a table whose columns have several types
            array = np.stack(rows)
    except ValueError as error:
        raise DataError(f"{whose} differ in size: crop or scale them to one height and width.") from error
    except (TypeError, RuntimeError) as error:
        # A tensor on a GPU, or one that needs gradients, says what to do itself.
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{whose} cannot be turned into an array ({reason}): give a NumPy array.") from error
    return array


def as_images(
    images: Any,
    part: str,
    name: str,
    *,
    shape: tuple[int, int] | None = None,
    white: float | None = None,
    like: float | None = None,
    grey: bool = False,
    blank: bool = False,
) -> tuple[NDArray[np.uint8], float, list[str]]:
    """Check images and convert them to 8 bits.

    Parameters
    ----------
    images : array_like [n_images, height, width]
        Also flat [n_images, pixels], or with an axis for one channel or for colours, in front or behind.
    part : str
        ``"training"`` or ``"test"``, for error messages.
    name : str
        The data set, for error messages.
    shape : (int, int), optional
        Height and width; needed for flat images that are not square.
    white : float, optional
        Value of a white pixel (black is 0); found from the brightest pixel unless given.
    like : float, optional
        What was white in the training images, where these are others and `white` is not given.
    grey : bool
        Whether colour images are turned grey (ITU-R 601, as Pillow does) instead of refused.
    blank : bool
        Whether images whose pixels are all equal are let through.

    Returns
    -------
    images : ndarray of uint8 [n_images, height, width]
        A new array.
    white : float
        What was taken for white.
    notes : list of str
        A sentence for everything that was guessed.

    Raises
    ------
    DataError
        If the images have the wrong shape or type, if there are none, if a value is NaN, infinite or outside the
        range, or if all pixels of an image are equal.
    """
    whose = f"The {part} images of '{name}'"
    array, notes = _with_height_and_width(plain_array(images, whose), whose, shape)
    _check_numbers(array, part, name, whose)
    if white is None:
        white, found = white_of(array, whose)
        if like is not None and (found or like not in SURE):
            white, found = like, []
        notes += found
    elif not isinstance(white, int | float | np.number) or not 0 < white < np.inf:
        raise DataError(f"white = {white!r} is no brightness: give the value of a white pixel, such as 1 or 255.")
    _check_range(array, whose, white, "as those of the training" if part == "given" else "alike, or pass white=")
    scaled = _to_8_bits(array, white)
    if scaled.ndim == 4:
        scaled = grey_of(
            scaled, grey, f"{whose} have transparent pixels: lay them over a background first.",
            f"{whose} are coloured, but grey values are needed: pass grey=True (on the command line --grey) to convert "
            "them.",
        )  # fmt: skip
    flat = scaled.reshape(len(scaled), -1)
    constant = np.flatnonzero((flat == flat[:, :1]).all(axis=1))
    if constant.size and not blank:
        others = f" (and {constant.size - 1} more)" if constant.size > 1 else ""
        raise DataError(
            f"{part.capitalize()} image {constant[0]} of '{name}'{others} is constant (every pixel is "
            f"{flat[constant[0], 0]}), so it shows nothing to learn or recognise: remove it together with its label."
        )
    return scaled, white, notes


def _with_height_and_width(
    array: NDArray[Any], whose: str, shape: tuple[int, int] | None
) -> tuple[NDArray[Any], list[str]]:
    """Bring images into the shape [images, height, width] or [images, height, width, colours]."""
    notes = []
    if array.dtype.kind in "US":
        raise DataError(f"{whose} are of type {array.dtype}: give pixels; a path goes to Dataset.load.")
    if array.ndim == 4 and array.shape[-1] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
        array = np.moveaxis(array, 1, -1)
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2 and array.size:
        if shape is None:
            side = isqrt(array.shape[1])
            if side * side != array.shape[1]:
                raise DataError(
                    f"{whose} have {array.shape[1]} pixels in a row, which is no square: pass shape=(height, width)."
                )
            shape = (side, side)
            notes.append(f"{whose} are rows of {array.shape[1]} pixels, taken as {side} x {side} images.")
        if prod(shape) != array.shape[1]:
            raise DataError(
                f"{whose} have {array.shape[1]} pixels in a row, but shape={tuple(shape)} needs {prod(shape)}."
            )
        array = array.reshape(len(array), *shape)
    if array.ndim != 3 and not (array.ndim == 4 and array.shape[-1] in (3, 4)):
        raise DataError(f"{whose} have shape {array.shape}, but need [images, height, width]: reshape the array.")
    if array.size == 0:
        raise DataError(f"{whose} are empty (shape {array.shape}): give at least one image of at least two pixels.")
    if shape is not None and array.shape[1:3] != tuple(shape):
        raise DataError(
            f"{whose} are {array.shape[1]} x {array.shape[2]} pixels instead of {shape[0]} x {shape[1]}: give images "
            "of that size."
        )
    return array, notes


def _check_numbers(array: NDArray[Any], part: str, name: str, whose: str) -> None:
    if array.dtype.kind not in "biuf":
        raise DataError(f"{whose} are of type {array.dtype}, but need numbers: integers in 0 to 255, floats in 0 to 1.")
    if array.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))
        if bad.size:
            raise DataError(
                f"{part.capitalize()} image {bad[0]} of '{name}' contains NaN or infinity: remove the image together "
                "with its label, or replace those pixels."
            )


def white_of(array: NDArray[Any], whose: str) -> tuple[float, list[str]]:
    """Tell the value of white from the brightest pixel, and say so where it is a guess."""
    brightest = float(array.max())
    if array.dtype.kind == "b" or (array.dtype.kind == "f" and brightest <= 1):
        return 1.0, []
    if array.dtype.kind in "iu" and DARK <= brightest <= 255:
        return 255.0, []
    if brightest > BRIGHTEST:
        raise DataError(f"{whose} go up to {brightest:g}: rescale them to 0 to 255, or pass white= (what is white).")
    if brightest < DARK:
        white = max(brightest, 1.0)
    elif brightest <= 255:
        white = 255.0
    else:
        white = float(2 ** int(np.ceil(np.log2(brightest + 1))) - 1)
    return white, [f"{whose} go up to {brightest:g}, so {white:g} is taken for white; pass white= if it is not."]


def _check_range(array: NDArray[Any], whose: str, white: float, advice: str) -> None:
    low, high = float(array.min()), float(array.max())
    if low < 0:
        raise DataError(
            f"{whose} range from {low:g} to {high:g}, but pixels must lie in 0 (black) to 255, or 0 to 1: rescale them."
        )
    if high > white:
        raise DataError(f"{whose} go up to {high:g}, but {white:g} is white: scale all images {advice}.")
    if 0 < high <= 1 < white:
        raise DataError(f"{whose} go up to {high:g} only, but {white:g} is white: scale all images alike.")


def _to_8_bits(array: NDArray[Any], white: float) -> NDArray[np.uint8]:
    if array.dtype.kind != "f" and white == 255:
        return array.astype(np.uint8)
    scaled: NDArray[np.uint8] = np.rint(array.astype(np.float32) * np.float32(255 / white)).astype(np.uint8)
    return scaled


def grey_of(images: NDArray[np.uint8], convert: bool, transparent: str, coloured: str) -> NDArray[np.uint8]:
    """Turn 8-bit colour images [..., 3 or 4] grey; only those that are grey already unless `convert`.

    The other two arguments say what is wrong with images that are transparent, or coloured though not to be converted.
    """
    if images.shape[-1] == 4 and (images[..., 3] < 255).any():
        raise DataError(transparent)
    red, green, blue = (images[..., k].astype(np.uint32) for k in range(3))
    if not convert and ((red != green).any() or (red != blue).any()):
        raise DataError(coloured)
    # Pillow's own integers, so that arrays and files give the same pixels.
    return ((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16).astype(np.uint8)
