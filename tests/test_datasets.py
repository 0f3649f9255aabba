"""Data sets: what is read is what was written, and what cannot be used is refused in one sentence."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import re
import sys
import types
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import zoom
from scipy.sparse import csr_array

from spikeprune.datasets import (
    NAMES,
    Dataset,
    as_dataset,
    available,
    catalogue,
    data_folder,
    digits,
    fetch,
    load_origin,
)
from spikeprune.datasets.order import come_in_runs
from spikeprune.errors import DataError, DataNote, ParameterError, SpikepruneError

pytestmark = pytest.mark.filterwarnings("ignore::spikeprune.errors.DataNote")

MNIST_STEMS = catalogue.SOURCES["mnist"].stems
LETTERS_STEMS = catalogue.SOURCES["emnist-letters"].stems
HEIGHT, WIDTH = 5, 7


def example(n_train: int = 12, n_test: int = 6, n_classes: int = 3) -> dict[str, np.ndarray]:
    """Random images, wider than high so that an exchange of the two is seen; labels 0, 1, 2, 0, ..."""
    random = np.random.default_rng(1)
    return {
        "train_images": random.integers(0, 256, (n_train, HEIGHT, WIDTH), dtype=np.uint8),
        "train_labels": np.arange(n_train) % n_classes,
        "test_images": random.integers(0, 256, (n_test, HEIGHT, WIDTH), dtype=np.uint8),
        "test_labels": np.arange(n_test) % n_classes,
    }


def idx_bytes(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()


def write_idx(folder: Path, stems: tuple[str, ...], arrays: list[np.ndarray], packed: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stem, array in zip(stems, arrays, strict=True):
        content = idx_bytes(array)
        (folder / (f"{stem}.gz" if packed else stem)).write_bytes(gzip.compress(content) if packed else content)


def write_images(folder: Path, images: np.ndarray, first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for k, image in enumerate(images, start=first):
        Image.fromarray(image).save(folder / f"{k:03}.png")


def refusal(call: Callable[[], Any], kind: type[SpikepruneError] = DataError) -> str:
    """The message of the error that `call` raises, which must be one sentence."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert not re.search(r"[.!?] +[A-Z]", message), f"more than one sentence: {message}"
    return message


@pytest.fixture(autouse=True)
def _no_folder_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPIKEPRUNE_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


# Arrays


def test_arrays_are_kept_as_they_are() -> None:
    arrays = example()
    dataset = Dataset.from_arrays(**arrays)
    for field, array in arrays.items():
        np.testing.assert_array_equal(getattr(dataset, field), array)
    assert dataset.train_images.dtype == np.uint8
    assert dataset.train_labels.dtype == np.int64
    assert (dataset.image_shape, dataset.n_inputs, dataset.n_classes) == ((HEIGHT, WIDTH), HEIGHT * WIDTH, 3)
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.name == "user data"
    assert "12 training and 6 test images of 5 x 7 pixels, 3 classes" in repr(dataset)


def test_a_dataset_cannot_be_changed() -> None:
    arrays = example()
    dataset = Dataset.from_arrays(**arrays)
    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0, 0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        dataset.name = "other"  # type: ignore[misc]
    before = dataset.train_images.copy()
    arrays["train_images"][:] = 0
    np.testing.assert_array_equal(dataset.train_images, before)


def test_floats_are_scaled_to_255_and_rounded() -> None:
    arrays = example()
    values = np.array([0.0, 1.0, 0.5, 0.001, 0.002, 254.6 / 255, 100 / 255])
    arrays["train_images"] = np.tile(values, (12, HEIGHT, 1))
    dataset = Dataset.from_arrays(**arrays)
    assert dataset.train_images[0, 0].tolist() == [0, 255, 128, 0, 1, 255, 100]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_grey_level_survives_a_division_by_255(dtype: type) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    dataset = Dataset.from_arrays((levels / 255).astype(dtype), [0], levels, [0])
    np.testing.assert_array_equal(dataset.train_images, levels)


def test_booleans_become_black_and_white() -> None:
    arrays = example()
    arrays["train_images"] = arrays["train_images"] > 99
    assert np.unique(Dataset.from_arrays(**arrays).train_images).tolist() == [0, 255]


def test_strings_are_numbered_in_sorted_order() -> None:
    arrays: dict[str, Any] = example(3, 2)
    arrays["train_labels"], arrays["test_labels"] = ["dog", "ant", "cat"], np.array(["cat", "dog"], dtype=object)
    dataset = Dataset.from_arrays(**arrays)
    assert dataset.class_names == ("ant", "cat", "dog")
    assert dataset.train_labels.tolist() == [2, 0, 1]
    assert dataset.test_labels.tolist() == [1, 2]


def test_class_names_give_the_order() -> None:
    arrays: dict[str, Any] = example(2, 2)
    arrays["train_labels"], arrays["test_labels"] = ["dog", "ant"], ["dog", "dog"]
    dataset = Dataset.from_arrays(**arrays, class_names=["dog", "ant", "bee"])
    assert dataset.train_labels.tolist() == [0, 1]
    assert dataset.n_classes == 3
    assert "'dog'" in refusal(lambda: Dataset.from_arrays(**arrays, class_names=["ant"]))
    assert "twice" in refusal(lambda: Dataset.from_arrays(**arrays, class_names=["dog", "ant", "ant"]))


