"""What the tests of the command share: a folder of their own, and the command run in it.

The first two arguments of a test are the command and the source tree.
"""

import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import torch_file

COMMAND, SOURCE = str(pathlib.Path(sys.argv.pop(1)).resolve()), pathlib.Path(sys.argv.pop(1)).resolve()
MODELS = SOURCE / "models"
TEST_MODELS = SOURCE / "tests" / "data" / "models"
TANH, HELD_OUT = str(MODELS / "tanh.pt"), str(MODELS / "data" / "held_out.npy")


def gaussian_rows(num_rows, dim, seed=1):
    source = random.Random(seed)
    return [[source.gauss(0, 1) for _ in range(dim)] for _ in range(num_rows)]


class CommandCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_command(self, *words, code=0, **options):
        done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True, timeout=300,
                              cwd=self.folder, **options)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def error_of(self, *words, code=1):
        done = self.run_command(*words, code=code)
        self.assertNotIn("terminate called", done.stderr)
        return done.stderr

    def observe(self, *words, out="out"):
        self.run_command("observe", *words, "--out", out)
        return torch_file.load(self.folder / out / "results.srm.pt")

    def npy(self, rows, name="x.npy", dtype="<f4"):
        torch_file.write_npy(self.folder / name, rows, dtype)
        return name
