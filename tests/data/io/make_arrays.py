"""Writes the NumPy files that npy_test reads. Needs numpy; run it in this folder."""

import numpy as np

NUMBERS = np.arange(24).reshape(2, 3, 4)

arrays = {name: NUMBERS[0].astype(name) for name in
          ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]}
arrays["bool"] = NUMBERS[0] % 3 == 0
arrays["negative"] = -NUMBERS[0]
arrays["big_endian_float"] = NUMBERS.astype(">f4")
arrays["big_endian_integer"] = NUMBERS.astype(">i8")
arrays["fortran"] = np.asfortranarray(NUMBERS.astype("float64"))
arrays["fortran_big_endian"] = np.asfortranarray(NUMBERS.astype(">i2"))
arrays["transposed"] = NUMBERS[1].astype("float32").T
arrays["half_values"] = np.array([0.0, -0.0, 1.5, -2.25, 65504.0, 2.0**-24, 2.0**-14, np.inf, -np.inf, np.nan], "float16")
arrays["one_number"] = np.float64(2.5)
arrays["no_rows"] = np.zeros((0, 3), "float32")
arrays["complex"] = np.ones(2, "complex64")
arrays["text"] = np.array(["one", "two"])
arrays["objects"] = np.array([None, 1], dtype=object)
arrays["structure"] = np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])
np.savez_compressed("arrays.npz", **arrays)
np.savez("stored.npz", activations=arrays["float32"], labels=arrays["int64"])
np.savez("only.npz", anything=arrays["float64"])

np.save("plain.npy", arrays["float32"])
for version in [(2, 0), (3, 0)]:
    with open(f"version_{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, arrays["float32"], version=version)
