"""One image file -> one array of bytes. Only this module knows Pillow.

Whatever a file holds becomes gray, RGB or RGBA of 8 bits, upright, in the size asked
for. Nothing depends on other files. So a new file for `predict` goes the same way as
those of the training.
"""

import os

import numpy as np

# Pillow's modes of gray images. Those of 16 and 32 bits begin with an I.
_GRAY_MODES = ("1", "L", "LA", "La")
_COLOR_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_INSTALL = (
    "Image files are decoded by Pillow, which is not installed. Run: pip install "
    "pillow. "
    "The extra `images` of skcnn brings it, too."
)


def import_pillow():
    """Pillow's modules `Image` and `ImageOps`.

    Raises
    ------
    ImportError
        If Pillow is not installed, with the remedy.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    return Image, ImageOps


def image_suffixes():
    """Ends of file names that Pillow and its plugins can read, such as ``".jpg"``."""
    Image, _ = import_pillow()
    formats = Image.registered_extensions()
    return frozenset(suffix for suffix in formats if formats[suffix] in Image.OPEN)


def is_color(path):
    """Whether a file says that it is in color. Only its header is read.

    A file that cannot be read says nothing. Palettes count as color.
    """
    Image, _ = import_pillow()
    try:
        with Image.open(path) as image:
            return image.mode not in _GRAY_MODES and not image.mode.startswith("I")
    # Damage shows as many kinds of errors. `read_image` meets it again, and tells.
    except Exception:
        return False


def read_image(path, image_shape, resize):
    """Decode one file.

    Parameters
    ----------
    path : str or path-like
    image_shape : tuple of int
        Height, width and channels.
    resize : {"crop", "pad", "stretch"}
        What happens to images of other proportions.

    Returns
    -------
    ndarray of shape (height, width, channels), uint8

    Raises
    ------
    Exception
        Of any type, if the file cannot be read. See `reason_of`.
    """
    Image, ImageOps = import_pillow()
    height, width, channels = image_shape
    with Image.open(path) as image:
        # A large JPEG is decoded at a half, a quarter or an eighth of its size. That
        # takes a fraction of the time, and still leaves twice what is needed.
        twice = 2 * max(height, width)
        image.draft(None, (twice, twice))
        upright = ImageOps.exif_transpose(image)
    colored = _with_channels(upright, channels)
    resized = _resized(colored, (width, height), resize)
    return np.asarray(resized, dtype=np.uint8).reshape(image_shape)


def reason_of(error, path):
    """Why a file could not be read, in a few words."""
    Image, _ = import_pillow()
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):
        return "is a folder"
    if isinstance(error, PermissionError):
        return "may not be read"
    if os.path.getsize(path) == 0:
        return "is empty"
    if isinstance(error, Image.UnidentifiedImageError):
        return "is no image that Pillow knows"
    return str(error).rstrip(".") or type(error).__name__


# --------------------------------------------------------------------------------------
# Colors


def _with_channels(image, channels):
    if image.mode == "F":
        raise ValueError("has floats, whose range is unknown; save it with 8 bits")
    if image.mode.startswith("I"):
        image = _of_8_bits(image)
    if channels < 4 and image.has_transparency_data:
        image = _on_white(image)
    return image.convert(_COLOR_MODES[channels])


def _of_8_bits(image):
    """The high byte of 16 bits. Pillow itself would cut all values off at 255."""
    Image, _ = import_pillow()
    values = np.asarray(image)
    if values.min() < 0 or values.max() >= 2**16:
        raise ValueError("has more than 16 bits; save it with 8 bits")
    return Image.fromarray((values >> 8).astype(np.uint8))


def _on_white(image):
    """Without transparency, as a page shows it. The colors beneath may be anything."""
    Image, _ = import_pillow()
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA"))


# --------------------------------------------------------------------------------------
# Sizes


def _resized(image, size, resize):
    Image, ImageOps = import_pillow()
    smooth = Image.Resampling.BICUBIC
    if resize == "crop":
        return ImageOps.fit(image, size, method=smooth)
    if resize == "pad":
        return ImageOps.pad(image, size, method=smooth)
    return image.resize(size, resample=smooth)
