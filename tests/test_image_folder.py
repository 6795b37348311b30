"""Folders of images: real files of each kind, and what is said of those that are none.

Files are written by Pillow to a temporary folder. Images that are compared pixel by
pixel have the size asked for, or are of one color, so that resizing changes nothing.
"""

import io
import os
import pathlib
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import GridSearchCV

from skcnn import ConvPoolClassifier
from skcnn.datasets import _image_cache, load_image_files, load_image_folder

RNG = np.random.RandomState(0)
PIXELS = RNG.randint(0, 256, (8, 8, 3)).astype(np.uint8)
GRAY = PIXELS[..., 0]
COLORS = {"cats": (250, 20, 20), "dogs": (20, 20, 250)}


def save(path, image=PIXELS, **options):
    """Write an image; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(path, **options)
    return path


def fill(folder, classes=tuple(COLORS), n=3, size=(8, 8)):
    """Write a few PNG files of one color for each class."""
    for number, name in enumerate(classes):
        for i in range(n):
            color = (250 - number, 20 + i, 20)
            save(folder / name / f"{i}.png", Image.new("RGB", size, color))
    return folder


def one(path, size=8, **options):
    """Load one image file, from a folder of it alone and of another class."""
    return load_image_folder(path.parents[1], size, **options).images[0]


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path / "photos")


pytestmark = pytest.mark.filterwarnings("error::UserWarning")

# --------------------------------------------------------------------------------------
# What is returned


def test_a_folder_is_loaded_like_the_other_data_sets(folder):
    data = load_image_folder(folder, 8)
    assert data.images.shape == (6, 8, 8, 3) and data.images.dtype == np.uint8
    assert data.target.dtype == np.int64 and data.target.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.target_names.tolist() == ["cats", "dogs"]
    assert data.split.tolist() == ["train"] * 6
    assert data.filenames[4] == str(folder / "dogs" / "1.png")
    assert data.images[4, 0, 0].tolist() == [249, 21, 20]
    assert "cats: 3" in data.DESCR and "8x8" in data.DESCR
    assert data.unreadable.shape == (0,)
    X, y = load_image_folder(str(folder), 8, return_X_y=True)
    np.testing.assert_array_equal(X, data.images)
    np.testing.assert_array_equal(y, data.target)


def test_the_order_is_that_of_names(tmp_path):
    """Folders are listed in the order in which files were made."""
    for name in ("b/2.png", "a/z/1.png", "b/10.png", "a/y.png", "a/B.png"):
        save(tmp_path / name)
    names = [
        Path(name).relative_to(tmp_path).as_posix()
        for name in load_image_folder(tmp_path, 8).filenames
    ]
    assert names == ["a/B.png", "a/y.png", "a/z/1.png", "b/10.png", "b/2.png"]


def test_a_sample_reads_only_its_own_files(folder):
    save(folder / "cats" / "broken.png").write_bytes(b"broken")
    every = load_image_folder(folder, 8, n_samples=4, random_state=1)
    assert every.images.shape[0] == 4 and "broken" not in str(every.filenames)
    assert every.target.tolist() == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="n_samples must be from 1 to 7"):
        load_image_folder(folder, 8, n_samples=8)


# --------------------------------------------------------------------------------------
# Kinds of files


@pytest.mark.parametrize(
    "suffix", ["png", "bmp", "tif", "ppm", "tga", "webp", "PNG", "Tiff"]
)
def test_formats_without_loss_give_their_pixels(tmp_path, suffix):
    options = {"lossless": True} if suffix == "webp" else {}
    path = save(fill(tmp_path) / "a" / f"0.{suffix}", **options)
    np.testing.assert_array_equal(one(path), PIXELS)


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "JPG", "jfif"])
def test_jpeg_gives_the_pixels_that_pillow_decodes(tmp_path, suffix):
    path = save(fill(tmp_path) / "a" / f"0.{suffix}")
    with Image.open(path) as image:
        np.testing.assert_array_equal(one(path), np.asarray(image))


def palette_image():
    return Image.fromarray(PIXELS).quantize(16)


def transparent(alpha):
    return Image.fromarray(np.dstack([PIXELS, alpha]))


HALF = np.where(np.arange(64).reshape(8, 8) % 2, 255, 0).astype(np.uint8)
WHITE_WHERE_CLEAR = np.where(HALF[..., np.newaxis] == 255, PIXELS, 255)
KINDS = {
    "gray": (Image.fromarray(GRAY), np.dstack([GRAY] * 3)),
    "palette": (palette_image(), np.asarray(palette_image().convert("RGB"))),
    "RGBA": (transparent(HALF), WHITE_WHERE_CLEAR),
    "gray with alpha": (
        Image.fromarray(np.dstack([GRAY, HALF]), "LA"),
        np.dstack([np.where(HALF == 255, GRAY, 255)] * 3),
    ),
    "16 bits": (
        Image.fromarray(GRAY.astype(np.uint16) * 257),
        np.dstack([GRAY] * 3),
    ),
    "1 bit": (Image.fromarray(GRAY > 127), np.dstack([(GRAY > 127) * 255] * 3)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_image_becomes_rgb_beside_color(tmp_path, kind):
    image, expected = KINDS[kind]
    path = save(fill(tmp_path) / "a" / "0.png", image)
    np.testing.assert_array_equal(one(path), expected)


def test_a_palette_may_have_a_transparent_color(tmp_path):
    image = palette_image()
    path = save(fill(tmp_path) / "a" / "0.png", image, transparency=3)
    expected = np.asarray(image.convert("RGB")).copy()
    expected[np.asarray(image) == 3] = 255
    np.testing.assert_array_equal(one(path), expected)


def test_cmyk_becomes_rgb(tmp_path):
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    path = save(fill(tmp_path) / "a" / "0.jpg", red)
    assert np.abs(one(path).astype(int) - [255, 0, 0]).max() < 6


def test_an_animation_gives_its_first_image(tmp_path):
    red, blue = (Image.new("RGB", (8, 8), color) for color in ("red", "blue"))
    path = fill(tmp_path) / "a" / "0.gif"
    save(path, red, save_all=True, append_images=[blue])
    assert (one(path) == [255, 0, 0]).all()


def test_pixels_of_unknown_range_are_not_guessed(tmp_path):
    fill(tmp_path)
    save(tmp_path / "cats" / "f.tif", Image.fromarray(np.zeros((8, 8), np.float32)))
    save(tmp_path / "cats" / "i.tif", Image.fromarray(np.full((8, 8), 70_000, "i4")))
    with pytest.raises(OSError, match="2 of 8") as caught:
        load_image_folder(tmp_path, 8, on_error="raise")
    assert "floats, whose range is unknown" in str(caught.value)
    assert "more than 16 bits" in str(caught.value)


# --------------------------------------------------------------------------------------
# Channels


@pytest.mark.parametrize("kind", ["gray", "gray with alpha", "16 bits", "1 bit"])
def test_gray_files_only_give_one_channel(tmp_path, kind):
    image, expected = KINDS[kind]
    for name in ("a", "b"):
        save(tmp_path / name / "0.png", image)
    data = load_image_folder(tmp_path, 8)
    assert data.images.shape == (2, 8, 8, 1)
    np.testing.assert_array_equal(data.images[0], expected[..., :1])


def test_all_subsets_have_the_same_channels(tmp_path):
    """One file in color is in the test images only."""
    for name in ("train/a", "train/b", "test/a", "test/b"):
        save(tmp_path / name / "0.png", GRAY)
    assert load_image_folder(tmp_path, 8).images.shape[-1] == 1
    save(tmp_path / "test" / "a" / "1.png")
    for subset in ("train", "test"):
        assert load_image_folder(tmp_path, 8, subset=subset).images.shape[-1] == 3


def test_channels_may_be_given(folder):
    path = save(folder / "cats" / "0.png", transparent(HALF))
    expected = np.asarray(Image.fromarray(WHITE_WHERE_CLEAR).convert("L"))
    np.testing.assert_array_equal(one(path, (8, 8, 1))[..., 0], expected)
    np.testing.assert_array_equal(one(path, (8, 8, 4)), transparent(HALF))
    np.testing.assert_array_equal(one(path, (8, 8, 3)), WHITE_WHERE_CLEAR)


# --------------------------------------------------------------------------------------
# Sizes and orientation

# What a camera notes about an upright image that it stored turned or mirrored.
STORED_AS = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image),
    7: lambda image: image[::-1, ::-1].transpose(1, 0, 2),
    8: lambda image: np.rot90(image, -1),
}


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("orientation", STORED_AS)
def test_photographs_are_turned_upright(tmp_path, suffix, orientation):
    upright = RNG.randint(0, 256, (6, 10, 3)).astype(np.uint8)
    stored = np.ascontiguousarray(STORED_AS[orientation](upright))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if suffix == "webp" else {}
    path = save(fill(tmp_path) / "a" / f"0.{suffix}", stored, exif=exif, **options)
    if suffix == "jpg":
        with Image.open(path) as image:
            decoded = np.asarray(image)
        undo = {6: STORED_AS[8], 8: STORED_AS[6]}.get(
            orientation, STORED_AS[orientation]
        )
        upright = undo(decoded)
    np.testing.assert_array_equal(one(path, (6, 10)), upright)


def stripes(*colors, height=12):
    """Stripes side by side, each 12 pixels wide."""
    return np.repeat(np.array([colors], np.uint8), height, axis=0).repeat(12, axis=1)


RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def columns(image):
    """Colors of the middle row, of one column in each third."""
    third = image.shape[1] // 3
    return [
        image[image.shape[0] // 2, third // 2 + i * third].tolist() for i in (0, 1, 2)
    ]


def test_crop_keeps_the_middle_and_the_proportions(tmp_path):
    path = save(fill(tmp_path) / "a" / "0.png", stripes(RED, GREEN, BLUE))
    assert (one(path, 12) == GREEN).all()
    assert (one(path, 12, resize="crop") == GREEN).all()


def test_pad_keeps_all_and_the_proportions(tmp_path):
    path = save(fill(tmp_path) / "a" / "0.png", stripes(RED, GREEN, BLUE))
    image = one(path, 36, resize="pad")
    np.testing.assert_array_equal(image[12:24], stripes(RED, GREEN, BLUE))
    assert not image[:12].any() and not image[24:].any()


def test_stretch_keeps_all_but_not_the_proportions(tmp_path):
    path = save(fill(tmp_path) / "a" / "0.png", stripes(RED, GREEN, BLUE))
    image = one(path, 36, resize="stretch")
    np.testing.assert_array_equal(image, stripes(RED, GREEN, BLUE, height=36))


def test_sizes_are_height_and_width(folder):
    assert load_image_folder(folder, (4, 6)).images.shape == (6, 4, 6, 3)
    assert load_image_folder(folder, np.array([4, 6])).images.shape == (6, 4, 6, 3)


def test_a_large_jpeg_looks_as_if_decoded_in_full(tmp_path):
    """It is decoded at an eighth, which is faster, and must not be seen."""
    smooth = Image.fromarray(PIXELS).resize((1600, 1200), Image.Resampling.BICUBIC)
    path = save(fill(tmp_path) / "a" / "0.jpg", smooth, quality=95)
    with Image.open(path) as image:
        in_full = np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC))
    found = one(path, 32, resize="stretch")
    assert np.abs(found.astype(int) - in_full).mean() < 2


# --------------------------------------------------------------------------------------
# Divisions


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("training", "validation", "testing"),
        ("Train", "valid", "TEST"),
    ],
)
def test_a_division_of_folders_is_one_of_images(tmp_path, train, validation, test):
    for number, split in enumerate((train, validation, test)):
        fill(tmp_path / split, n=number + 1)
    for number, subset in enumerate(("train", "validation", "test")):
        data = load_image_folder(tmp_path, 8, subset=subset)
        assert len(data.images) == 2 * (number + 1) and set(data.split) == {subset}
    assert len(load_image_folder(tmp_path, 8).images) == 2, "those to train on"
    every = load_image_folder(tmp_path, 8, subset="all")
    assert every.split.tolist() == (["train"] * 2 + ["validation"] * 4 + ["test"] * 6)


def test_class_codes_are_the_same_in_each_subset(tmp_path):
    fill(tmp_path / "train", ("a", "b", "c"))
    fill(tmp_path / "test", ("a", "c"))
    with pytest.warns(UserWarning, match=r"train, test .* Only some of them have: b\."):
        data = load_image_folder(tmp_path, 8, subset="test")
    assert data.target_names.tolist() == ["a", "b", "c"]
    assert data.target.tolist() == [0, 0, 0, 2, 2, 2]


def test_a_subset_that_is_not_there(tmp_path, folder):
    with pytest.raises(
        ValueError, match=r"subset must be 'train' or 'all' here.*split"
    ):
        load_image_folder(folder, 8, subset="test")
    fill(tmp_path / "train"), fill(tmp_path / "val")
    with pytest.raises(
        ValueError, match=r"no folder for subset='test'. It has train, val"
    ):
        load_image_folder(tmp_path, 8, subset="test")
    fill(tmp_path / "validation")
    with pytest.raises(ValueError, match="several folders for subset='validation'"):
        load_image_folder(tmp_path, 8, subset="train")


def test_test_images_without_labels_do_not_disturb(tmp_path):
    """Competitions give them so."""
    fill(tmp_path / "train")
    path = save(tmp_path / "test" / "0.png")
    assert len(load_image_folder(tmp_path, 8).images) == 6
    with pytest.raises(ValueError, match="to predict, use load_image_files"):
        load_image_folder(tmp_path, 8, subset="test")
    assert load_image_files([path], (8, 8, 3)).shape == (1, 8, 8, 3)


def test_train_may_be_a_class(tmp_path):
    fill(tmp_path, ("train", "bus"))
    save(tmp_path / "train" / "steam" / "0.png")
    data = load_image_folder(tmp_path, 8)
    assert data.target_names.tolist() == ["bus", "train"] and len(data.images) == 7


def test_folders_beside_a_division_are_told(tmp_path):
    fill(tmp_path / "train"), fill(tmp_path / "annotations")
    (tmp_path / "labels.csv").touch()
    with pytest.warns(UserWarning) as told:
        load_image_folder(tmp_path, 8)
    assert len(told) == 2
    assert "divided into train. So other" in str(told[0].message)
    assert "ignored: annotations." in str(told[0].message)
    assert "labels.csv" in str(told[1].message)


def test_parts_without_labels_are_left_out_of_all(tmp_path):
    fill(tmp_path / "train"), save(tmp_path / "test" / "0.png")
    with pytest.warns(UserWarning, match=r"test has images without labels.*left out"):
        data = load_image_folder(tmp_path, 8, subset="all")
    assert set(data.split) == {"train"} and len(data.images) == 6


def paths_in(message):
    """The folders that a message names as `path`."""
    return [eval(path) for path in re.findall(r"path=('[^']*')", message)]


LAYOUTS = {  # parts with classes in them -> the folders to give instead
    "kaggle": ("seg_train/seg_train", "seg_test/seg_test"),
    "sets": ("training_set", "test_set"),
    "one word": ("Trainset", "valset"),
    "camel": ("TrainImages", "TestImages", "valImages2"),
    "nested": ("train/train", "test/test"),
    "nested twice": ("train/images/inner", "val/images"),
    "nested once": ("train", "validation/validation"),
}


@pytest.mark.parametrize("subset", ["train", "test", "all"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_parts_of_a_division_are_no_classes(tmp_path, layout, subset):
    """The remedy names folders that can be loaded."""
    for part in LAYOUTS[layout]:
        fill(tmp_path / part)
    with pytest.raises(ValueError, match="Load one at a time: pass path=") as caught:
        load_image_folder(tmp_path, 8, subset=subset)
    paths = paths_in(str(caught.value))
    nested = [part for part in LAYOUTS[layout] if "/" in part]
    wanted = LAYOUTS[layout] if layout in ("kaggle", "sets") else nested
    assert {str(tmp_path / part) for part in wanted} <= set(paths)
    for path in paths:
        assert load_image_folder(path, 8).target_names.tolist() == ["cats", "dogs"]


@pytest.mark.parametrize("names", [("train", "test"), ("train_images", "test_images")])
def test_parts_without_any_classes_are_refused(tmp_path, names):
    fill(tmp_path, names)
    message = rf"parts of a division.*Arrange images as .*{names[0]}/CLASS/IMAGE"
    with pytest.raises(ValueError, match=message):
        load_image_folder(tmp_path, 8)
    fill(tmp_path, ("labels",))
    with pytest.warns(UserWarning, match=r"named like parts of a division, but taken"):
        assert len(load_image_folder(tmp_path, 8).target_names) == 3


@pytest.mark.parametrize(
    "names",
    [
        ("trains", "latest", "Testudo"),
        ("train", "car", "bus"),
        ("train_station", "bus_station"),
        ("covid_test", "no_test"),
        ("valid", "invalid"),
    ],
)
def test_ordinary_names_with_such_a_word_are_classes(tmp_path, names):
    fill(tmp_path, names)
    assert load_image_folder(tmp_path, 8).target_names.tolist() == sorted(names)


@pytest.mark.parametrize(
    ("inner", "remedy"),
    [
        (("train", "test"), r"arrange images as .*test/CLASS/IMAGE and .*train/CLASS"),
        (("indoor", "outdoor"), "indoor, outdoor are the classes, pass path="),
    ],
)
def test_folders_that_all_classes_have_are_told(tmp_path, inner, remedy):
    """Which may be parts, or the classes themselves."""
    for name in COLORS:
        fill(tmp_path / name, inner, n=1)
    with pytest.warns(
        UserWarning, match=rf"All classes of .*put together\. .*{remedy}"
    ):
        assert len(load_image_folder(tmp_path, 8).images) == 4
    fill(tmp_path / "cats", ("val",), n=1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert len(load_image_folder(tmp_path, 8).images) == 5
    assert len(told) == ("train" in inner), "parts are told if classes have others too"
    for name in COLORS:
        save(tmp_path / name / "0.png")
    assert len(load_image_folder(tmp_path, 8).images) == 7, "nothing to tell"


def test_one_folder_in_each_class_is_passed_over(tmp_path):
    for name in COLORS:
        fill(tmp_path / name, ("images",))
    assert len(load_image_folder(tmp_path, 8).images) == 6


def test_a_part_may_have_one_class_with_folders_in_it(tmp_path):
    fill(tmp_path / "train"), fill(tmp_path / "test" / "cats", ("indoor", "outdoor"))
    with pytest.warns(UserWarning, match="Only some of them have: dogs"):
        data = load_image_folder(tmp_path, 8, subset="test")
    assert data.target_names[data.target].tolist() == ["cats"] * 6


def test_a_folder_that_leads_to_itself_is_no_class(tmp_path):
    (tmp_path / "a").mkdir()
    os.symlink(tmp_path / "a", tmp_path / "a" / "b")
    with pytest.raises(ValueError, match="one class only, 'a'"):
        load_image_folder(tmp_path, 8)


def test_a_folder_in_a_part_that_is_called_alike_is_no_class(tmp_path):
    """As test/test/IMAGE, which competitions give."""
    fill(tmp_path / "test", ("test",))
    fill(tmp_path / "train")
    assert load_image_folder(tmp_path, 8).target_names.tolist() == ["cats", "dogs"]
    with pytest.warns(UserWarning, match="test has images without labels"):
        assert len(load_image_folder(tmp_path, 8, subset="all").images) == 6
    (tmp_path / "train").rename(tmp_path / "elsewhere")
    fill(tmp_path / "train", ("train",))
    for subset in ("train", "test"):
        with pytest.raises(ValueError, match="has images, but no folder for each"):
            load_image_folder(tmp_path, 8, subset=subset)


def test_parts_of_one_class_each_are_refused(tmp_path):
    save(tmp_path / "train" / "cats" / "0.png"), save(tmp_path / "val" / "b" / "0.png")
    with pytest.raises(ValueError, match="train has one class only, 'cats'"):
        load_image_folder(tmp_path, 8)


# --------------------------------------------------------------------------------------
# What lies in folders


def test_hidden_files_are_passed_over_and_others_told_once(folder):
    for name in ("Thumbs.db", ".DS_Store", "._0.png", "desktop.ini"):
        (folder / "cats" / name).write_bytes(b"x")
    for name in (".ipynb_checkpoints", "__MACOSX"):
        (folder / name).mkdir()
        (folder / name / "0.png").write_bytes(b"x")
    assert len(load_image_folder(folder, 8).images) == 6
    (folder / "dogs" / "notes.txt").touch()
    save(folder / "loose.png")
    with pytest.warns(UserWarning) as told:
        assert len(load_image_folder(folder, 8).images) == 6
    [message] = [str(each.message) for each in told]
    assert "2 in all" in message and "loose.png, " in message
    assert os.path.join("dogs", "notes.txt") in message and "Thumbs" not in message
    assert told[0].filename == __file__, "the line of the user"


def test_photos_of_phones_that_need_a_plugin_are_told_with_it(folder):
    (folder / "dogs" / "IMG_1.HEIC").touch()
    with pytest.warns(UserWarning, match="pip install pillow-heif"):
        load_image_folder(folder, 8)


def test_links_are_followed_but_not_in_circles(folder, tmp_path):
    elsewhere = fill(tmp_path / "elsewhere", ("owls",))
    os.symlink(elsewhere / "owls", folder / "owls")
    os.symlink(elsewhere / "owls" / "0.png", folder / "cats" / "owl.png")
    os.symlink(folder, folder / "dogs" / "circle")
    os.symlink(tmp_path / "nowhere.png", folder / "dogs" / "broken.png")
    with pytest.warns(UserWarning, match=r"1 of \d+ .*broken.png \(does not exist\)"):
        data = load_image_folder(folder, 8)
    assert data.target_names.tolist() == ["cats", "dogs", "owls"]
    assert np.count_nonzero(data.target == 0) == 4
    assert np.count_nonzero(data.target == 2) == 3


SCRIPTS = ["Ähre", "ねこ", "кошка", "قطة", "🐈", "a b", "naïve'\"%s{}"]


def test_names_may_be_in_any_script(tmp_path):
    for name in SCRIPTS:
        save(tmp_path / "ф" / name / f"{name}.png")
    data = load_image_folder(tmp_path / "ф", 8, cache=tmp_path / "日本")
    assert set(data.target_names) == set(SCRIPTS)
    assert all(Path(name).exists() for name in data.filenames)
    assert len(load_image_files(data.filenames, (8, 8, 3))) == len(SCRIPTS)


def test_one_class_has_one_name_however_it_is_written(tmp_path):
    """macOS writes an accent apart from its letter."""
    (
        fill(tmp_path / "train", ("\u00c4hre", "b")),
        fill(tmp_path / "test", ("A\u0308hre", "b")),
    )
    data = load_image_folder(tmp_path, 8, subset="all")
    assert data.target_names.tolist() == ["b", "\u00c4hre"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_do_no_harm(folder, tmp_path):
    raw = os.fsencode(folder / "cats") + b"/\xff.png"
    with open(raw, "wb") as stream:
        Image.fromarray(PIXELS).save(stream, "PNG")
    assert len(load_image_folder(folder, 8, cache=tmp_path / "c").images) == 7


# --------------------------------------------------------------------------------------
# Damage


@pytest.fixture
def damaged(folder):
    """A folder with four files that cannot be read."""
    whole = save(
        folder / "cats" / "big.jpg", RNG.randint(0, 256, (90, 90, 3), np.uint8)
    )
    (folder / "cats" / "a_truncated.jpg").write_bytes(whole.read_bytes()[:1000])
    (folder / "cats" / "b_empty.png").touch()
    (folder / "dogs" / "a_text.jpg").write_text("<html>not found</html>")
    png = (folder / "dogs" / "0.png").read_bytes()
    (folder / "dogs" / "b_truncated.png").write_bytes(png[:-30])
    return folder


BROKEN = ["a_truncated.jpg", "b_empty.png", "a_text.jpg", "b_truncated.png"]


def test_unreadable_files_are_left_out_with_one_warning(damaged):
    with pytest.warns(UserWarning) as told:
        data = load_image_folder(damaged, 8)
    [message] = [str(each.message) for each in told]
    assert "4 of 11 image files cannot be read" in message
    for name in BROKEN:
        assert f"{name} (" in message
    assert "b_empty.png (is empty)" in message
    assert "a_text.jpg (is no image that Pillow knows)" in message
    assert [Path(name).name for name in data.unreadable] == BROKEN
    assert data.images.shape[0] == len(data.target) == len(data.filenames) == 7
    np.testing.assert_array_equal(
        data.images, load_image_files(data.filenames, (8, 8, 3))
    )


def test_unreadable_files_may_be_an_error(damaged):
    with pytest.raises(OSError, match=r"4 of 11 image files .* on_error='warn'"):
        load_image_folder(damaged, 8, on_error="raise")


def test_many_unreadable_files_are_counted(folder):
    for i in range(30):
        (folder / "cats" / f"x{i:02}.png").touch()
    with pytest.warns(UserWarning, match="x09.png .* and 20 more") as told:
        load_image_folder(folder, 8)
    assert "x10.png" not in str(told[0].message)


def test_a_class_of_which_nothing_can_be_read_is_an_error(folder):
    for path in (folder / "dogs").iterdir():
        path.write_bytes(b"")
    with pytest.raises(OSError, match="nothing is left of the classes dogs"):
        load_image_folder(folder, 8)


# --------------------------------------------------------------------------------------
# Folders that are arranged otherwise


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"does not exist. Its absolute path"):
        load_image_folder(tmp_path / "nowhere", 8)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "photos.zip").touch()
    with pytest.raises(NotADirectoryError, match="extract it first"):
        load_image_folder(tmp_path / "photos.zip", 8)


def test_images_without_folders_of_classes(tmp_path):
    save(tmp_path / "0.png")
    with pytest.raises(
        ValueError, match="has images, but no folder for each class"
    ) as e:
        load_image_folder(tmp_path, 8)
    assert f"Arrange images as {tmp_path}/CLASS/IMAGE" in str(e.value)


def test_an_empty_folder(tmp_path):
    with pytest.raises(ValueError, match="no images and no folders"):
        load_image_folder(tmp_path, 8)


def test_one_class_is_too_few(tmp_path):
    fill(tmp_path, ("cats",))
    with pytest.raises(ValueError, match=r"one class only, 'cats'. A classifier needs"):
        load_image_folder(tmp_path, 8)


def test_one_folder_too_high(tmp_path):
    """An archive often has a folder in it of the same name."""
    fill(tmp_path / "photos")
    with pytest.raises(
        ValueError, match="folders cats, dogs are the classes"
    ) as caught:
        load_image_folder(tmp_path, 8)
    assert str(caught.value).endswith(f"pass path={str(tmp_path / 'photos')!r}.")
    (tmp_path / "a").mkdir()
    (tmp_path / "photos").rename(tmp_path / "a" / "b")
    with pytest.raises(ValueError, match="one class only, 'a'") as caught:
        load_image_folder(tmp_path, 8)
    assert paths_in(str(caught.value)) == [str(tmp_path / "a" / "b")]


def test_a_class_without_images(folder):
    (folder / "owls").mkdir()
    with pytest.raises(ValueError, match=r"owls has no images\. Put images there"):
        load_image_folder(folder, 8)
    (folder / "owls" / "list.txt").touch()
    with pytest.raises(ValueError, match=r"owls has no images\. It has list\.txt\."):
        load_image_folder(folder, 8)


@pytest.mark.parametrize(
    "size",
    [0, -1, 8.0, "8x8", None, True, (8,) * 4, (8, 0), (), [[8, 8]], (8.5, 8), {8, 9}],
)
def test_bad_sizes(folder, size):
    with pytest.raises(ValueError, match="image_size must be an integer of at least 1"):
        load_image_folder(folder, size)


def test_channels_come_last(folder):
    with pytest.raises(
        ValueError, match=r"with 1, 3 or 4 channels.*image_size=\(8, 9, 3\)"
    ):
        load_image_folder(folder, (3, 8, 9))
    with pytest.raises(ValueError, match=r"got \(8, 8, 2\)\.$"):
        load_image_folder(folder, (8, 8, 2))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("subset", "val"),
        ("resize", "squish"),
        ("on_error", "ignore"),
        ("n_samples", 0),
        ("random_state", "seed"),
        ("return_X_y", "yes"),
        ("cache", True),
        ("verbose", "yes"),
    ],
)
def test_bad_options_are_refused_before_anything_is_read(tmp_path, option, value):
    with pytest.raises(
        ValueError, match=f"'{option}' parameter of load_image_folder must be"
    ):
        load_image_folder(tmp_path / "nowhere", 8, **{option: value})


def test_without_pillow_the_error_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    for load, what in ((load_image_folder, folder), (load_image_files, ["a.png"])):
        with pytest.raises(ImportError, match=r"Run: pip install pillow\. .*`images`"):
            load(what, (8, 8, 3))


# --------------------------------------------------------------------------------------
# Files to predict


def test_new_files_are_loaded_as_those_of_a_folder(tmp_path):
    """All kinds and sizes, in the order asked for."""
    for name, (image, _) in KINDS.items():
        save(tmp_path / "a" / f"{name}.png", image)
        save(tmp_path / "b" / f"{name}.png", image.resize((21, 9)))
    for resize in ("crop", "pad", "stretch"):
        data = load_image_folder(tmp_path, (5, 7), resize=resize)
        paths = [Path(name) for name in data.filenames[::-1]]
        found = load_image_files(iter(paths), data.images.shape[1:], resize=resize)
        np.testing.assert_array_equal(found, data.images[::-1])


def test_new_files_that_cannot_be_read_are_an_error(damaged):
    paths = [*sorted(damaged.glob("cats/*")), damaged / "no.png", damaged]
    with pytest.raises(OSError, match="4 of 8 image files") as caught:
        load_image_files(paths, (8, 8, 3))
    assert "no.png (does not exist)" in str(caught.value)
    assert f"{damaged} (is a folder)" in str(caught.value)


def test_mistakes_with_new_files(folder):
    path = folder / "cats" / "0.png"
    for single in (path, str(path)):
        with pytest.raises(ValueError, match="must be a list of paths; got one path"):
            load_image_files(single, (8, 8, 3))
    with pytest.raises(TypeError, match="must be a list of paths; got 5"):
        load_image_files(5, (8, 8, 3))
    with pytest.raises(
        TypeError, match=r"must be paths; got filenames\[1\], a NoneType"
    ):
        load_image_files([path, None], (8, 8, 3))
    with pytest.raises(ValueError, match="at least one file; got none"):
        load_image_files(folder.glob("*.jpg"), (8, 8, 3))
    for shape in (8, (8, 8), "8x8x3", (8, 8, 3, 1)):
        with pytest.raises(
            ValueError, match=r"image_shape must be .*clf\.image_shape_"
        ):
            load_image_files([path], shape)
    with pytest.raises(ValueError, match="'resize' parameter of load_image_files"):
        load_image_files([path], (8, 8, 3), resize="fit")


def test_open_files_get_code_that_writes_them(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = (folder / "cats" / "1.png").read_bytes()
    with pytest.raises(TypeError, match=r"got filenames\[0\], a BytesIO") as caught:
        load_image_files([io.BytesIO(content)], (8, 8, 3))
    code = str(caught.value).partition("first: ")[2].removesuffix(".")
    exec(code, {"filenames": [io.BytesIO(content)], "pathlib": pathlib})
    assert load_image_files(["0.jpg"], (8, 8, 3))[0, 0, 0].tolist() == [250, 21, 20]


def test_the_home_folder_is_meant_by_its_sign(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # on Windows
    monkeypatch.chdir(folder)
    assert len(load_image_folder("~/photos", 8, cache="~/cache").images) == 6
    assert len(load_image_files(["~/photos/cats/0.png"], (8, 8, 3))) == 1
    assert (tmp_path / "cache").is_dir() and not (folder / "~").exists()
    with pytest.raises(ValueError, match="there is no such home folder"):
        load_image_folder("~nobody-x", 8)
    save(folder / "~0.png")  # as some editors call their copies
    assert load_image_files(["~0.png"], (8, 8, 3)).shape == (1, 8, 8, 3)


# --------------------------------------------------------------------------------------
# Cache


@pytest.fixture
def reads(monkeypatch):
    """Counts the files that are decoded for the cache."""
    counts = []
    read_into = _image_cache.read_into

    def counting(images, paths, *args):
        counts.append(len(paths))
        return read_into(images, paths, *args)

    monkeypatch.setattr(_image_cache, "read_into", counting)
    return counts


def test_a_cache_gives_the_same_images_without_reading(folder, tmp_path, reads):
    plain = load_image_folder(folder, 8)
    for _ in range(2):
        cached = load_image_folder(folder, 8, cache=tmp_path / "new" / "cache")
        assert set(cached) == set(plain)
        for name in plain:
            np.testing.assert_array_equal(cached[name], plain[name])
    assert reads == [6]


def changed_content(folder):
    save(folder / "cats" / "0.png", Image.new("RGB", (40, 40), "blue"))


def changed_size_alone(folder):
    before = os.stat(folder / "cats" / "0.png")
    changed_content(folder)
    os.utime(folder / "cats" / "0.png", ns=(before.st_atime_ns, before.st_mtime_ns))


def changed_time(folder):
    os.utime(folder / "cats" / "0.png", (1, 1))


def changed_name(folder):
    (folder / "cats" / "0.png").rename(folder / "cats" / "00.png")


def changed_class(folder):
    (folder / "cats" / "0.png").rename(folder / "dogs" / "9.png")


def new_file(folder):
    save(folder / "cats" / "9.png")


def missing_file(folder):
    (folder / "cats" / "0.png").unlink()


@pytest.mark.parametrize(
    "change",
    [
        changed_content,
        changed_size_alone,
        changed_time,
        changed_name,
        changed_class,
        new_file,
        missing_file,
    ],
)
def test_a_cache_notices_changes_and_keeps_nothing_old(folder, tmp_path, reads, change):
    cache = tmp_path / "cache"
    load_image_folder(folder, 8, cache=cache)
    change(folder)
    found = load_image_folder(folder, 8, cache=cache)
    expected = load_image_folder(folder, 8)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.target, expected.target)
    assert len(reads) == 2
    assert sorted(each.suffix for each in cache.iterdir()) == [".json", ".npy"]


def test_a_cache_keeps_apart_what_was_asked_for(tmp_path, reads):
    fill(tmp_path / "photos" / "train"), fill(tmp_path / "photos" / "test")
    fill(tmp_path / "other" / "photos", ("a", "b"))
    asked = [
        {"path": tmp_path / "other" / "photos", "image_size": 8},
        {"image_size": 8},
        {"image_size": 9},
        {"image_size": (8, 8, 1)},
        {"image_size": 8, "resize": "pad"},
        {"image_size": 8, "subset": "test"},
        {"image_size": 8, "subset": "all"},
    ]
    for _ in range(2):
        for options in asked:
            options = {"path": tmp_path / "photos", "cache": tmp_path / "c"} | options
            load_image_folder(**options)
    assert len(reads) == len(asked)


def test_a_cache_remembers_unreadable_files(damaged, tmp_path, reads):
    found = []
    for _ in range(2):
        with pytest.warns(UserWarning, match="4 of 11 image files cannot be read"):
            found.append(load_image_folder(damaged, 8, cache=tmp_path / "cache"))
    np.testing.assert_array_equal(found[0].images, found[1].images)
    assert len(reads) == 1
    with pytest.raises(OSError, match="4 of 11"):
        load_image_folder(damaged, 8, cache=tmp_path / "cache", on_error="raise")


@pytest.mark.parametrize("suffix", [".npy", ".json"])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY damaged", b"[" * 99])
def test_a_damaged_cache_is_written_again(folder, tmp_path, suffix, content):
    cache = tmp_path / "cache"
    expected = load_image_folder(folder, 8, cache=cache).images
    [file] = cache.glob(f"*{suffix}")
    file.write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged .* read again"):
        found = load_image_folder(folder, 8, cache=cache).images
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(
        load_image_folder(folder, 8, cache=cache).images, expected
    )


def test_a_cache_larger_than_the_bound_is_mapped(damaged, tmp_path, monkeypatch):
    options = {"image_size": 8, "cache": tmp_path / "cache"}
    with pytest.warns(UserWarning, match="cannot be read"):
        small = load_image_folder(damaged, **options).images
    assert not isinstance(small, np.memmap) and small.flags.writeable
    monkeypatch.setattr(_image_cache, "MAP_BYTES", small.nbytes - 1)
    with pytest.warns(UserWarning, match="cannot be read"):
        large = load_image_folder(damaged, **options).images
    assert isinstance(large, np.memmap) and not large.flags.writeable
    np.testing.assert_array_equal(large, small)
    clf = ConvPoolClassifier(**TINY).fit(large, np.arange(7) % 2)
    assert clf.predict(large).shape == (7,)


def test_a_folder_that_cannot_be_a_cache(folder):
    for inside in (folder, folder / "cache", folder / ".." / "photos" / "c"):
        with pytest.raises(ValueError, match="cache must be outside of the folder"):
            load_image_folder(folder, 8, cache=inside)
    with pytest.raises(ValueError, match="cache must be a folder; got the file"):
        load_image_folder(folder, 8, cache=__file__)


def test_a_process_that_was_killed_leaves_no_cache(folder, tmp_path, reads):
    """Its part is deleted a day later, as it may belong to a process that still lives."""
    cache = tmp_path / "cache"
    load_image_folder(folder, 8, cache=cache)
    [file] = cache.glob("*.npy")
    old, young = (file.with_name(f"{file.name}.{n}.part") for n in (0, 1))
    file.rename(old)
    young.touch()
    os.utime(old, (1, 1))
    load_image_folder(folder, 8, cache=cache)
    assert reads == [6, 6] and young.exists() and not old.exists()


# --------------------------------------------------------------------------------------
# Many files, and what comes after

TINY = {
    "conv_layers": [(4, 3)],
    "convs_per_block": 1,
    "dense_layers": (),
    "epochs": 1,
    "random_state": 0,
}


def test_progress_is_shown_where_it_is_asked_for(folder, capfd):
    load_image_folder(folder, 8)
    assert capfd.readouterr() == ("", "")
    load_image_folder(folder, 8, verbose=1)
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err.startswith("6 images read in ")


@pytest.mark.slow
def test_ten_thousand_files(tmp_path):
    """Those of one class are links, which are made sooner."""
    content = save(tmp_path / "one.png", GRAY).read_bytes()
    for name in ("a", "b"):
        (tmp_path / "many" / name).mkdir(parents=True)
    for i in range(5_000):
        (tmp_path / "many" / "a" / f"{i}.png").write_bytes(content)
        os.symlink(tmp_path / "one.png", tmp_path / "many" / "b" / f"{i}.png")
    X, y = load_image_folder(tmp_path / "many", 8, return_X_y=True)
    assert X.shape == (10_000, 8, 8, 1) and np.bincount(y).tolist() == [5_000, 5_000]
    assert (X[..., 0] == GRAY).all()


def test_from_a_folder_to_a_search_and_predictions_of_new_files(tmp_path):
    """Dark and bright photographs of several sizes, told apart after one epoch or so."""
    for name, level in {"bright": 220, "dark": 30}.items():
        for i in range(20):
            noise = RNG.randint(-20, 20, (12 + i, 10, 3))
            save(tmp_path / name / f"{i}.jpg", (level + noise).astype(np.uint8))
    data = load_image_folder(tmp_path, 8)
    labels = data.target_names[data.target]
    grid = {"epochs": [1, 20]}
    clf = ConvPoolClassifier(**TINY, batch_size=8, optimizer__learning_rate=0.01)
    search = GridSearchCV(clf, grid, cv=2).fit(data.images, labels)
    new = save(tmp_path / "new.png", np.full((50, 40), 25, np.uint8))
    X_new = load_image_files([new], search.best_estimator_.image_shape_)
    assert search.predict(X_new).tolist() == ["dark"]


def test_paths_given_to_fit_or_predict_get_code_that_loads_them(folder):
    with pytest.raises(TypeError) as caught:
        ConvPoolClassifier(**TINY).fit(str(folder), ["cats"])
    code = re.findall(r"from skcnn.*?\)(?=\.)", str(caught.value))
    names = {"folder": folder, "paths": list(folder.glob("cats/*"))}
    shapes = []
    for line in code:
        exec(line, names)
        shapes.append(names["X"].shape)
    assert shapes == [(6, 32, 32, 3), (3, 32, 32, 3)]
    with pytest.raises(TypeError, match="load_image_files"):
        ConvPoolClassifier(**TINY).fit([str(path) for path in names["paths"]], [0] * 3)
