"""Fails unless each .pt named is one that Python's torch.load(weights_only=True) opens: needs no torch.

That loader takes a short list of opcodes and calls; here the pickle inside may hold no others."""

import pickletools
import sys
import zipfile

STORAGES = ["Bool", "Byte", "Char", "Short", "Int", "Long", "Half", "BFloat16", "Float", "Double", "ComplexFloat",
            "ComplexDouble"]
GLOBALS = {"torch._utils _rebuild_tensor_v2", "collections OrderedDict"} | {f"torch {name}Storage" for name in STORAGES}
OPCODES = {"PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
           "BINUNICODE", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS",
           "EMPTY_DICT", "SETITEM", "SETITEMS", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "GLOBAL", "BINPERSID",
           "REDUCE"}


def check(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, f"{path}: a wrong checksum"
        data = archive.read(next(name for name in archive.namelist() if name.endswith("/data.pkl")))
    for opcode, argument, _ in pickletools.genops(data):
        assert opcode.name in OPCODES, f"{path}: the opcode {opcode.name}"
        assert opcode.name != "GLOBAL" or argument in GLOBALS, f"{path}: the global {argument}"


for name in sys.argv[1:]:
    check(name)