LABELS = {
    "gaps": lambda y: y * 4,
    "negative": lambda y: y - 1,
    "large": lambda y: y + 9_999,
    "floats": lambda y: y.astype(float),
    "texts": lambda y: np.array(["ant", "bee", "cat"])[y],
    "one-hot": lambda y: np.eye(3)[y],
    "columns": lambda y: y[:, None],
    "objects": lambda y: y.astype(object),
    "bytes": lambda y: np.array([b"a", b"b", b"c"])[y],
    "categories": lambda y: pd.Series(np.array(["ant", "bee", "cat"])[y], dtype="category"),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind_give_the_classes_that_occur(kind: str) -> None:
    arrays: dict[str, Any] = example()
    for part in ("train_labels", "test_labels"):
        arrays[part] = LABELS[kind](arrays[part])
    dataset = Dataset.from_arrays(**arrays)
    assert dataset.n_classes == 3
    np.testing.assert_array_equal(dataset.train_labels, example()["train_labels"])
    np.testing.assert_array_equal(dataset.test_labels, example()["test_labels"])
    first = np.ravel(arrays["train_labels"])[0]
    if kind not in ("one-hot", "floats", "bytes"):
        assert dataset.class_names[0] == str(first)


def test_a_stray_label_is_one_class_more_and_is_said() -> None:
    """Not 10,000 classes."""
    arrays = example(60)
    arrays["train_labels"][7] = 9999
    with pytest.warns(DataNote, match="one training image only: 9999"):
        dataset = Dataset.from_arrays(**arrays)
    assert dataset.class_names == ("0", "1", "2", "9999")


def test_a_class_that_is_tested_needs_training_images() -> None:
    """In arrays as in folders."""
    for label in (7, -1):
        arrays = example()
        arrays["test_labels"][3:5] = label
        message = refusal(lambda a=arrays: Dataset.from_arrays(**a))
        assert f"test label '{label}' of 'user data' (2 test images" in message
        assert "needs training images" in message


def test_training_images_without_labels() -> None:
    arrays: dict[str, Any] = example()
    arrays["train_labels"] = [None, 1, float("nan"), *arrays["train_labels"][3:]]
    with pytest.warns(DataNote, match=r"2 of the 12 training images .* have no label"):
        dataset = Dataset.from_arrays(**arrays)
    assert dataset.train_labels[:4].tolist() == [-1, 1, -1, 0]
    arrays["train_labels"] = None
    assert set(Dataset.from_arrays(**arrays).train_labels) == {-1}
    arrays = example() | {"test_labels": [None, *example()["test_labels"][1:]]}
    assert "Test label 0" in refusal(lambda: Dataset.from_arrays(**arrays))


IMAGES = {
    "rows": lambda x: x[:, :, :5].reshape(len(x), -1),
    "channel last": lambda x: x[..., None],
    "channel first": lambda x: x[:, None],
    "floats to 1": lambda x: x / 255,
    "floats to 255": lambda x: x.astype(float),
    "16 bits": lambda x: x.astype(np.uint16) * 257,
    "lists": lambda x: x.tolist(),
    "pictures": lambda x: [Image.fromarray(image) for image in x],
    "objects": lambda x: np.array([*x, None], object)[:-1],
    "grey in colours": lambda x: np.stack([x, x, x], axis=-1),
    "colours first": lambda x: np.stack([x, x, x], axis=1),
    "frame": lambda x: pd.DataFrame(x[:, :, :5].reshape(len(x), -1)),
    "frame of several types": lambda x: pd.DataFrame(x[:, :, :5].reshape(len(x), -1)).astype({0: object, 1: float}),
    "sparse": lambda x: csr_array(x[:, :, :5].reshape(len(x), -1)),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_images_of_any_kind_give_the_same_pixels(kind: str) -> None:
    arrays: dict[str, Any] = example()
    arrays["train_images"][0, 0, 0] = arrays["test_images"][0, 0, 0] = 255
    expected = [arrays[f"{part}_images"] for part in ("train", "test")]
    if any(word in kind for word in ("rows", "frame", "sparse")):
        expected = [images[:, :, :5] for images in expected]
    for part in ("train_images", "test_images"):
        arrays[part] = IMAGES[kind](arrays[part])
    dataset = Dataset.from_arrays(**arrays)
    np.testing.assert_array_equal(dataset.train_images, expected[0])
    np.testing.assert_array_equal(dataset.test_images, expected[1])


def test_rows_that_are_no_square_need_a_shape() -> None:
    arrays = example()
    for part in ("train_images", "test_images"):
        arrays[part] = arrays[part].reshape(len(arrays[part]), -1)
    assert "35 pixels in a row, which is no square" in refusal(lambda: Dataset.from_arrays(**arrays))
    dataset = Dataset.from_arrays(**arrays, shape=(HEIGHT, WIDTH))
    np.testing.assert_array_equal(dataset.train_images, example()["train_images"])
    assert "needs 16" in refusal(lambda: Dataset.from_arrays(**arrays, shape=(4, 4)))


@pytest.mark.parametrize(("brightest", "white"), [(16, 16), (1, 1), (255, 255), (4000, 4095), (65_535, 65_535)])
@pytest.mark.parametrize("dtype", [np.uint16, float])
def test_white_is_told_from_the_brightest_pixel_of_the_training_images(brightest: int, white: int, dtype: type) -> None:
    """And said where it is a guess; the test images are read alike, however dark they are."""
    arrays: dict[str, Any] = example()
    ramp = np.linspace(0, brightest, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).round().astype(dtype)
    arrays["train_images"], arrays["test_images"] = np.tile(ramp, (12, 1, 1)), np.tile(ramp, (6, 1, 1))
    if brightest > 1:
        arrays["test_images"] = arrays["test_images"] // 2
    dataset = Dataset.from_arrays(**arrays)
    assert dataset.white == white
    np.testing.assert_array_equal(dataset.train_images[0], np.rint(ramp.astype(np.float32) * np.float32(255 / white)))
    np.testing.assert_array_equal(
        dataset.test_images[0], np.rint(arrays["test_images"][0].astype(np.float32) * np.float32(255 / white))
    )
    sure = (dtype is float and brightest == 1) or (dtype is np.uint16 and brightest == 255)
    assert any("taken for white" in note for note in dataset.notes) != sure


def test_white_may_be_given_and_nothing_may_be_brighter() -> None:
    arrays = example()
    assert Dataset.from_arrays(**arrays, white=510).train_images.max() <= 128
    assert "is white" in refusal(lambda: Dataset.from_arrays(**arrays, white=100))
    assert "white = 0" in refusal(lambda: Dataset.from_arrays(**arrays, white=0))


def test_colours_are_converted_on_request_as_pillow_does(tmp_path: Path) -> None:
    """By arrays and by files alike."""
    random = np.random.default_rng(3)
    images, labels = random.integers(0, 256, (8, HEIGHT, WIDTH, 3), dtype=np.uint8), [0, 1] * 4
    assert "grey=True (on the command line --grey)" in refusal(
        lambda: Dataset.from_arrays(images, labels, images, labels)
    )
    dataset = Dataset.from_arrays(images, labels, images, labels, grey=True)
    np.testing.assert_array_equal(dataset.train_images[2], np.array(Image.fromarray(images[2]).convert("L")))
    for name in ("a", "b"):
        write_images(tmp_path / "train" / name, images[:4])
        write_images(tmp_path / "test" / name, images[4:])
    assert "--grey" in refusal(lambda: Dataset.load(tmp_path))
    read = Dataset.load(tmp_path, grey=True)
    np.testing.assert_array_equal(read.test_images[:4], dataset.train_images[4:])
    assert load_origin(read.origin or {}).checksum == read.checksum


# Order and parts


def test_images_sorted_by_class_are_shuffled_for_training() -> None:
    """In the same way each time; test images, images in a mixed order, and shuffle=False stay as they are."""
    arrays = example(30)
    mixed = Dataset.from_arrays(**arrays)
    np.testing.assert_array_equal(mixed.train_images, arrays["train_images"])
    order = np.argsort(arrays["train_labels"], kind="stable")
    arrays["train_images"], arrays["train_labels"] = arrays["train_images"][order], arrays["train_labels"][order]
    arrays["test_labels"] = np.sort(arrays["test_labels"])
    with pytest.warns(DataNote, match="sorted by class, so they are shuffled"):
        dataset = Dataset.from_arrays(**arrays)
    assert not come_in_runs(dataset.train_labels)
    pairs = [(image.tobytes(), label) for image, label in zip(dataset.train_images, dataset.train_labels, strict=True)]
    assert sorted(pairs) == sorted(
        (image.tobytes(), label) for image, label in zip(arrays["train_images"], arrays["train_labels"], strict=True)
    )
    np.testing.assert_array_equal(dataset.test_images, arrays["test_images"])
    kept = Dataset.from_arrays(**arrays, shuffle=False)
    np.testing.assert_array_equal(kept.train_images, arrays["train_images"])


@pytest.mark.parametrize("n", [1, 7, 20, 29])
def test_a_part_of_sorted_images_has_all_classes_in_proportion(n: int) -> None:
    arrays = example(30, 30)
    for part in ("train_labels", "test_labels"):
        arrays[part] = np.repeat([0, 1, 2], [15, 9, 6])
    dataset = Dataset.from_arrays(**arrays, shuffle=False)
    for labels in (dataset.subset(test=n).test_labels, dataset.validation_split(n).test_labels):
        assert len(labels) == n
        assert np.abs(np.bincount(labels, minlength=3) - n * np.array([0.5, 0.3, 0.2])).max() < 1
    np.testing.assert_array_equal(dataset.subset(train=20).train_images[:10], arrays["train_images"][:10])


@pytest.mark.parametrize("seed", range(20))
def test_a_random_order_is_no_run(seed: int) -> None:
    random = np.random.default_rng(seed)
    assert not come_in_runs(random.integers(0, 10, 1000))
    assert not come_in_runs(random.integers(0, 2, 50))
    assert come_in_runs(np.concatenate([random.permutation(np.repeat([k, k + 1], 50)) for k in range(0, 10, 2)]))


def test_without_a_test_part_a_fifth_of_each_class_is_held_out() -> None:
    arrays = example(30)
    dataset = Dataset.from_arrays(arrays["train_images"], arrays["train_labels"])
    assert np.bincount(dataset.test_labels).tolist() == [2, 2, 2]
    assert np.bincount(dataset.train_labels).tolist() == [8, 8, 8]
    together = np.concatenate([dataset.train_images, dataset.test_images])
    assert {image.tobytes() for image in together} == {image.tobytes() for image in arrays["train_images"]}


# Every door


def test_every_door_leads_to_the_same_data_set(tmp_path: Path) -> None:
    """Sorted by class, as a folder is: arrays, npz by its several names, IDX files, image files."""
    arrays = example(30, 9)
    for part in ("train", "test"):
        order = np.argsort(arrays[f"{part}_labels"], kind="stable")
        for what in ("images", "labels"):
            arrays[f"{part}_{what}"] = arrays[f"{part}_{what}"][order]
        for label in range(3):
            chosen = arrays[f"{part}_labels"] == label
            write_images(tmp_path / "png" / part / str(label), arrays[f"{part}_images"][chosen])
    write_idx(tmp_path / "idx", MNIST_STEMS, list(arrays.values()))
    np.savez(tmp_path / "mine.npz", **arrays)
    values = tuple(arrays.values())
    np.savez(tmp_path / "keras.npz", **dict(zip(("x_train", "y_train", "x_test", "y_test"), values, strict=True)))
    train, test = (types.SimpleNamespace(data=values[k], targets=values[k + 1]) for k in (0, 2))
    doors = [
        tmp_path / "png", tmp_path / "idx", tmp_path / "mine.npz", str(tmp_path / "keras.npz"), values,
        (values[:2], values[2:]), (train, test),
    ]  # fmt: skip
    expected = Dataset.from_arrays(**arrays)
    for door in doors:
        dataset = as_dataset(door)
        assert dataset.checksum == expected.checksum, door
        assert dataset.class_names == ("0", "1", "2")
    whole = {name: np.concatenate([arrays[f"train_{name}"], arrays[f"test_{name}"]]) for name in ("images", "labels")}
    np.savez(tmp_path / "whole.npz", **whole)
    pair = as_dataset((whole["images"], whole["labels"]))
    assert as_dataset(tmp_path / "whole.npz").checksum == pair.checksum
    assert as_dataset(types.SimpleNamespace(data=whole["images"], target=whole["labels"])).checksum == pair.checksum
    for wrong in (5, None, {"X": 1}, ("a", "b", "c")):
        assert "is no data set" in refusal(lambda w=wrong: as_dataset(w))


def test_a_data_set_remembers_where_it_came_from(tmp_path: Path) -> None:
    """With the parts that were taken of it, in any order; arrays came from nowhere."""
    np.savez(tmp_path / "mine.npz", **example(30))
    for made in (
        Dataset.load(tmp_path / "mine.npz", white=300),
        Dataset.load(tmp_path / "mine.npz").subset(train=20).validation_split(4).subset(test=3),
        Dataset.load("digits").validation_split(100).subset(train=50),
    ):
        assert load_origin(made.origin or {}).checksum == made.checksum
    assert Dataset.from_arrays(**example()).subset(train=5).origin is None


def with_value(images: np.ndarray, index: int, value: float, dtype: type = float) -> np.ndarray:
    changed = (images / 255 if dtype is float else images).astype(dtype)
    changed[index, 0, 0] = value
    return changed


def constant(images: np.ndarray, *indices: int) -> np.ndarray:
    changed = images.copy()
    changed[list(indices)] = 9
    return changed


@pytest.mark.parametrize(
    ("field", "change", "expected"),
    [
        ("train_images", lambda x: None, ["training images", "missing"]),
        ("train_images", lambda x: x.reshape(len(x), -1), ["35 pixels in a row", "shape=(height, width)"]),
        ("train_images", lambda x: x[:, 0, 0], ["(12,)", "[images, height, width]"]),
        ("train_images", lambda x: np.stack([x, x], axis=-1), ["(12, 5, 7, 2)"]),
        ("train_images", lambda x: np.stack([x, x[::-1], x], axis=-1), ["are coloured", "grey=True"]),
        ("train_images", lambda x: np.stack([x, x, x, x], axis=-1), ["transparent"]),
        ("train_images", lambda x: with_value(x, 0, 70_000, int), ["up to 70000", "white="]),
        ("test_images", lambda x: with_value(x, 0, 256, int), ["up to 256", "255 is white"]),
        ("train_labels", lambda y: np.ones((12, 3)), ["(12, 3)", "single 1"]),
        ("train_labels", lambda y: np.eye(4)[np.append(y[1:], 0)][:, :2], ["(12, 2)", "single 1"]),
        ("train_labels", lambda y: y + 0.5, ["Training label 0", "(0.5)", "no whole number"]),
        ("train_labels", lambda y: np.where(y == 1, np.inf, y), ["Training label 1", "(inf)"]),
        ("test_labels", lambda y: [*y[:-1], None], ["Test label 5", "missing"]),
        ("train_images", lambda x: x[:0], ["empty", "(0, 5, 7)"]),
        ("train_images", lambda x: [x[0], x[1, :2]], ["differ in size"]),
        ("test_images", lambda x: x[:, :4], ["5 x 7", "4 x 7"]),
        ("test_images", lambda x: x.astype(str), ["test images", "<U"]),
        ("train_images", lambda x: x.astype(complex), ["complex128"]),
        ("train_images", lambda x: with_value(x, 3, np.nan), ["Training image 3", "NaN"]),
        ("test_images", lambda x: with_value(x, 5, np.inf), ["Test image 5", "infinity"]),
        ("train_images", lambda x: with_value(x, 0, -0.5), ["-0.5 to"]),
        ("train_images", lambda x: with_value(x, 0, -3, int), ["-3 to"]),
        ("train_images", lambda x: constant(x, 7), ["Training image 7 of 'user data' is constant", "is 9)", "remove"]),
        ("test_images", lambda x: constant(x, 2, 4, 5), ["Test image 2 of 'user data' (and 2 more) is constant"]),
        ("train_labels", lambda y: y[:0], ["training labels", "empty"]),
        ("train_labels", lambda y: y[:-1], ["12 training images but 11 training labels"]),
        ("test_labels", lambda y: np.append(y, 0), ["6 test images but 7 test labels"]),
        ("train_labels", lambda y: [[0], [1, 2]], ["not a plain list"]),
        ("train_labels", lambda y: y.astype(complex), ["complex128"]),
        ("test_labels", lambda y: y.astype(str), ["int64", "<U"]),
        ("train_labels", lambda y: np.array(["a", 1] * 6, dtype=object), ["mix"]),
        ("train_labels", lambda y: ["a", ""] * 6, ["Training label 1", "empty string"]),
    ],
)
def test_unusable_arrays_are_refused(field: str, change: Callable[[Any], Any], expected: list[str]) -> None:
    arrays: dict[str, Any] = example()
    arrays[field] = change(arrays[field])
    message = refusal(lambda: Dataset.from_arrays(**arrays))
    for words in expected:
        assert words in message


def test_the_constructor_converts_nothing() -> None:
    dataset = Dataset.from_arrays(**example())
    assert "from_arrays" in refusal(lambda: replace(dataset, train_images=dataset.train_images.astype(float)))
    assert "from_arrays" in refusal(lambda: replace(dataset, test_labels=dataset.test_labels.astype(np.int32)))
    assert "0 to 2" in refusal(lambda: replace(dataset, class_names=("a", "b")))


def test_checksum_sees_values_shapes_and_nothing_else() -> None:
    dataset = Dataset.from_arrays(**example())
    same = Dataset.from_arrays(**example(), name="other")
    assert dataset.checksum == same.checksum
    assert re.fullmatch("[0-9a-f]{64}", dataset.checksum)
    swapped = example()
    swapped["train_images"][[0, 1]] = swapped["train_images"][[1, 0]]
    turned = {key: x.reshape(-1, WIDTH, HEIGHT) if x.ndim == 3 else x for key, x in example().items()}
    relabelled = example()
    relabelled["test_labels"][0] = 1
    others = [Dataset.from_arrays(**arrays).checksum for arrays in (swapped, turned, relabelled)]
    assert len({dataset.checksum, *others}) == 4


def test_subset_keeps_the_first_images() -> None:
    dataset = Dataset.from_arrays(**example())
    few = dataset.subset(train=4, test=2)
    np.testing.assert_array_equal(few.train_images, dataset.train_images[:4])
    np.testing.assert_array_equal(few.test_labels, dataset.test_labels[:2])
    assert few.class_names == dataset.class_names
    assert dataset.subset(train=4).test_images.shape == dataset.test_images.shape
    assert few.checksum != dataset.checksum


def test_validation_split_holds_out_the_last_training_images_and_drops_the_test_images() -> None:
    dataset = Dataset.from_arrays(**example(), name="mine")
    split = dataset.validation_split(5)
    np.testing.assert_array_equal(split.train_images, dataset.train_images[:7])
    np.testing.assert_array_equal(split.test_images, dataset.train_images[7:])
    np.testing.assert_array_equal(split.train_labels, dataset.train_labels[:7])
    np.testing.assert_array_equal(split.test_labels, dataset.train_labels[7:])
    assert split.name == "mine-validation"


@pytest.mark.parametrize("n", [0, -1, 12, 1.5, True])
def test_validation_split_needs_images_on_both_sides(n: Any) -> None:
    dataset = Dataset.from_arrays(**example())
    assert "1 to 11" in refusal(lambda: dataset.validation_split(n), ParameterError)


@pytest.mark.parametrize("part", [{"train": 0}, {"train": 13}, {"test": -2}, {"test": 7}])
def test_subset_needs_as_many_images_as_asked_for(part: dict[str, int]) -> None:
    dataset = Dataset.from_arrays(**example())
    refusal(lambda: dataset.subset(**part), ParameterError)


# Digits


def test_digits_are_split_by_class_and_fill_the_grey_levels() -> None:
    dataset = Dataset.load("digits")
    assert dataset.train_images.shape == (1437, 28, 28)
    assert dataset.test_images.shape == (360, 28, 28)
    assert (dataset.train_images.min(), dataset.train_images.max()) == (0, 255)
    share = np.bincount(dataset.test_labels) / np.bincount(np.append(dataset.train_labels, dataset.test_labels))
    np.testing.assert_allclose(share, 360 / 1797, atol=0.01)
    assert dataset.checksum == Dataset.load("digits").checksum
    train = {image.tobytes() for image in dataset.train_images}
    assert not train & {image.tobytes() for image in dataset.test_images}


def test_digits_are_those_of_scikit_learn_split_as_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is not imported for that, unless it keeps its file elsewhere."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    numbers = np.arange(len(bunch.target))
    train, test = train_test_split(numbers, test_size=360, stratify=bunch.target, random_state=0)
    expected = Dataset.load("digits")
    np.testing.assert_array_equal(expected.train_labels, bunch.target[train])
    np.testing.assert_array_equal(expected.test_labels, bunch.target[test])
    np.testing.assert_array_equal(expected.train_images, digits.enlarge(bunch.images[train].astype(int)))
    monkeypatch.setattr(digits, "find_spec", lambda name: types.SimpleNamespace(origin="/nowhere/__init__.py"))
    assert Dataset.load("digits").checksum == expected.checksum
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    assert "pip install scikit-learn" in refusal(lambda: Dataset.load("digits"))


def test_enlarging_is_bilinear_and_upright() -> None:
    images = np.random.default_rng(0).integers(0, 17, (4, 8, 8))
    reference = zoom(images * (255 / 16), (1, 3.5, 3.5), order=1, grid_mode=True, mode="nearest")
    assert np.abs(digits.enlarge(images) - reference).max() <= 0.5 + 1e-9


# Named data sets


def test_the_folder_is_the_argument_then_the_environment_then_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_folder() == Path("~/.cache/spikeprune/datasets").expanduser()
    monkeypatch.setenv("SPIKEPRUNE_DATA", "elsewhere")
    assert data_folder() == Path("elsewhere")
    assert data_folder("here") == Path("here")


@pytest.mark.parametrize("packed", [False, True])
def test_emnist_letters_are_turned_upright_and_numbered_from_0(tmp_path: Path, packed: bool) -> None:
    arrays = example()
    stored = [
        arrays["train_images"].transpose(0, 2, 1),
        arrays["train_labels"] + 1,
        arrays["test_images"].transpose(0, 2, 1),
        arrays["test_labels"] + 24,
    ]
    write_idx(tmp_path / "EMNIST" / "raw", LETTERS_STEMS, stored, packed)
    dataset = Dataset.load("emnist-letters", tmp_path)
    assert dataset.name == "emnist-letters"
    np.testing.assert_array_equal(dataset.train_images, arrays["train_images"])
    np.testing.assert_array_equal(dataset.train_labels, arrays["train_labels"])
    assert [dataset.class_names[label] for label in dataset.test_labels[:3]] == ["x", "y", "z"]


def test_emnist_class_names() -> None:
    names = {name: catalogue.SOURCES[name].class_names for name in catalogue.SOURCES}
    assert len(names["emnist-byclass"]) == 62
    assert "".join(names["emnist-balanced"]) == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
    assert names["emnist-bymerge"] == names["emnist-balanced"]
    assert len(names["emnist-letters"]) == 26


def test_unpacked_files_are_read_in_place(tmp_path: Path) -> None:
    arrays = example()
    write_idx(tmp_path / "KMNIST" / "raw", MNIST_STEMS, list(arrays.values()))
    dataset = Dataset.load("kmnist", tmp_path)
    np.testing.assert_array_equal(dataset.test_images, arrays["test_images"])
    assert dataset.class_names[1] == "ki"


def test_packed_files_are_compared_with_their_checksum(tmp_path: Path) -> None:
    write_idx(tmp_path / "MNIST" / "raw", MNIST_STEMS, list(example().values()), packed=True)
    path = tmp_path / "MNIST" / "raw" / f"{MNIST_STEMS[0]}.gz"
    found = hashlib.md5(path.read_bytes()).hexdigest()
    message = refusal(lambda: Dataset.load("mnist", tmp_path))
    for words in (str(path), found, "f68b3c2dcbeaaa9fbdd348bbdeb94873", "delete it", "spikeprune fetch mnist"):
        assert words in message


def test_packed_files_with_the_right_checksum_go_before_unpacked_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays, folder = example(), tmp_path / "MNIST" / "raw"
    write_idx(folder, MNIST_STEMS, list(arrays.values()), packed=True)
    md5 = {file.name: hashlib.md5(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    monkeypatch.setattr(catalogue, "SOURCES", {"mnist": replace(catalogue.SOURCES["mnist"], md5=md5)})
    write_idx(folder, MNIST_STEMS, [array[:1] for array in arrays.values()])
    np.testing.assert_array_equal(Dataset.load("mnist", tmp_path).train_images, arrays["train_images"])
    for file in folder.glob("*.gz"):
        file.unlink()
    assert len(Dataset.load("mnist", tmp_path).train_images) == 1


def truncate(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("stem", "packed", "damage", "expected"),
    [
        (0, True, truncate, "cannot be unpacked"),
        (2, True, lambda content: b"not gzip", "cannot be unpacked"),
        (2, True, lambda content: content[:40] + bytes(9) + content[49:], "cannot be unpacked"),
        (0, False, truncate, "announces 12 x 7 x 5"),
        (1, False, lambda content: content + b"\0", "13 follow"),
        (1, False, lambda content: b"", "no IDX file"),
        (3, False, lambda content: b"<html>not found</html>", "0x3c68746d"),
    ],
)
def test_damaged_idx_files_are_refused(
    tmp_path: Path, stem: int, packed: bool, damage: Callable[[bytes], bytes], expected: str
) -> None:
    arrays = list(example().values())
    arrays[0] = arrays[0].transpose(0, 2, 1)
    write_idx(tmp_path / "EMNIST" / "raw", LETTERS_STEMS, arrays, packed)
    path = tmp_path / "EMNIST" / "raw" / (LETTERS_STEMS[stem] + (".gz" if packed else ""))
    path.write_bytes(damage(path.read_bytes()))
    message = refusal(lambda: Dataset.load("emnist-letters", tmp_path))
    assert str(path) in message
    assert expected in message
    assert "delete it" in message


def test_labels_that_do_not_fit_the_images_are_refused(tmp_path: Path) -> None:
    arrays = list(example().values())
    write_idx(tmp_path / "KMNIST" / "raw", MNIST_STEMS, [arrays[0], arrays[1][:-1], *arrays[2:]])
    assert "12 training images but 11" in refusal(lambda: Dataset.load("kmnist", tmp_path))
    write_idx(tmp_path / "KMNIST" / "raw", MNIST_STEMS, [arrays[0], arrays[1] + 9, *arrays[2:]])
    assert "9 to 11" in refusal(lambda: Dataset.load("kmnist", tmp_path))


def test_missing_data_come_with_folder_and_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEPRUNE_DATA", str(tmp_path))
    assert refusal(lambda: Dataset.load("mnist")) == (
        f"MNIST was not found in {tmp_path / 'MNIST' / 'raw'}: run `spikeprune fetch mnist` (needs the extra: "
        "pip install 'spikeprune[datasets]'), or point SPIKEPRUNE_DATA or --data-dir to a torchvision root that has it."
    )
    assert f"`spikeprune fetch kmnist --data-dir {tmp_path}`" in refusal(lambda: Dataset.load("kmnist", tmp_path))
    write_idx(tmp_path / "KMNIST" / "raw", MNIST_STEMS[:3], list(example().values())[:3])
    assert refusal(lambda: Dataset.load("kmnist")).startswith("t10k-labels-idx1-ubyte of KMNIST was not found")


def test_names_are_forgiving_but_not_guessed(tmp_path: Path) -> None:
    assert Dataset.load("Digits").name == "digits"
    for spelling in ("FashionMNIST", "fashion_mnist", "Fashion-MNIST"):
        assert "Fashion-MNIST was not found" in refusal(lambda s=spelling: Dataset.load(s, tmp_path))
    message = refusal(lambda: Dataset.load("mnst", tmp_path))
    assert "did you mean 'mnist'" in message
    assert all(name in message for name in NAMES)
    assert "did you mean 'fashion-mnist'" in refusal(lambda: Dataset.load("Fashon-MNIST", tmp_path))
    refusal(lambda: Dataset.load("", tmp_path))


def test_available_lists_complete_data_sets(tmp_path: Path) -> None:
    arrays = list(example().values())
    write_idx(tmp_path / "MNIST" / "raw", MNIST_STEMS, arrays, packed=True)
    write_idx(tmp_path / "KMNIST" / "raw", MNIST_STEMS[:3], arrays[:3])
    found = available(tmp_path)
    assert tuple(found) == NAMES
    assert found["mnist"] == tmp_path / "MNIST" / "raw"
    assert found["kmnist"] is None
    assert found["digits"] is not None


@pytest.mark.mnist
def test_mnist_on_disk(data_dir: Path) -> None:
    dataset = Dataset.load("mnist", data_dir)
    assert (len(dataset.train_images), len(dataset.test_images), dataset.n_inputs) == (60_000, 10_000, 784)
    assert dataset.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.train_images.mean() == pytest.approx(33.318421, abs=1e-6)
    assert np.bincount(dataset.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert len(dataset.validation_split().train_images) == 50_000


@pytest.mark.mnist
def test_fashion_mnist_on_disk(data_dir: Path) -> None:
    if available(data_dir)["fashion-mnist"] is None:
        pytest.skip("Fashion-MNIST not found in SPIKEPRUNE_DATA")
    dataset = Dataset.load("fashion-mnist", data_dir)
    assert (len(dataset.train_images), len(dataset.test_images)) == (60_000, 10_000)
    assert dataset.class_names[dataset.train_labels[0]] == "Ankle boot"
    assert np.bincount(dataset.train_labels).tolist() == [6_000] * 10


# Fetching


class FakeTorchvision(types.ModuleType):
    """Stands in for torchvision: writes the files of the class and split that it is asked for."""

    def __init__(self, failure: Exception | None = None, leave_out: int = 0) -> None:
        super().__init__("torchvision")
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failure = failure
        self.datasets = types.SimpleNamespace(
            **{
                kind: lambda kind=kind, **options: self.download(kind, leave_out, **options)
                for kind in ("MNIST", "FashionMNIST", "KMNIST", "EMNIST")
            }
        )

    def download(self, kind: str, leave_out: int, **options: Any) -> None:
        self.calls.append((kind, options))
        print("100%|######| downloading")
        if self.failure is not None:
            raise self.failure
        part = "emnist-letters-{}" if kind == "EMNIST" else "{}"
        train, test = part.format("train"), part.format("test" if kind == "EMNIST" else "t10k")
        stems = tuple(f"{p}-{what}-ubyte" for p in (train, test) for what in ("images-idx3", "labels-idx1"))
        arrays = list(example().values())
        if kind == "EMNIST":
            arrays = [arrays[0], arrays[1] + 1, arrays[2], arrays[3] + 1]
        kept = len(stems) - leave_out
        write_idx(Path(options["root"]) / kind / "raw", stems[:kept], arrays[:kept])


def pretend(monkeypatch: pytest.MonkeyPatch, module: types.ModuleType | None) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", module)


def test_load_fetches_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    torchvision = FakeTorchvision()
    pretend(monkeypatch, torchvision)
    dataset = Dataset.load("kmnist", tmp_path, download=True)
    np.testing.assert_array_equal(dataset.train_images, example()["train_images"])
    assert torchvision.calls[0] == ("KMNIST", {"root": str(tmp_path), "train": True, "download": True})
    n_calls = len(torchvision.calls)
    Dataset.load("kmnist", tmp_path, download=True)
    assert len(torchvision.calls) == n_calls
    assert capsys.readouterr().out == ""


def test_fetch_asks_for_the_split_of_emnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torchvision = FakeTorchvision()
    pretend(monkeypatch, torchvision)
    assert fetch("emnist-letters", tmp_path) == tmp_path / "EMNIST" / "raw"
    assert {options["split"] for _, options in torchvision.calls} == {"letters"}
    assert {options["train"] for _, options in torchvision.calls} == {True, False}
    assert Dataset.load("emnist-letters", tmp_path).n_classes == 26


def test_fetch_without_torchvision_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, None)
    assert "pip install 'spikeprune[datasets]'" in refusal(lambda: fetch("mnist", tmp_path))
    assert fetch("digits", tmp_path) is not None


def test_fetch_says_when_torch_and_torchvision_do_not_match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torchvision.py").write_text('raise RuntimeError("operator torchvision::nms does not exist")\n')
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    message = refusal(lambda: fetch("mnist", tmp_path))
    assert "torchvision::nms does not exist" in message
    assert "together" in message


@pytest.mark.parametrize(
    "failure",
    [URLError("no route to host"), RuntimeError("Error\ndownloading x. Try later."), PermissionError(13, "denied")],
)
def test_failing_downloads_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    pretend(monkeypatch, FakeTorchvision(failure))
    message = refusal(lambda: fetch("mnist", tmp_path))
    assert "Fetching MNIST" in message
    assert type(failure).__name__ in message


def test_incomplete_downloads_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, FakeTorchvision(leave_out=1))
    assert "no complete MNIST" in refusal(lambda: fetch("mnist", tmp_path))


# The user's own data


@pytest.mark.parametrize("names", [None, ("x_train", "y_train", "x_test", "y_test")])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path: Path, names: tuple[str, ...] | None, save: Callable[..., None]) -> None:
    arrays = example()
    path = tmp_path / "mine.npz"
    save(path, **dict(zip(names or arrays, arrays.values(), strict=True)))
    dataset = Dataset.load(path)
    np.testing.assert_array_equal(dataset.train_images, arrays["train_images"])
    np.testing.assert_array_equal(dataset.test_labels, arrays["test_labels"])
    assert dataset.name == "mine.npz"
    assert Dataset.load(str(path)).checksum == dataset.checksum


def test_npz_with_class_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **example(), class_names=["ant", "bee", "cat"])
    assert Dataset.load(tmp_path / "mine.npz").class_names == ("ant", "bee", "cat")


def test_npz_problems_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, **example())
    whole = path.read_bytes()
    single = io.BytesIO()
    np.save(single, np.zeros(3))
    for content in (whole[:-30], b"", b"not a zip", whole.replace(b"\x93NUMPY", b"\x93NUMPX"), single.getvalue()):
        path.write_bytes(content)
        assert str(path) in refusal(lambda: Dataset.load(path))
    np.savez(path, **{**example(), "train_labels": np.array([{}], dtype=object)})
    assert "plain arrays" in refusal(lambda: Dataset.load(path))
    np.savez(path, train_images=example()["train_images"])
    assert "lacks train_labels, test_images, test_labels (it has train_images)" in refusal(lambda: Dataset.load(path))
    np.savez(path, **{**example(), "test_labels": [0]})
    assert "'mine.npz' has 6 test images but 1 test labels" in refusal(lambda: Dataset.load(path))


