"""Reads the `.pt` files that this project writes with the standard library alone.

What torch.load(path, weights_only=True) allows is all that is known here, so a file that reads here names nothing else.
"""

import array
import collections
import pickle
import pathlib
import struct
import zipfile

_FORMATS = {"LongStorage": "q", "DoubleStorage": "d", "FloatStorage": "f", "IntStorage": "i", "ByteStorage": "B"}


class Tensor:
    """The elements of a contiguous tensor as a flat list, and its shape."""

    def __init__(self, values, shape):
        self.values = values
        self.shape = tuple(shape)

    def __eq__(self, other):
        return self.shape == other.shape and self.values == other.values


def _rebuild_tensor(storage, offset, size, stride, requires_grad, hooks):
    count, expected = 1, []
    for extent in reversed(size):
        expected.insert(0, count)
        count *= extent
    assert not requires_grad and not hooks
    assert count == 0 or tuple(stride) == tuple(expected), f"stride {stride} of size {size}"
    return Tensor(storage[offset : offset + count].tolist(), size)


class _Unpickler(pickle.Unpickler):
    def __init__(self, archive, root):
        self._archive, self._root = archive, root
        super().__init__(archive.open(f"{root}/data.pkl"))

    def find_class(self, module, name):
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch" and name in _FORMATS:
            return _FORMATS[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")

    def persistent_load(self, saved):
        kind, format_, key, _location, count = saved
        assert kind == "storage"
        values = array.array(format_, self._archive.read(f"{self._root}/data/{key}"))
        assert len(values) == count
        return values


def load(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        root = archive.namelist()[0].split("/")[0]
        return _Unpickler(archive, root).load()


def npy_bytes(values, dtype="<f4"):
    """Nested lists, as deep and as long everywhere, as the bytes of a C-ordered `.npy` file."""
    shape, numbers = [], values
    while isinstance(numbers, list):
        shape.append(len(numbers))
        numbers = numbers[0] if numbers else None
    numbers = values
    for _ in shape[1:]:
        numbers = [number for row in numbers for number in row]
    header = repr({"descr": dtype, "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    letter = {"<f4": "f", "<f8": "d", "<i8": "q"}[dtype]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(numbers)}{letter}", *numbers)


def write_npy(path, values, dtype="<f4"):
    pathlib.Path(path).write_bytes(npy_bytes(values, dtype))


def write_npz(path, arrays):
    with zipfile.ZipFile(path, "w") as out:
        for name, values in arrays.items():
            out.writestr(name + ".npy", npy_bytes(values))
