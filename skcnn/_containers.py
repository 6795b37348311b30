"""What X, y and the like may be: arrays, and lists of arrays.

That is decided by the type, before anything is read: a generator may have no end.
"""

import os
from collections.abc import Mapping, Set

import numpy as np

_PROTOCOLS = (
    "__array__",
    "__array_interface__",
    "__array_struct__",
    "__dataframe__",
    "__dlpack__",
    "toarray",  # SciPy's sparse arrays: scikit-learn's checks refuse them with advice
)
_TEXT = (str, bytes, bytearray, os.PathLike)
_LISTS = (list, tuple, range)
LOAD = (
    "Load images first. From a folder that has a folder for each class: "
    "from skcnn.datasets import load_image_folder; X, y = load_image_folder(folder, "
    "image_size=32, return_X_y=True). From a list of paths: "
    "from skcnn.datasets import load_image_files; X = load_image_files(paths, "
    "(32, 32, 3))."
)
_PAIRS = {  # what takes images and labels apart, by what the message is about
    "X": "X, y = ({} for part in zip(*{}))",
    "validation_data": "validation_data = tuple({} for part in zip(*{}))",
}


def check_container(values, name):
    """Refuse what is neither an array nor a list of arrays, before reading any of it.

    Parameters
    ----------
    values : object
        As the user gave it.
    name : str
        What messages call it.

    Raises
    ------
    TypeError
        Naming the type, and how to make arrays of it.
    ValueError
        If values of an array are masked.
    """
    if not isinstance(values, _LISTS) and not is_array(values):
        message = f"{name} must be {_allowed(name)}; got {describe(values)}."
        raise TypeError(f"{message} {advice(values, name)}".rstrip())
    if _is_masked(values):
        raise ValueError(
            f"{name} has masked values, which NumPy would read as if they were not. "
            f"Fill them, {name} = {_filled(values, name)}, or leave those images out."
        )
    part = _unreadable_part(_parts(values))
    if part is not None:
        each = "part[key]" if isinstance(part, Mapping) else "np.stack(list(part))"
        raise TypeError(
            f"{name} must be {_allowed(name)}; got {describe(values)} that holds a "
            f"{describe(part)}. Make an array of each part first: "
            f"{name} = [{each} for part in {_one_by_one(values, name)}]."
        )


def is_array(values):
    """Whether NumPy can make an array of it without reading it item by item."""
    if isinstance(values, _TEXT):
        return False
    kind = type(values)  # asking a PIL image itself would read its pixels
    return any(hasattr(kind, name) for name in _PROTOCOLS) or _is_buffer(values)