def test_a_flipped_byte_never_passes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez_compressed(path, **example())
    whole, checksum = path.read_bytes(), Dataset.load(path).checksum
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        with contextlib.suppress(DataError):
            assert Dataset.load(path).checksum == checksum


def test_paths_that_hold_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for missing in ("no/such/folder", "missing.npz", tmp_path / "missing"):
        assert f"no data set at {missing}" in refusal(lambda m=missing: Dataset.load(m))
    (tmp_path / "notes.txt").write_text("hello")
    assert ".npz" in refusal(lambda: Dataset.load("notes.txt"))
    (tmp_path / "folder").mkdir()
    assert "no class folders" in refusal(lambda: Dataset.load("folder"))


def test_a_name_goes_before_a_file_and_a_path_before_a_misspelt_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_idx(tmp_path / "digits", MNIST_STEMS, list(example().values()))
    (tmp_path / "Digits").symlink_to(tmp_path / "digits")
    assert Dataset.load("digits").n_inputs == 784
    assert Dataset.load("./digits").n_inputs == HEIGHT * WIDTH
    assert Dataset.load("Digits").n_inputs == HEIGHT * WIDTH


@pytest.mark.parametrize("packed", [False, True])
def test_folder_of_idx_files(tmp_path: Path, packed: bool) -> None:
    arrays = example()
    write_idx(tmp_path / "mine", MNIST_STEMS, list(arrays.values()), packed)
    dataset = Dataset.load(tmp_path / "mine")
    np.testing.assert_array_equal(dataset.train_images, arrays["train_images"])
    np.testing.assert_array_equal(dataset.test_labels, arrays["test_labels"])
    for file in (tmp_path / "mine").glob("t10k-labels*"):
        file.unlink()
    assert "t10k-labels-idx1-ubyte" in refusal(lambda: Dataset.load(tmp_path / "mine"))


