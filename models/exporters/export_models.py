"""Writes real models as TorchScript files, with inputs and what the modules of the eager model give on them.

    python export_models.py FOLDER

For each model NAME: NAME.scripted.pt, NAME.traced.pt and NAME.frozen.pt, as far as the model allows them; NAME.inputs.pt,
a list of positional arguments; NAME.hooks.pt, a dict of module path ("." is the model itself) to a list with the output of
every call, in call order, and for some NAME.hook_inputs.pt, the same with the positional arguments. A folder that is
whole and written by this very exporter is left alone.
"""

import hashlib
import pathlib
import sys


def checksum():
    """Of everything here that decides what is written."""
    folder = pathlib.Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), *folder.glob("*.txt")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main(folder):
    stamp = folder / ".whole"
    if stamp.exists() and stamp.read_text() == checksum():
        return
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    # Importing torch and its kin takes seconds, for which a whole folder need not wait.
    import torchscript_files
    torchscript_files.write(folder)
    stamp.write_text(checksum())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