def _is_masked(values):
    """Whether something is masked in an array, or in one of a list."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.is_masked(values)
    parts = _parts(values)
    nested = (list, tuple, np.ma.MaskedArray)
    if not any(issubclass(kind, nested) for kind in set(map(type, parts))):
        return False
    return any(_is_masked(part) for part in parts if isinstance(part, nested))


def _filled(values, name):
    """The expression that has 0 for each masked value."""
    if isinstance(values, np.ma.MaskedArray):
        return f"{name}.filled(0)"
    return f"[np.ma.filled(part, 0) for part in {_one_by_one(values, name)}]"


def _one_by_one(values, name):
    """The expression that gives what is in a list, or in a column of a table."""
    return f"np.ravel({name})" if hasattr(values, "shape") else name


def holds_objects(values):
    """Whether an array, or each column of a table, holds objects of Python."""
    types = np.ravel(getattr(values, "dtypes", getattr(values, "dtype", None)))
    return all(str(each) == "object" for each in types)


def _parts(values):
    """What a list, or an array of objects in one column, is made of."""
    if isinstance(values, _LISTS):
        return values
    shape = getattr(values, "shape", ())
    is_column = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    array = np.asarray(values) if is_column and not hasattr(values, "toarray") else None
    return array.ravel() if array is not None and array.dtype == object else ()


def _unreadable_part(values):
    """The first thing in nested lists that is no array, but would be read like one."""
    for kind in set(map(type, values)):  # by type, for there may be millions
        of_kind = (value for value in values if type(value) is kind)
        if issubclass(kind, (list, tuple)):
            parts = map(_unreadable_part, of_kind)
            part = next((part for part in parts if part is not None), None)
        else:
            first = next(of_kind)
            part = first if _is_read_item_by_item(first) else None
        if part is not None:
            return part
    return None


def describe(values):
    """The type of something, in words."""
    if _is_tensorflow_dataset(values):
        return f"tf.data.Dataset ({type(values).__name__})"
    return type(values).__name__


def _allowed(name):
    if name in _PAIRS:
        return "an array, or a list of arrays"
    return "an array or a list, with one value for each image"


def _is_read_item_by_item(value):
    items = hasattr(value, "__iter__") or hasattr(value, "__getitem__")
    return items and not isinstance(value, (*_TEXT, range)) and not is_array(value)


def _is_buffer(values):
    try:
        memoryview(values)
    except TypeError:
        return False
    return True


def _is_tensorflow_dataset(values):
    return hasattr(values, "element_spec") and hasattr(values, "as_numpy_iterator")


def advice(values, name):
    """How to make arrays of something that is none.

    Parameters
    ----------
    values : object
    name : {"X", "y", "sample_weight", "validation_data"}
        What it was given as.

    Returns
    -------
    str
        One or more sentences; empty if there is nothing to say.
    """
    if isinstance(values, _TEXT):
        return LOAD if name in _PAIRS else ""
    if isinstance(values, Mapping):
        return f"Take the arrays out of it by their keys: {name}[key]."
    if isinstance(values, Set):
        return "A set has no order: pass a list in the order of the images."
    if _is_tensorflow_dataset(values):
        return _tensorflow_advice(values, name)
    if hasattr(values, "column_names"):  # as datasets of Hugging Face have
        return (
            f"Take a column out of it, one of {list(values.column_names)}: "
            f"list({name}[column])."
        )
    if hasattr(values, "__len__") and hasattr(values, "__getitem__"):
        return _iterable_advice(f"[{name}[i] for i in range(len({name}))]", name)
    return _iterable_advice(name, name) if hasattr(values, "__iter__") else ""


def text_advice(text, code):
    """How to make images of text that is no path; empty if it may be one.

    Parameters
    ----------
    text : str, bytes or path
        One of many.
    code : str
        The expression that gives all of them.

    Returns
    -------
    str
    """
    if isinstance(text, bytes) and b"\0" in text:
        return (
            "These seem to be the bytes of image files: X = "
            f"[PIL.Image.open(io.BytesIO(file)) for file in {code}]."
        )
    words = os.fsdecode(text).split()
    if len(words) > 1 and all(word.isdigit() for word in words):
        return (
            f"These seem to be {len(words)} pixels each: X = np.stack("
            f"[np.array(row.split(), int) for row in {code}]). Then set image_shape."
        )
    return ""


def _iterable_advice(items, name):
    as_list = items if items.startswith("[") else f"list({items})"
    if name not in _PAIRS:
        return f"Pass np.array({as_list})."
    images = f" If it gives images: np.stack({as_list})." if name == "X" else ""
    return (
        f"It may have no end, so it is not read.{images} "
        "If it gives pairs of image and label: "
        f"{_PAIRS[name].format('np.stack(part)', items)}. "
        "If it gives batches of them: np.concatenate in place of np.stack."
    )


def _tensorflow_advice(dataset, name):
    spec = dataset.element_spec
    items = name + (".unbatch()" if _is_batched(spec) else "")
    if int(dataset.cardinality()) == -1:  # TensorFlow's number for "no end"
        items += ".take(10000)"
    items += ".as_numpy_iterator()"
    if isinstance(spec, Mapping):
        return (
            f"Make an array of one of its keys, {list(spec)}: "
            f"np.stack([row[key] for row in {items}])."
        )
    if isinstance(spec, tuple) and len(spec) == 3 and name == "X":
        return (
            "Make arrays of it: X, y, sample_weight = "
            f"(np.stack(part) for part in zip(*{items}))."
        )
    if isinstance(spec, tuple) and len(spec) == 2 and name in _PAIRS:
        return f"Make arrays of it: {_PAIRS[name].format('np.stack(part)', items)}."
    return f"Make an array of it: np.stack(list({items}))."


def _parts_of(spec):
    if isinstance(spec, Mapping):
        return list(spec.values())
    return spec if isinstance(spec, tuple) else [spec]


def _is_batched(spec):
    """Whether images, with or without labels, come in batches."""
    shapes = [getattr(part, "shape", None) for part in _parts_of(spec)]
    if any(shape is None or not shape.rank for shape in shapes):
        return False  # not known, or a single number
    if len(shapes) > 1:  # a batch has as many images as labels
        return len({shape[0] for shape in shapes}) == 1
    # A batch of images, or of anything, if the last one may be smaller.
    return shapes[0].rank == 4 or shapes[0][0] is None