def labelled(images: np.ndarray, labels: np.ndarray, names: tuple[str, ...]) -> set[tuple[bytes, str]]:
    return {(image.tobytes(), names[label]) for image, label in zip(images, labels, strict=True)}


def test_folder_of_images_with_a_split(tmp_path: Path) -> None:
    arrays = example()
    names = ("ant", "bee", "cat")
    for part in ("train", "test"):
        for label, name in enumerate(names):
            write_images(tmp_path / part / name, arrays[f"{part}_images"][arrays[f"{part}_labels"] == label])
    (tmp_path / "train" / ".hidden").mkdir()
    (tmp_path / "train" / "ant" / "README.txt").write_text("not an image")
    dataset = Dataset.load(tmp_path)
    assert dataset.class_names == names
    for part in ("train", "test"):
        read = labelled(getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels"), names)
        assert read == labelled(arrays[f"{part}_images"], arrays[f"{part}_labels"], names)
    assert (np.diff(dataset.train_labels) < 0).any(), "the classes must come mixed"
    assert Dataset.load(tmp_path).checksum == dataset.checksum
    write_images(tmp_path / "test" / "dog", arrays["test_images"][:1])
    assert str(tmp_path / "test" / "dog") in refusal(lambda: Dataset.load(tmp_path))


def test_folder_of_images_without_a_split(tmp_path: Path) -> None:
    images = example(30)["train_images"]
    for name, part in (("ant", images[:10]), ("bee", images[10:25]), ("cat", images[25:])):
        write_images(tmp_path / name, part)
    dataset = Dataset.load(tmp_path)
    assert np.bincount(dataset.test_labels).tolist() == [2, 3, 1]
    assert np.bincount(dataset.train_labels).tolist() == [8, 12, 4]
    read = labelled(dataset.train_images, dataset.train_labels, dataset.class_names)
    read |= labelled(dataset.test_images, dataset.test_labels, dataset.class_names)
    assert read == labelled(images, np.repeat([0, 1, 2], [10, 15, 5]), dataset.class_names)
    assert Dataset.load(tmp_path).checksum == dataset.checksum


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_grey_images_are_read_in_every_mode(tmp_path: Path, mode: str) -> None:
    pixels = np.where(example()["train_images"] > 99, 255, 0).astype(np.uint8)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for k in range(2):
            Image.fromarray(pixels[k]).convert(mode).save(tmp_path / name / f"{k}.png")
    dataset = Dataset.load(tmp_path)
    assert {image.tobytes() for image in dataset.train_images} <= {pixels[k].tobytes() for k in range(2)}


RAMP = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (RAMP.T, "is 7 x 5 pixels, expected 5 x 7"),
        (np.zeros((HEIGHT, WIDTH), dtype=np.uint8), "is constant (every pixel is 0)"),
        (np.stack([RAMP, RAMP, RAMP[::-1]], axis=-1), "colour image"),
        (np.stack([RAMP, RAMP, RAMP, RAMP], axis=-1), "transparent"),
        (RAMP.astype(np.uint16) * 1000, "16 bits a pixel, expected 8"),
        (b"not a picture", "cannot be read as an image"),
        (b"", "cannot be read as an image"),
    ],
)
def test_unusable_image_files_are_named(tmp_path: Path, content: Any, expected: str) -> None:
    for name in ("a", "b"):
        write_images(tmp_path / name, example()["train_images"][:4])
    path = tmp_path / "b" / "002.png"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        Image.fromarray(content).save(path)
    message = refusal(lambda: Dataset.load(tmp_path))
    assert message.startswith(str(path))
    assert expected in message


def test_truncated_image_files_are_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_images(tmp_path / name, example()["train_images"][:4])
    path = tmp_path / "a" / "001.png"
    path.write_bytes(truncate(path.read_bytes()))
    assert str(path) in refusal(lambda: Dataset.load(tmp_path))


def test_image_folders_with_holes(tmp_path: Path) -> None:
    images = example()["train_images"]
    write_images(tmp_path / "a", images[:4])
    write_images(tmp_path / "b", images[4:5])
    assert str(tmp_path / "b") in refusal(lambda: Dataset.load(tmp_path))
    (tmp_path / "b" / "000.png").unlink()
    assert f"{tmp_path / 'b'} has no images" in refusal(lambda: Dataset.load(tmp_path))
    write_images(tmp_path / "train" / "a", images[:4])
    assert "no folder 'test'" in refusal(lambda: Dataset.load(tmp_path))
